import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidInput } from "../../engine/errors";
import { readConfiguration, readProject, type Configuration, type Encrypted } from "../../engine/project";
import { inFolder } from "./fixtures";

/** The configuration of a stack `dev` from the texts of the two files. */
const configurationOf = (
  project: string,
  stack: string,
  overrides: string[] = [],
  encrypted?: Encrypted,
): Promise<Configuration> =>
  inFolder((folder) => {
    writeFileSync(join(folder, "Pulumi.yaml"), `name: p\nruntime: nodejs\n${project}`);
    writeFileSync(join(folder, "Pulumi.dev.yaml"), stack);
    return readConfiguration(readProject(folder), "dev", overrides, { encrypted });
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

  for (const [mistake, { text, says }] of Object.entries({
    "a bracket that is open": {
      text: "config:\n  p:a: [\n  p:b: 1\n",
      says: /\n {2}line 3: a \{ or \[ above is not closed/,
    },
    "a line indented otherwise": {
      text: "config:\n  p:a:\n      b: 1\n    c: 1\n",
      says: /\n {2}line 4: is not indented like the keys above it\n {6}\| {7}b: 1\n {6}\| {5}c: 1$/,
    },
    "a tab, once": { text: "config:\n  p:a:\n\tb: 1\n  p:c: 1\n", says: /\n {2}line 3: begins with a tab[^^]*\tb: 1$/ },
    "no colon": {
      text: "config:\n  stage loki\n  p:a: 1\n",
      says: /\n {2}line 2: the key has no value; write `key: value`/,
    },
    "a value with a colon": { text: "config:\n  p:a: b: c\n", says: /\n {2}line 2: the value contains another key/ },
    "a value with a sign": { text: "config:\n  p:a: @x\n", says: /\n {2}line 2: the value begins with a character/ },
    "an open quote": { text: 'config:\n  p:a: "b\n', says: /\n {2}line \d: Missing closing "quote/ },
    "an alias": { text: "config:\n  p:a: *b\n", says: /Unresolved alias/ },
    "each key that is there twice": {
      text: "config:\n  p:a: 1\n  p:a: 2\n  p:b: { c: 1, c: 2 }\n",
      says: /\n {2}line 3: the key is here twice[^]*\n {2}line 4: the key is here twice/,
    },
  }))
    it(`is refused in plain words, with its file and line, where the YAML has ${mistake}`, () =>
      assert.rejects(configurationOf("", text), (error: Error) => {
        assert.match(error.message, /Pulumi\.dev\.yaml: /);
        assert.match(error.message, says);
        return true;
      }));

  it("is refused with every plain text that must be encrypted, without its value; overrides are for a try", async () => {
    const encrypted = { keys: ["s"], except: ["user"] };
    const read = (stack: string, ...overrides: string[]) => configurationOf("", stack, overrides, encrypted);
    await assert.rejects(
      read("config:\n  p:s: { a: { user: u, pw: hush }, b: [hush], c: { secure: v1:x } }\n"),
      (error: Error) => {
        assert.match(
          error.message,
          /^Pulumi\.dev\.yaml: p:s\.a\.pw is in plain text\..* --path p:s\.a\.pw --stack dev\b/,
        );
        assert.match(error.message, /\nPulumi\.dev\.yaml: p:s\.b\.0 is in plain text/);
        assert.equal(error.message.split("\n").length, 2);
        assert.doesNotMatch(error.message, /hush/);
        return true;
      },
    );
    const { values } = await read("config:\n  p:s: { a: { user: u, pw: { secure: v1:x } } }\n", "s.b=plain");
    assert.equal((JSON.parse(values["p:s"]) as { b: string }).b, "plain");
  });
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
