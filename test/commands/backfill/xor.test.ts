import assert from "node:assert/strict";
import { decodeXor, encodeXor, type Sample } from "../../../commands/backfill/tsdb/xor";

const bits = (value: number) => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0);
};

const staleNaN = 0x7ff0000000000002n;

const start = 1_760_000_000_123;

describe("chunks of floats", () => {
  const cases: Record<string, Sample[]> = {
    "one sample": [{ time: start, value: bits(1.5) }],
    "a time before 1970": [
      { time: -5, value: bits(0) },
      { time: 7, value: bits(-0) },
    ],
    "equal distances, a value that stays": Array.from({ length: 120 }, (_, i) => ({
      time: start + i * 30_000,
      value: bits(1),
    })),
    "values whose bits all change": Array.from({ length: 120 }, (_, i) => ({
      time: start + i * 15_000,
      value: BigInt.asUintN(64, BigInt(i + 1) * 0x9e3779b97f4a7c15n),
    })),
    "NaN, infinities and a staleness marker": [NaN, Infinity, -Infinity, 0]
      .map((value, i) => ({ time: start + i, value: bits(value) }))
      .concat({ time: start + 9, value: staleNaN }),
    // At the ends of what 14, 17 and 20 bits hold, and beyond.
    "distances that change by as much as each width holds": [13, 16, 19, 40]
      .flatMap((power) => [-(2 ** power) + 1, 2 ** power, -(2 ** power), 2 ** power + 1])
      .reduce<{ samples: Sample[]; delta: number }>(
        ({ samples, delta }, change) => {
          const last = samples[samples.length - 1];
          return {
            samples: [...samples, { time: last.time + delta + change, value: bits(change) }],
            delta: delta + change,
          };
        },
        {
          samples: [
            { time: start, value: 0n },
            { time: start + 2 ** 42, value: 1n },
          ],
          delta: 2 ** 42,
        },
      ).samples,
  };

  for (const [what, samples] of Object.entries(cases)) {
    it(`are the same after they were written and read: ${what}`, () => {
      assert.deepEqual(decodeXor(encodeXor(samples)), samples);
    });
  }

  it("are written as Prometheus does, bit by bit", () => {
    // From a block that promtool 3.15 made of these six samples.
    const prometheus =
      "0006f681e682b9663ff000000000000098754000ec077f0780ffffb93979800bffa000000000001e3c0ef9f975b87f0be3cd60";
    const times = [0, 15_000, 30_001, 44_877, 99_877, 400_876];
    const samples = [1, 1, 1.5, -2.25, NaN, 1e-300].map((value, i) => ({
      time: 1_760_000_000_123 + times[i],
      // Go's NaN has a lowest bit that JavaScript's hasn't.
      value: bits(value) | (Number.isNaN(value) ? 1n : 0n),
    }));
    assert.deepEqual(decodeXor(Buffer.from(prometheus, "hex")), samples);
    assert.equal(encodeXor(samples).toString("hex"), prometheus);
  });

  it("are refused when they end in the middle of a sample", () => {
    const whole = encodeXor(cases["values whose bits all change"]);
    assert.throws(() => decodeXor(whole.subarray(0, whole.length - 3)), /ends in the middle of a sample/);
  });
});
