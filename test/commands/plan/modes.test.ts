import assert from "node:assert/strict";
import { modeChange } from "../../../commands/plan/modes";
import type { Properties } from "../../../engine/values";
import { settingsSchema } from "../../../settings/schema";
import { graph, resource } from "../../engine/graphs";

const stack = (loki: object) => {
  const { loki: settings } = settingsSchema.parse({ loki });
  const inputs = JSON.parse(JSON.stringify({ settings })) as Properties;
  return graph(resource("observability:loki:Loki", inputs, { custom: false }));
};

const scalable = stack({ mode: "simple-scalable" });
const beside = (writers?: number) => stack({ former: { mode: "simple-scalable", writers } });
const single = stack({});

describe("what a plan tells of a change of Loki's mode", () => {
  it("is nothing where the mode stays", () => {
    for (const [from, to] of [
      [single, stack({ retention: "30d" })],
      [beside(2), beside(2)],
      // One that was killed before it was done starts again.
      [beside(2), beside(3)],
      [graph(), single],
      [single, graph()],
    ])
      assert.deepEqual(modeChange(from, to), { beside: [], refusals: [] });
  });

  it("names each step and the next one", () => {
    const way = [scalable, beside(), beside(2), beside(1), beside(0), single];
    const said = way.slice(1).map((to, i) => modeChange(way[i], to));
    assert.deepEqual(
      said.flatMap(({ refusals }) => refusals),
      [],
    );
    const [first, second, third, fourth, last] = said.map(({ beside: [sentence] }) => sentence);
    assert.match(first, /^Loki, simple-scalable → single-binary, first step: .* Next: loki\.former\.writers: 2: docs/);
    assert.match(second, /: 3 → 2 old writers\. .* Next: loki\.former\.writers: 1: docs/);
    assert.match(third, /: 2 → 1 old writers\. .* Next: loki\.former\.writers: 0: docs/);
    assert.match(fourth, /: 1 → 0 old writers\. .* Next: no loki\.former: docs/);
    assert.match(last, /, last step: the rest of simple-scalable is deleted\. Its volumes stay/);
  });

  it("knows the writers of each mode", () => {
    const apart = stack({ mode: "distributed", distributed: { ingester: { replicas: 4 } } });
    const leaving = (mode: string, writers?: number) =>
      stack({ mode, distributed: { ingester: { replicas: 4 } }, former: { mode: "distributed", writers } });
    assert.match(modeChange(apart, single).refusals.join(), /mode distributed would stop together/);
    assert.match(modeChange(apart, leaving("single-binary")).beside.join(), /Next: loki\.former\.writers: 3/);
    assert.match(
      modeChange(leaving("simple-scalable"), leaving("simple-scalable", 3)).beside.join(),
      /^Loki, distributed → simple-scalable: 4 → 3 old writers/,
    );
    const joining = stack({ mode: "distributed", former: { mode: "simple-scalable" } });
    assert.match(modeChange(scalable, joining).beside.join(), /^Loki, simple-scalable → distributed, first step/);
  });

  it("refuses what would end writers of which nobody knows that they put everything into the bucket", () => {
    const refusal = (from: typeof single, to: typeof single) => modeChange(from, to).refusals.join();
    assert.match(
      refusal(scalable, single),
      /mode simple-scalable would stop together, .* loki\.former={mode: simple-scalable}/,
    );
    assert.match(
      refusal(beside(2), single),
      /mode simple-scalable would stop together, .* loki\.former\.writers: 1, and so on to 0/,
    );
    assert.match(
      refusal(beside(3), beside(1)),
      /^2 of Loki's old writers would leave at once: .* Use loki\.former\.writers: 2/,
    );
    assert.match(
      refusal(scalable, beside(2)),
      /^Loki's old writers would leave in the same update in which the new ones start/,
    );
    // The way back, in the middle, leads by the same steps.
    assert.match(refusal(beside(2), scalable), /mode single-binary would stop together/);
    const back = (writers?: number) => stack({ mode: "simple-scalable", former: { mode: "single-binary", writers } });
    assert.equal(refusal(beside(2), back()), "");
    assert.match(
      refusal(beside(2), back(0)),
      /^Loki's old writers would leave in the same update in which the new ones/,
    );
  });
});
