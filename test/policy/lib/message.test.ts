import assert from "node:assert/strict";
import { messageOf, mostAtFirst } from "../../../policy/lib/message";

const refusal = { path: "spec.a", found: "1", wanted: "2", fix: "Write 2." };
const sentence = (words: number) => `It${" goes".repeat(words)} on.`;

describe("a message", () => {
  it("is one paragraph where that is short: what is wrong, why, what to do", () => {
    assert.equal(messageOf("Pod a/b", refusal), "Pod a/b: spec.a is 1; wanted 2. Write 2.");
    assert.equal(
      messageOf("Pod a/b", { ...refusal, why: "One fails." }),
      "Pod a/b: spec.a is 1; wanted 2. One fails. Write 2.",
    );
  });

  it("says what is wrong and what to do first, and why after an empty line, where it is longer", () => {
    const why = sentence(60);
    assert.equal(messageOf("Pod a/b", { ...refusal, why }), `Pod a/b: spec.a is 1; wanted 2.\nWrite 2.\n\n${why}`);
  });

  it("says first what fits of what to do, in whole sentences", () => {
    const fix = `Write 2. ${sentence(40)} ${sentence(40)} Or 3.`;
    assert.equal(
      messageOf("Pod a/b", { ...refusal, fix }),
      `Pod a/b: spec.a is 1; wanted 2.\nWrite 2. ${sentence(40)}\n\n${sentence(40)} Or 3.`,
    );
    assert.equal(
      messageOf("Pod a/b", { ...refusal, why: "One fails.", fix }),
      `Pod a/b: spec.a is 1; wanted 2.\nWrite 2. ${sentence(40)}\n\nOne fails.\n${sentence(40)} Or 3.`,
    );
  });

  it("cuts the middle of what is too long, says what to do all the same, and has everything in full below", () => {
    const path = `data["${"x".repeat(300)}"]`;
    const [first, detail] = messageOf("Pod a/b", { ...refusal, path, why: "One fails." }).split("\n\n");
    assert.match(first, /^Pod a\/b: data\["x+…x+"\] is 1; wanted 2\.\nWrite 2\.$/);
    assert.equal(first.length, mostAtFirst);
    assert.equal(detail, `One fails.\nIn full: Pod a/b: ${path} is 1; wanted 2.`);
  });

  it("has at most 300 characters in its first paragraph, whatever is in it, and loses none of it", () => {
    const lengths = [1, 50, 130, 400, 5000];
    for (const l of lengths)
      for (const p of lengths)
        for (const f of lengths)
          for (const w of lengths)
            for (const fix of ["Do.", sentence(15), `${sentence(15)} ${sentence(15)}`, sentence(100)]) {
              const part = (letter: string, length: number) => letter.repeat(length);
              const label = part("l", l);
              const given = { path: part("p", p), found: part("f", f), wanted: part("w", w), why: "Because.", fix };
              const said = messageOf(label, given);
              const [first, ...others] = said.split("\n\n");
              assert.ok(first.length <= mostAtFirst, `${first.length}: ${first}`);
              assert.ok(others.length <= 1, said);
              for (const all of [label, given.path, given.found, given.wanted, "Because."])
                assert.ok(said.includes(all));
              for (const each of fix.match(/[A-Z][^.]*\./g)!) assert.ok(said.includes(each), said);
            }
  });

  it("keeps lines of a value out of the first paragraph's", () => {
    assert.equal(
      messageOf("Pod a/b", { ...refusal, found: "a text\n\nof two" }),
      "Pod a/b: spec.a is a text of two; wanted 2. Write 2.",
    );
  });
});
