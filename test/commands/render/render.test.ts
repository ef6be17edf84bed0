import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { InvalidInput, ProgramFailed } from "../../../engine/errors";
import { KeptValues, randomText } from "../../../engine/generated";
import type { KubernetesObject } from "../../../commands/shared/objects";
import { assertApart, readGenerated, writeObjects, writeSecrets } from "../../../commands/render/files";
import { offlineRender, type Rendered } from "../../../commands/shared/render";
import { runInline } from "../../program/support/inline";
import { behaviours, failing, inFolder } from "../../engine/fixtures";

const options = { stack: "dev", program: behaviours, config: ["password=given-in-plain"] };
const object = (rendered: Rendered, kind: string, name: string): KubernetesObject => {
  const found = rendered.resources.find((r) => r.object?.kind === kind && r.object.metadata.name === name);
  assert.ok(found?.object, `${kind} ${name}`);
  return found.object;
};

describe("a rendered stack", () => {
  let rendered: Rendered;
  let again: Rendered;
  let covered: Rendered;
  const kept = new KeptValues({});

  before(async () => {
    [rendered, covered] = await Promise.all([
      offlineRender(options, kept),
      offlineRender({ ...options, start: runInline }),
    ]);
    again = await offlineRender({ ...options, start: runInline }, new KeptValues({ ...kept.values }));
  });

  it("has every output known: what a preview can't say is there", () => {
    const { data } = object(rendered, "Secret", "unknown") as unknown as { data: Record<string, string> };
    assert.match(data.generated, /^.{20}$/);
    assert.match(data.item, /placeholder-for-password-of-1password-item-app/);
    assert.deepEqual(object(rendered, "Secret", "app").stringData, { given: "given-in-plain", fixed: "hush-fixed" });
  });

  it("uses a generated value that is kept, and placeholders where nobody keeps any", () => {
    assert.deepEqual(object(again, "Secret", "unknown"), object(rendered, "Secret", "unknown"));
    const { data } = object(covered, "Secret", "unknown") as unknown as { data: Record<string, string> };
    assert.match(data.generated, /^placeholder-for-/);
  });

  it("stands in registration order, with what each resource waits for before it", () => {
    const urns = rendered.resources.map(({ urn }) => urn);
    for (const { urn, parent, dependsOn } of rendered.resources) {
      for (const needed of [...dependsOn, ...(parent ? [parent] : [])]) {
        assert.ok(urns.indexOf(needed) < urns.indexOf(urn) && urns.includes(needed), `${urn} needs ${needed}`);
      }
    }
  });

  it("warns of a secret outside a Secret", () => {
    assert.deepEqual(rendered.diagnostics.map(({ severity, urn }) => [severity, urn?.split("::").at(-1)]).sort(), [
      ["warning", "app"],
      ["warning", "chart"],
    ]);
  });

  describe("as files", () => {
    it("are named by kind, namespace and name, a namespace left out where there is none", () =>
      inFolder((folder) => {
        assert.deepEqual(
          writeObjects(rendered, folder).map((name) => name.replace(/[0-9a-f]{8}/, "*")),
          [
            "configmap-from-provider-unnamed-*.yaml",
            "deployment-apps-app.yaml",
            "namespace-apps.yaml",
            "release-apps-chart.yaml",
            "secret-apps-app.yaml",
            "secret-apps-unknown.yaml",
          ],
        );
      }));

    it("have readable placeholders for secrets, and no secret in clear", () =>
      inFolder((folder) => {
        const files = writeObjects(rendered, folder).map((name) => readFileSync(join(folder, name), "utf8"));
        assert.doesNotMatch(files.join(), /hush|given-in-plain|placeholder-for/);
        const secret = parse(readFileSync(join(folder, "secret-apps-app.yaml"), "utf8"));
        assert.deepEqual(secret.stringData, {
          fixed: "placeholder for fixed of apps/app",
          given: "placeholder for given of apps/app",
        });
        const unknown = parse(readFileSync(join(folder, "secret-apps-unknown.yaml"), "utf8"));
        assert.deepEqual([unknown.data, Object.keys(unknown.stringData)], [undefined, ["generated", "item"]]);
      }));

    it("give a release as its values, and say which chart they are for", () =>
      inFolder((folder) => {
        writeObjects(rendered, folder);
        const text = readFileSync(join(folder, "release-apps-chart.yaml"), "utf8");
        assert.match(text, /^# Values of the Helm release apps\/chart\n# chart: loki\n# version: 1\.2\.3\n/);
        assert.match(text, /\n# repository: https:\/\/charts\.example\.org\n/);
        const hidden = "placeholder for a secret value";
        assert.deepEqual(parse(text), { password: hidden, list: [1, { deep: hidden }], odd: "yes" });
      }));

    it("are the same in every run that has the same generated values", () =>
      inFolder((folder) => {
        const write = (stack: Rendered) =>
          writeObjects(stack, folder).map((name) => readFileSync(join(folder, name), "utf8"));
        assert.deepEqual(write(again), write(rendered));
      }));

    it("replace those of an earlier render, and leave other files alone", () =>
      inFolder((folder) => {
        writeObjects(rendered, folder);
        writeFileSync(join(folder, "mine.yaml"), "mine");
        const fewer = { ...rendered, resources: rendered.resources.filter((r) => r.object?.kind !== "Secret") };
        const names = writeObjects(fewer, folder);
        assert.deepEqual(readdirSync(folder).sort(), [".rendered", ...names, "mine.yaml"].sort());
        assert.equal(names.length, 4);
      }));

    it("don't overwrite a file of somebody else, and nothing is written then", () =>
      inFolder((folder) => {
        writeFileSync(join(folder, "secret-apps-app.yaml"), "mine");
        assert.throws(() => writeObjects(rendered, folder), InvalidInput);
        assert.deepEqual(readdirSync(folder), ["secret-apps-app.yaml"]);
      }));

    it("don't follow a list that leads out of the folder", () =>
      inFolder((folder) => {
        writeFileSync(join(folder, "outside"), "");
        writeFileSync(join(folder, ".rendered"), "");
        const inner = join(folder, "inner");
        writeObjects(rendered, inner);
        writeFileSync(join(inner, ".rendered"), "../outside\n");
        assert.throws(() => writeObjects(rendered, inner), InvalidInput);
        assert.ok(existsSync(join(folder, "outside")));
      }));
  });

  describe("with its secrets", () => {
    it("writes them in clear, for their owner only, in a file that can be applied", () =>
      inFolder((folder) => {
        const file = join(folder, "secrets.yaml");
        writeFileSync(file, "");
        chmodSync(file, 0o644);
        writeSecrets(rendered, file, kept.values);
        assert.equal(statSync(file).mode & 0o777, 0o600);
        const documents = parseAllDocuments(readFileSync(file, "utf8")).map((document) => document.toJS());
        assert.deepEqual(
          documents.map(({ kind, metadata }) => [kind, metadata.name]),
          [
            ["Secret", "app"],
            ["Secret", "unknown"],
          ],
        );
        assert.deepEqual(documents[0].stringData, { given: "given-in-plain", fixed: "hush-fixed" });
      }));

    it("keeps the generated values there for the next run, those of another stage too", () =>
      inFolder((folder) => {
        const file = join(folder, "secrets.yaml");
        assert.deepEqual(readGenerated(file), {});
        const values = { ...kept.values, "of another stage": "a\nb # c" };
        writeSecrets(rendered, file, values);
        assert.deepEqual(readGenerated(file), values);
        assert.equal(Object.keys(kept.values).length, 1);
      }));

    it("refuses a file that is not its own, and one inside the folder of objects", () =>
      inFolder((folder) => {
        writeFileSync(join(folder, "mine.yaml"), "a: 1\n");
        assert.throws(() => readGenerated(join(folder, "mine.yaml")), InvalidInput);
        assert.throws(() => assertApart(folder, join(folder, "secrets.yaml")), InvalidInput);
        assertApart(join(folder, "out"), join(folder, "secrets.yaml"));
      }));
  });
});

describe("rendering a program that fails", () => {
  it("is refused", () =>
    assert.rejects(
      offlineRender({ stack: "dev", program: failing, config: ["how=throws"], start: runInline }),
      ProgramFailed,
    ));
});

describe("a generated text", () => {
  it("has the length and the alphabets that are asked for", () => {
    assert.match(randomText({ length: 40, special: false }), /^[A-Za-z0-9]{40}$/);
    assert.match(
      randomText({ length: 8, special: true, overrideSpecial: "_", lower: false, upper: false }),
      /^[0-9_]{8}$/,
    );
    const least = { length: 6, minLower: 1, minUpper: 1, minNumeric: 2, minSpecial: 2 };
    for (let run = 0; run < 20; run++) {
      const text = randomText(least);
      assert.match(text, /^(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9].*[0-9])(?=.*[^A-Za-z0-9].*[^A-Za-z0-9]).{6}$/);
    }
  });

  it("is another one each time", () => assert.notEqual(randomText({ length: 32 }), randomText({ length: 32 })));
});
