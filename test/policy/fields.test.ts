import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fieldsFile, listed, modulesOf, type ListedProgram } from "../../lab/policy-fields/main";
import { merged, shared } from "../../lab/policy-fields/merge";
import { fieldListOf } from "../../policy/lib/fields/list";

describe("the lists of settings", () => {
  for (const program of Object.keys(listed) as ListedProgram[]) {
    it(`of ${program} are of the versions that are wanted, with the one that the cluster runs: else \`npm run policy:fields\``, () => {
      const { modules } = JSON.parse(readFileSync(fieldsFile(program), "utf8")) as { modules: object };
      assert.deepEqual(modules, Object.fromEntries(modulesOf(program)));
    });
  }

  it("are laid over each other by version", () => {
    const versions = new Map([
      ["1.0", { a: "int", old: "bool", list: [{ x: "text" }] }],
      ["1.1", { a: "text", new: { "*": "int" }, list: [{ x: "text", y: "text" }] }],
      ["1.2", { a: "text", new: { "*": "int" }, old: "bool", list: [{ x: "text" }] }],
    ] as const);
    assert.deepEqual(merged(versions as never), {
      a: "any",
      list: [{ x: "text", "y@1.1": "text" }],
      "new@1.1-1.2": { "*": "int" },
      "old@1.0,1.2": "bool",
    });
  });

  it("name a block once that stands in several places", () => {
    const tls = Object.fromEntries(
      ["ca", "cert", "key", "server_name", "min_version", "cipher_suites", "skip_verify", "reload"].map((key) => [
        `tls_${key}`,
        "text",
      ]),
    );
    const { blocks, fields } = shared({ a: { tls, x: "int" }, b: { tls } });
    assert.deepEqual(
      { blocks, fields },
      { blocks: { tls }, fields: { a: { tls: "=tls", x: "int" }, b: { tls: "=tls" } } },
    );
  });

  it("know Loki's settings as they came and went", () => {
    const { root, versions } = fieldListOf("Loki");
    const { keys } = root.keys!.get("limits_config")!;
    assert.deepEqual(keys!.get("enforce_metric_name")!.versions, ["2.9"]);
    assert.equal(keys!.get("retention_period")!.versions, undefined);
    assert.equal(keys!.get("retention_period")!.kind, "period");
    assert.ok(versions.includes("3.6"));
  });
});
