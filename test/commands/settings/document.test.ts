import assert from "node:assert/strict";
import { parse } from "yaml";
import { chapters, pulumiConfig, settingsPage } from "../../../commands/settings/document";
import { examples } from "../../../commands/settings/examples";
import { settingsPart, withConfig } from "../../../commands/settings/cli";
import { withPart } from "../../../commands/shared/page";
import { settingsSchema } from "../../../settings/schema";
import { kinds } from "../../../settings/values";
import { fileText } from "../../settings/support";

const tables = settingsPage()
  .split("\n")
  .filter((line) => line.startsWith("| "))
  .map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
/** One for each setting. */
const rows = tables.filter(([key]) => /^`.*`$/.test(key));

describe("what is written from the schema", () => {
  it("docs/settings.md has the settings of the schema; run `npm run settings`", () => {
    const page = fileText("docs/settings.md");
    assert.equal(withPart(page, settingsPart, settingsPage()), page);
  });

  it("Pulumi.yaml has the settings of the schema; run `npm run settings`", () => {
    const project = parse(fileText("Pulumi.yaml")) as Record<string, unknown>;
    assert.deepEqual(project.config, pulumiConfig());
  });

  it("keeps everything else of Pulumi.yaml, comments too", () => {
    const written = withConfig("name: observability # mine\nruntime: nodejs\nconfig: { old: 1 }\nmain: .\n");
    assert.match(written, /^name: observability # mine$/m);
    assert.match(written, /^main: \.$/m);
    assert.doesNotMatch(written, /\bold\b/);
  });

  it("refuses a page without the markers", () => {
    assert.throws(
      () => withPart("# observability\n", settingsPart, ""),
      /docs\/settings\.md: put <!-- settings: begin/,
    );
  });
});

describe("the config block of Pulumi.yaml", () => {
  const block = pulumiConfig();

  it("has every top-level setting, and a default for each, as Pulumi asks for the others", () => {
    assert.deepEqual(Object.keys(block), Object.keys(settingsSchema.shape));
    for (const [key, { default: value }] of Object.entries(block)) assert.notEqual(value ?? undefined, undefined, key);
  });

  it("has defaults of the types that it declares, by Pulumi's own check", () => {
    for (const [key, { type, items, default: value }] of Object.entries(block)) {
      assert.equal(Array.isArray(value) ? "array" : typeof value, type, key);
      assert.equal(items !== undefined, type === "array", key);
    }
  });

  it("changes nothing that the program sees", () => {
    const defaults = Object.fromEntries(Object.entries(block).map(([key, { default: value }]) => [key, value]));
    assert.deepEqual(settingsSchema.parse(defaults), settingsSchema.parse({}));
  });

  it("has no value in it that Pulumi would take for a secret or a project's fixed one", () => {
    const known = ["default", "description", "items", "type"];
    for (const [key, declaration] of Object.entries(block))
      assert.deepEqual(
        Object.keys(declaration).filter((each) => !known.includes(each)),
        [],
        key,
      );
  });
});

describe("the page of settings", () => {
  it("has four cells in every row", () => {
    for (const row of rows) assert.equal(row.length, 4, row.join("|"));
  });

  it("says of every setting what is allowed and what it is", () => {
    assert.deepEqual(
      rows.filter(([, allowed, , what]) => what === "" || allowed === ""),
      [],
    );
  });

  it("has every section once, and no key twice", () => {
    assert.deepEqual(Object.values(chapters).flat().sort(), Object.keys(settingsSchema.shape).sort());
    const keys = rows.map(([key]) => key);
    assert.equal(new Set(keys).size, keys.length);
  });

  it("has an example of every section but the given secrets, which nobody writes in clear", () => {
    const sections = Object.keys(settingsSchema.shape).filter((section) => section !== "secretValues");
    assert.deepEqual(Object.keys(examples).sort(), sections.sort());
    settingsSchema.parse(examples);
  });

  it("explains a kind of value once, and names it in the rows", () => {
    for (const [name, { allowed }] of Object.entries(kinds)) {
      assert.equal(tables.filter((row) => row[1] === allowed).length, 1, name);
      assert.ok(
        rows.some((row) => row[1].includes(name)),
        `${name} is the kind of no setting`,
      );
    }
  });

  it("has settings at every depth, of lists and of kinds", () => {
    const row = (key: string) => rows.find(([k]) => k === `\`${key}\``) ?? assert.fail(`${key} is missing`);
    assert.deepEqual(row("loki.write.replicas").slice(1), ["a whole number, at least 1", "`3`", "replicas of write"]);
    assert.deepEqual(row("grafana.resources").slice(1, 3), [
      "resources",
      "`{ requests: { cpu: 50m, memory: 192Mi }, limits: { memory: 512Mi } }`",
    ]);
    assert.equal(row("cluster.nodes[].arch")[1], "amd64, arm64");
    assert.equal(row("cluster.nodes[].arch")[2], "required");
    assert.equal(row("objectStore.kind")[2], "`embedded`");
    assert.match(row("objectStore.providerAddress")[3], /^minio: /);
    assert.match(row("objectStore.endpoint")[3], /^minio, existing: /);
    assert.match(row("secrets.existing.<key>.name")[3], /Secret/);
  });
});
