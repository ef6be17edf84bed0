import assert from "node:assert/strict";
import { block, component, concat, env, exported, write } from "../../../components/alloy/syntax";

describe("Alloy's syntax", () => {
  it("writes components as the documentation does: aligned, nested by tabs, blocks apart", () => {
    const receiver = component("loki.write", "loki", { max_streams: 5 }, [
      block("endpoint", { url: "http://loki", retry_on_http_429: true }),
      block("endpoint"),
    ]);
    const source = component("loki.source.journal", "node", { forward_to: [exported(receiver, "receiver")] });
    assert.equal(
      write([source, receiver]),
      [
        'loki.source.journal "node" {',
        "\tforward_to = [loki.write.loki.receiver]",
        "}",
        "",
        'loki.write "loki" {',
        "\tmax_streams = 5",
        "",
        "\tendpoint {",
        '\t\turl               = "http://loki"',
        "\t\tretry_on_http_429 = true",
        "\t}",
        "",
        "\tendpoint { }",
        "}",
        "",
      ].join("\n"),
    );
  });

  it("escapes what would end a string or be read as an escape", () => {
    const text = write([block("x", { a: 'say "hi"\n\\d+\t$1' })]);
    assert.match(text, /a = "say \\"hi\\"\\n\\\\d\+\\t\$1"\n/);
  });

  it("quotes the keys of an object that are no identifiers, and leaves out what is undefined", () => {
    const text = write([
      block("x", { a: { cluster: "c", "app.kubernetes.io/name": "n", none: undefined }, b: undefined }),
      block("y", { a: { null: "", true: "", false: "", nullable: "" } }),
    ]);
    assert.equal(
      text,
      'x {\n\ta = {cluster = "c", "app.kubernetes.io/name" = "n"}\n}\n\n' +
        'y {\n\ta = {"null" = "", "true" = "", "false" = "", nullable = ""}\n}\n',
    );
  });

  it("puts strings and environment variables together", () => {
    const text = write([block("x", { field: concat("spec.nodeName=", env("NODE_NAME")) })]);
    assert.match(text, /field = "spec\.nodeName=" \+ sys\.env\("NODE_NAME"\)/);
  });

  for (const [what, broken] of Object.entries({
    "a label with a hyphen": component("loki.write", "my-loki"),
    "an argument with a dot": block("x", { "a.b": 1 }),
    "a block with a space": block("a b"),
  })) {
    it(`refuses ${what}`, () => assert.throws(() => write([broken]), /Alloy|label|identifier/));
  }
});
