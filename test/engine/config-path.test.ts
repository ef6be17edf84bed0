import assert from "node:assert/strict";
import { coerce, parsePath, setAt } from "../../engine/config-path";

// The cases are those of Pulumi's own documentation of `--path` and of its tests (properties_path_test.go, map_test.go).

describe("a configuration path", () => {
  const paths: [string, (string | number)[]][] = [
    ["root", ["root"]],
    ["root.nested", ["root", "nested"]],
    ['root["nested"]', ["root", "nested"]],
    ['root["double"]["nest"]', ["root", "double", "nest"]],
    ["root.array[0]", ["root", "array", 0]],
    ["root.array[0][1].nested", ["root", "array", 0, 1, "nested"]],
    ['root["key with \\"escaped\\" quotes"]', ["root", 'key with "escaped" quotes']],
    ['["root key with a ."][100]', ["root key with a .", 100]],
    ["foo-bar", ["foo-bar"]],
    ['labels["app.kubernetes.io/name"]', ["labels", "app.kubernetes.io/name"]],
  ];
  for (const [path, steps] of paths) {
    it(`reads ${path}`, () => assert.deepEqual(parsePath(path), steps));
  }

  for (const path of ["root.", ".root", "root.[1]", "root[", "root[a]", 'root["nested]', 'root["a"', "root[-1]"]) {
    it(`refuses ${path}`, () => assert.throws(() => parsePath(path)));
  }
});

describe("setting a value at a path", () => {
  it("makes the objects and arrays on the way", () => {
    assert.deepEqual(setAt(undefined, ["a", 0, "b"], 1), { a: [{ b: 1 }] });
  });

  it("goes into a whole setting that was given as JSON", () => {
    assert.deepEqual(setAt('{"retireKps":true}', ["from"], "loki"), { retireKps: true, from: "loki" });
    assert.deepEqual(setAt("{no JSON", ["from"], "loki"), { from: "loki" });
  });

  it("keeps what is beside it and leaves the given value as it was", () => {
    const given = { a: [{ b: 1, c: 2 }], d: 3 };
    assert.deepEqual(setAt(given, ["a", 0, "b"], 9), { a: [{ b: 9, c: 2 }], d: 3 });
    assert.deepEqual(given, { a: [{ b: 1, c: 2 }], d: 3 });
  });

  it("appends to an array at its length, and not beyond", () => {
    assert.deepEqual(setAt({ a: ["x"] }, ["a", 1], "y"), { a: ["x", "y"] });
    assert.throws(() => setAt({ a: ["x"] }, ["a", 2], "y"), /the next index is \[1\]/);
  });

  it("replaces a plain value at the top by a container, and refuses to below", () => {
    assert.deepEqual(setAt("plain", ["a"], 1), { a: 1 });
    assert.throws(() => setAt({ a: "plain" }, ["a", "b"], 1), /\.a: an object is expected here/);
    assert.throws(() => setAt({ a: [] }, ["a", "b"], 1), /is an array: use a number as index/);
  });
});

describe("a value of the command line", () => {
  it("is a boolean or a whole number where it reads as one, and else the text that it is", () => {
    const texts = ["true", "false", "True", "12", "-3", "0", "007", "1.5", "10h", "", "9007199254740993"];
    assert.deepEqual(texts.map(coerce), [
      ...[true, false, "True", 12, -3, 0, "007", "1.5", "10h", "", "9007199254740993"],
    ]);
  });
});
