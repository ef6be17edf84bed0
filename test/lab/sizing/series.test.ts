import assert from "node:assert/strict";
import { parseMetrics } from "../../../lab/sizing/metrics";
import { exposition, seriesPerPod, targetCount, type Fleet } from "../../../lab/sizing/series";
import { serveTargets } from "../../../lab/sizing/targets";

type Series = Map<string, number>;

/** Every series of all targets with its value, each by its name and labels. */
function scrape(fleet: Fleet, seconds: number): Series {
  const all = Array.from({ length: targetCount(fleet) }, (_, target) =>
    parseMetrics(exposition(fleet, target, seconds)),
  );
  const entries = all.flat().map(({ name, labels, value }) => [JSON.stringify([name, labels]), value] as const);
  assert.equal(new Set(entries.map(([key]) => key)).size, entries.length, "a series is there twice");
  return new Map(entries);
}

const goneBetween = (before: Series, after: Series) => [...before.keys()].filter((key) => !after.has(key)).length;

describe("Series of the benchmark", () => {
  for (const series of [1, seriesPerPod, 4_800, 4_801, 10_000]) {
    it(`are exactly ${series}, at the start and after pods were replaced`, () => {
      const fleet = { series, churn: 0.5 };
      assert.deepEqual(
        [0, 300, 3000].map((seconds) => scrape(fleet, seconds).size),
        [series, series, series],
      );
    });
  }

  it("are split over targets of at most 4,800", () => {
    assert.deepEqual(
      [1, 4_800, 4_801, 400_000].map((series) => targetCount({ series, churn: 0 })),
      [1, 1, 2, 84],
    );
  });

  it("get other names at the rate of the churn: 1 % in ten minutes", () => {
    const fleet = { series: 4_800, churn: 0.01 };
    const [start, five, ten] = [0, 300, 600].map((seconds) => scrape(fleet, seconds));
    assert.deepEqual([goneBetween(start, five), goneBetween(start, ten)], [24, 48]);
  });

  it("keep every name without churn", () => {
    const fleet = { series: 5_000, churn: 0 };
    assert.equal(goneBetween(scrape(fleet, 0), scrape(fleet, 36_000)), 0);
  });

  it("are replaced in turns: none twice before each was once", () => {
    const fleet = { series: 4_800, churn: 1 };
    const [start, ten, later] = [0, 600, 603].map((seconds) => scrape(fleet, seconds));
    assert.equal(goneBetween(start, ten), 4_800);
    assert.equal(goneBetween(ten, later), seriesPerPod);
  });

  it("move by half from scrape to scrape, and counters never fall", () => {
    const fleet = { series: 4_800, churn: 0 };
    const scrapes = [0, 15, 30, 45].map((seconds) => scrape(fleet, seconds));
    for (const [i, after] of scrapes.slice(1).entries()) {
      const before = scrapes[i];
      const moved = [...after].filter(([key, value]) => value !== before.get(key));
      assert.ok(moved.length > 2_300 && moved.length <= 2_400, `${moved.length} moved`);
      const fallen = [...after].filter(([key, value]) => key.includes("_total") && value < before.get(key)!);
      assert.deepEqual(fallen, []);
    }
  });

  it("have several labels each", () => {
    const labels = parseMetrics(exposition({ series: 480, churn: 0 }, 0, 0)).map((sample) => sample.labels);
    assert.ok(labels.every((each) => Object.keys(each).length >= 5));
  });
});

describe("Targets of the benchmark", () => {
  it("answer a scrape with their series at that time, and 404 for one that there isn't", async () => {
    const fleet = { series: 5_000, churn: 0.01 };
    const targets = await serveTargets(fleet, () => 60);
    try {
      const get = (path: string) => fetch(`http://${targets.address}${path}`);
      const answers = await Promise.all(targets.paths.map(async (path) => (await get(path)).text()));
      assert.deepEqual(answers, [exposition(fleet, 0, 60), exposition(fleet, 1, 60)]);
      assert.equal((await get("/targets/2")).status, 404);
    } finally {
      targets.close();
    }
  });
});
