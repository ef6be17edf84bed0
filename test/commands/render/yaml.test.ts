import assert from "node:assert/strict";
import { parse } from "yaml";
import { toYaml } from "../../../commands/render/yaml";

// Texts that some parser of YAML 1.1 or 1.2 takes for something else when they stand plain.
const texts = [
  ...["yes", "No", "on", "OFF", "y", "N", "true", "null", "~", "", " ", "1e3", "1E3", "0x1F", "0o17", "017", "1_000"],
  ...["12:30:45", "1.5", ".5", "+1", "-1", ".inf", "-.INF", ".nan", "2024-04-01", "2024-04-01T00:00:00Z", "=", "<<"],
  ...["- a", "a: b", "a #b", "#a", "'a'", '"a"', "{a}", "[a]", "*a", "&a", "!a", "%a", "@a", "`a", "|", ">", "?", ","],
  ...[
    "a\nb",
    "a\nb\n",
    "\n",
    "a\n\n\n",
    "  indented\nb",
    "tab\tin",
    "\ttab",
    "a \nb",
    "a\r\nb",
    "\r",
    "a\u2028b\u0085c",
  ],
  ...["${VAR:-x}", "plain", "/path", "nginx:1.29.0", "a\u0000b", "é", "🦉", "x".repeat(300) + " " + "y".repeat(300)],
];

describe("rendered YAML", () => {
  for (const version of ["1.1", "1.2"] as const) {
    it(`gives back every text as it was, as value, key and element, to a parser of YAML ${version}`, () => {
      const value = { map: Object.fromEntries(texts.map((text) => [text, text])), list: texts };
      assert.deepEqual(parse(toYaml(value), { version, merge: false }), value);
    });
  }

  it("quotes what Kubernetes' parser takes for a number or a boolean, and leaves words plain", () => {
    const value = { a: "yes", b: "1e3", c: "12:30", d: "word", e: 3, f: true, g: null };
    assert.equal(toYaml(value), 'a: "yes"\nb: "1e3"\nc: "12:30"\nd: word\ne: 3\nf: true\ng: null\n');
  });

  it("writes lines of text as they are", () => {
    assert.equal(toYaml({ file: "a: 1\nb: yes\n" }), "file: |\n  a: 1\n  b: yes\n");
  });

  it("doesn't depend on the order of keys, and leads with what an object is", () => {
    const object = { spec: { b: 1, a: 2 }, metadata: { name: "it" }, kind: "K", apiVersion: "v1" };
    assert.equal(toYaml(object), "apiVersion: v1\nkind: K\nmetadata:\n  name: it\nspec:\n  a: 2\n  b: 1\n");
  });

  it("writes equal parts in full, without anchors", () => {
    const part = { a: 1 };
    assert.equal(toYaml({ one: part, two: part }), "one:\n  a: 1\ntwo:\n  a: 1\n");
  });
});
