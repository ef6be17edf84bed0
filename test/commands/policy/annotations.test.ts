import assert from "node:assert/strict";
import { resolve } from "node:path";
import type { Violation } from "../../../engine/analyzer";
import { annotations, failure, type Place } from "../../../commands/policy/annotations";
import { stackFile } from "../../../engine/project";

const root = resolve(__dirname, "../../..");
const placed = (stack: string, folder = root): Place => ({
  ...{ stack, folder, workspace: root },
  configFile: stackFile(folder, stack),
});
const place = placed("staging");
const violation = (change: Partial<Violation>): Violation => ({
  ...{ policy: "schema-is-tsdb-v13", level: "mandatory", urn: "urn:a::b", message: "It is wrong." },
  ...change,
});

describe("annotations of a pull request", () => {
  it("are errors, warnings and notices by the level, with the file that a person edits", () => {
    assert.deepEqual(
      annotations(
        [
          violation({ level: "remediate", policy: "labels" }),
          violation({ level: "advisory", policy: "images-are-pinned" }),
          violation({ urn: null }),
        ],
        place,
      ),
      [
        "::error file=Pulumi.staging.yaml,title=staging%3A schema-is-tsdb-v13::the whole stack%0AIt is wrong.",
        "::warning file=images.json,title=staging%3A images-are-pinned::urn:a::b%0AIt is wrong.",
        "::notice file=Pulumi.staging.yaml,title=staging%3A labels::urn:a::b%0AIt is wrong.",
      ],
    );
  });

  it("name files as the repository has them, and no list of images where there is none", () => {
    const inside = placed("dev", resolve(root, "e2e/fixtures/object"));
    assert.match(failure("x", inside), /^::error file=e2e\/fixtures\/object\/Pulumi\.dev\.yaml,/);
    const [line] = annotations([violation({ policy: "images-are-pinned" })], inside);
    assert.match(line, /^::error file=e2e\/fixtures\/object\/Pulumi\.dev\.yaml,/);
  });

  it("stay one line each, whatever the message is, and can't begin a command of their own", () => {
    const [line, ...others] = annotations([violation({ message: "100% of a, b\r\n::error::no" })], placed("a,b:c%"));
    assert.deepEqual(others, []);
    assert.equal(
      line,
      "::error file=Pulumi.a%2Cb%3Ac%25.yaml,title=a%2Cb%3Ac%25%3A schema-is-tsdb-v13::urn:a::b%0A100%25 of a, b%0D%0A::error::no",
    );
  });

  it("are ten of a kind at most, the last of which says how many are left out", () => {
    const many = (count: number) => annotations(Array<Violation>(count).fill(violation({})), place);
    assert.equal(many(10).filter((line) => line.includes("schema-is-tsdb-v13")).length, 10);
    const eleven = many(11);
    assert.equal(eleven.length, 10);
    assert.equal(
      eleven.at(-1),
      "::error file=Pulumi.staging.yaml,title=staging%3A 2 more policy findings::The log of this step lists all of them.",
    );
  });

  it("are none without findings", () => {
    assert.deepEqual(annotations([], place), []);
  });
});
