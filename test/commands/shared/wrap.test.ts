import assert from "node:assert/strict";
import { wrap } from "../../../commands/shared/wrap";

describe("wrap", () => {
  it("breaks a long line at spaces, and indents the rest of it", () => {
    assert.equal(wrap("  one two three four\nfive", 12), "  one two\n     three\n     four\nfive");
  });

  it("keeps a word that is longer than the terminal, and short lines with their spaces", () => {
    assert.equal(wrap("urn:pulumi:production a", 10), "urn:pulumi:production\n   a");
    assert.equal(wrap("a  b", 10), "a  b");
    assert.equal(wrap("a    bcdefgh", 10), "a\n   bcdefgh");
  });

  it("breaks nothing where the output is no terminal", () => {
    assert.equal(wrap("one two three", undefined), "one two three");
  });
});
