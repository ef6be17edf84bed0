import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { listFile, listed, modulesOf, type ListedProgram } from "../../lab/policy-fields/main";
import { byParts, merged, shared, type Flags } from "../../lab/policy-fields/merge";
import { fieldListOf, flagListOf } from "../../policy/lib/fields/list";

describe("the lists of settings", () => {
  for (const program of Object.keys(listed) as ListedProgram[]) {
    it(`of ${program} are of the versions that are wanted, with the one that the cluster runs: else \`npm run policy:fields\``, () => {
      for (const list of ["fields", "flags"] as const) {
        const { modules } = JSON.parse(readFileSync(listFile(program, list), "utf8")) as { modules: object };
        assert.deepEqual(modules, Object.fromEntries(modulesOf(program)));
      }
    });
  }

  it("are laid over each other by version", () => {
    const versions = new Map([
      ["1.0", { a: "int", b: "uint", old: "bool", list: [{ x: "text" }] }],
      ["1.1", { a: "text", b: "int", new: { "*": "int" }, list: [{ x: "text", y: "text" }] }],
      ["1.2", { a: "text", new: { "*": "int" }, old: "bool", list: [{ x: "text" }] }],
    ] as const);
    assert.deepEqual(merged(versions as never), {
      a: "any",
      "b@1.0-1.1": "int",
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

  it("lay flags out by the parts of their names, of which one may be empty, or a flag of its own", () => {
    const versions = new Map<string, Flags>([
      ["1.0", { "a.store": "text", "a.b..c": "int" }],
      ["1.1", { "a.store": "text", "a.store.type": "text", x: "bool" }],
    ]);
    assert.deepEqual(merged(byParts(versions)), {
      a: { "b@1.0": { "": { c: "int" } }, store: { ".": "text", "type@1.1": "text" } },
      "x@1.1": "bool",
    });
  });

  it("know flags as they came and went, by their whole names", () => {
    const { flags, targets } = flagListOf("Loki");
    assert.equal(flags.get("compactor.delete-request-store")!.kind, "text");
    assert.equal(flags.get("compactor.delete-request-store")!.versions, undefined);
    assert.equal(flags.get("compactor.delete-request-store.db-type")!.versions!.includes("2.9"), false);
    assert.equal(flags.get("compactor.delete-request-store.db-type")!.versions!.includes("3.6"), true);
    assert.equal(flags.get("pattern-ingester.metric-aggregation..basic-auth.username")!.kind, "text");
    assert.deepEqual(targets.get("ui")!.versions, ["3.5", "3.6", "3.7"]);
    assert.equal(flagListOf("Mimir").targets.has("runtime-config"), false);
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
