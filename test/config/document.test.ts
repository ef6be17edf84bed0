import assert from "node:assert/strict";
import { parse } from "yaml";
import { pulumiConfig, settingsTable } from "../../config/document";
import { withConfig, withSettings } from "../../config/main";
import { settingsSchema } from "../../config/schema";
import { fileText } from "./support";

const rows = settingsTable()
  .split("\n")
  .slice(2)
  .map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

describe("what is written from the schema", () => {
  it("README.md has the settings of the schema; run `npm run settings`", () => {
    const readme = fileText("README.md");
    assert.equal(withSettings(readme), readme);
  });

  it("Pulumi.yaml has the settings of the schema; run `npm run settings`", () => {
    const project = parse(fileText("Pulumi.yaml")) as Record<string, unknown>;
    assert.deepEqual(project.config, pulumiConfig());
  });

  it("keeps everything else of Pulumi.yaml, comments too", () => {
    const written = withConfig("name: observability # mine\nruntime: nodejs\nconfig: { old: 1 }\nmain: .\n");
    assert.match(written, /^name: observability # mine$/m);
    assert.match(written, /^main: \.$/m);
    assert.doesNotMatch(written, /old/);
  });

  it("refuses a README without the markers", () => {
    assert.throws(() => withSettings("# observability\n"), /README\.md: put <!-- settings: begin/);
  });
});

describe("the config block of Pulumi.yaml", () => {
  const block = pulumiConfig();

  it("has every top-level setting, and a default for each, as Pulumi asks for the others", () => {
    assert.deepEqual(Object.keys(block), Object.keys(settingsSchema.shape));
    for (const [key, { default: value }] of Object.entries(block)) assert.notEqual(value ?? undefined, undefined, key);
  });

  it("has defaults of the types that it declares, by Pulumi's own check", () => {
    for (const [key, { type, default: value }] of Object.entries(block)) {
      const isObject = typeof value === "object" && !Array.isArray(value);
      assert.equal(type === "object" ? isObject : typeof value === type, true, key);
    }
  });

  it("changes nothing that the program sees", () => {
    const defaults = Object.fromEntries(Object.entries(block).map(([key, { default: value }]) => [key, value]));
    assert.deepEqual(settingsSchema.parse(defaults), settingsSchema.parse({}));
  });

  it("has no value in it that Pulumi would take for a secret or a project's fixed one", () => {
    for (const [key, declaration] of Object.entries(block))
      assert.deepEqual(Object.keys(declaration).sort(), ["default", "description", "type"], key);
  });
});

describe("the table of settings", () => {
  it("has four cells in every row", () => {
    for (const row of rows) assert.equal(row.length, 4, row.join("|"));
  });

  it("says of every setting what is allowed and what it is", () => {
    const silent = rows.filter(([key, allowed, , what]) => what === "" || (allowed === "" && !key.startsWith("**")));
    assert.deepEqual(silent, []);
  });

  it("has every section and no key twice", () => {
    const keys = rows.map(([key]) => key);
    for (const section of Object.keys(settingsSchema.shape))
      assert.ok(keys.includes(`**${section}**`) || keys.includes(`\`${section}\``), section);
    assert.equal(new Set(keys).size, keys.length);
  });

  it("has settings at every depth, of lists and of kinds", () => {
    const row = (key: string) => rows.find(([k]) => k === `\`${key}\``) ?? assert.fail(`${key} is missing`);
    assert.deepEqual(row("loki.write.replicas").slice(1), ["a whole number, at least 1", "`3`", "replicas of write"]);
    assert.equal(row("cluster.nodes[].arch")[1], "amd64, arm64");
    assert.equal(row("cluster.nodes[].arch")[2], "`required`");
    assert.equal(row("objectStore.kind")[2], "`embedded`");
    assert.match(row("objectStore.providerAddress")[3], /^minio: /);
    assert.match(row("objectStore.endpoint")[3], /^minio, existing: /);
    assert.match(row("secrets.existing.<key>.name")[3], /Secret/);
  });
});
