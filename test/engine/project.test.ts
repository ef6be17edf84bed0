import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidInput } from "../../engine/errors";
import { readConfiguration, readProject, type Configuration } from "../../engine/project";
import { inFolder } from "./fixtures";

/** The configuration of a stack `dev` from the texts of the two files. */
const configurationOf = (project: string, stack: string, overrides: string[] = []): Promise<Configuration> =>
  inFolder((folder) => {
    writeFileSync(join(folder, "Pulumi.yaml"), `name: p\nruntime: nodejs\n${project}`);
    writeFileSync(join(folder, "Pulumi.dev.yaml"), stack);
    return readConfiguration(readProject(folder), "dev", overrides);
  });

const valuesOf = async (...args: Parameters<typeof configurationOf>) => (await configurationOf(...args)).values;

describe("a stack's configuration", () => {
  it("gives scalars as text and structured values as JSON with sorted keys", async () => {
    const stack = "config:\n  p:n: 3\n  p:b: true\n  p:t: yes\n  p:list: [{ z: 1, a: x }]\n  other:key: v\n";
    assert.deepEqual(await valuesOf("", stack), {
      "p:n": "3",
      "p:b": "true",
      "p:t": "yes",
      "p:list": '[{"a":"x","z":1}]',
      "other:key": "v",
    });
  });

  it("may be an empty file", async () => {
    assert.deepEqual(await configurationOf("", ""), { values: {}, secretKeys: [] });
  });

  it("has a placeholder for each secure value, at any depth, and lists its key as secret", async () => {
    const stack = "config:\n  p:pw: { secure: v1:x }\n  p:deep: { a: [{ secure: v1:y }], secure: plain }\n  p:c: v\n";
    const { values, secretKeys } = await configurationOf("", stack);
    assert.deepEqual(secretKeys, ["p:pw", "p:deep"]);
    assert.equal(values["p:pw"], "offline-placeholder-for-p-pw");
    assert.deepEqual(JSON.parse(values["p:deep"]), { a: ["offline-placeholder-for-p-deep-a-0"], secure: "plain" });
  });

  it("takes the project's default where the stack has no value, also below a key that it has", async () => {
    const project =
      "config:\n  a: { type: integer, default: 2 }\n  b: short\n  c.d: { default: [1] }\n  o: { default: { k: v } }\n";
    assert.deepEqual(await valuesOf(project, "config:\n  p:a: 5\n  p:c: { e: 1 }\n"), {
      "p:a": "5",
      "p:b": "short",
      "p:c": '{"d":[1],"e":1}',
      "p:o": '{"k":"v"}',
    });
  });

  it("is refused where Pulumi would ignore a misspelt part of the file", async () => {
    await assert.rejects(
      configurationOf("", "confg: { p:a: 1 }\nencryptionsalt: v1:x\n"),
      /^Error: Pulumi\.dev\.yaml: confg is not a key of a stack file\. Allowed: config, /,
    );
  });

  it("is refused when a declared key has neither value nor default", async () => {
    const declared = "config:\n  needed: { type: string }\n  optional:elsewhere: { type: string }\n";
    await assert.rejects(configurationOf(declared, ""), /Pulumi\.dev\.yaml: 'needed' has no value/);
    assert.deepEqual(await valuesOf(declared, "", ["needed=x"]), { "p:needed": "x" });
  });

  it("is overridden with and without the project's prefix, in other namespaces, and in the order given", async () => {
    const overrides = ["p:a.b=2", "a.c=true", "kubernetes:context=kind", "t=1e3", "t=x=y", 'a["k.l"]=007'];
    assert.deepEqual(await valuesOf("", "config:\n  p:a: { b: 1 }\n", overrides), {
      "p:a": '{"b":2,"c":true,"k.l":"007"}',
      "kubernetes:context": "kind",
      "p:t": "x=y",
    });
  });

  it("is refused with every malformed override at once, and without their values", async () => {
    await assert.rejects(
      configurationOf("", "config: { p:a: [] }", ["no-value", "a[3]=hush", "a:b:c=hush"]),
      (error: Error) => {
        assert.ok(error instanceof InvalidInput);
        assert.match(error.message, /--config no-value: expected key=value/);
        assert.match(error.message, /--config a\[3\]: .*the next index is \[0\]/);
        assert.match(error.message, /--config a:b:c: /);
        assert.doesNotMatch(error.message, /hush/);
        return true;
      },
    );
  });

  it("is refused for a stack without a file, naming those that there are", () =>
    inFolder((folder) => {
      writeFileSync(join(folder, "Pulumi.yaml"), "name: p\nruntime: nodejs\n");
      writeFileSync(join(folder, "Pulumi.prod.yaml"), "");
      assert.throws(() => readConfiguration(readProject(folder), "dev", []), /no stack 'dev'.*Stacks here: prod\./);
    }));

  it("is refused with the file's name where the YAML is broken", () =>
    assert.rejects(configurationOf("", "config: [\n"), /Pulumi\.dev\.yaml: /));
});

describe("a project", () => {
  it("says how its program is run", () =>
    inFolder((folder) => {
      const write = (text: string) => writeFileSync(join(folder, "Pulumi.yaml"), text);
      write("name: p\nruntime: nodejs\n");
      assert.deepEqual([readProject(folder).tsNode, readProject(folder).main], [true, "."]);
      write("name: p\nmain: src\nruntime: { name: nodejs, options: { typescript: false, nodeargs: --a  --b=c } }\n");
      const { tsNode, main, nodeArguments } = readProject(folder);
      assert.deepEqual([tsNode, main, nodeArguments], [false, "src", ["--a", "--b=c"]]);
      write("name: p\nruntime: go\n");
      assert.throws(() => readProject(folder), /runtime: nodejs/);
    }));
});
