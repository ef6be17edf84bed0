import assert from "node:assert/strict";
import { duration, gigabytes, minutes, numbers, share } from "../../../lab/sizing/arguments";

describe("Arguments of the benchmark", () => {
  it("are taken as they are meant", () => {
    assert.deepEqual(numbers("10000,100000"), [10_000, 100_000]);
    assert.equal(minutes("0.5"), 0.5);
    assert.deepEqual([gigabytes("0"), gigabytes("0.5,10")], [[0], [0.5, 10]]);
    assert.equal(share("0"), 0);
    assert.equal(duration("1m30s"), "1m30s");
  });

  const refused: [parse: (text: string) => unknown, texts: string[], allowed: RegExp][] = [
    [numbers, ["", "0", "1000;2000", "1e3.5", "-5", "10,"], /whole numbers above 0/],
    [gigabytes, ["", "-1", "1GB", "1,", "1001"], /from 0 to 1000/],
    [minutes, ["", "0", "-1", "ten", "Infinity"], /a number above 0/],
    [share, ["", "1.5", "-0.1", "1%"], /from 0 to 1/],
    [duration, ["", "15", "quick"], /a duration: 15s/],
  ];
  for (const [parse, texts, allowed] of refused) {
    it(`are refused with what is allowed: ${parse.name}`, () => {
      for (const text of texts) assert.throws(() => parse(text), allowed, text);
    });
  }
});
