import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { blocksInFolder, daysOf } from "../../../commands/backfill/blocks";
import { temporaryFolder } from "../../support/temporary-folder";

const hour = 3_600_000;
const [first, second] = ["01K9Q2V4M5W7X8Y9Z0A1B2C3D4", "01K9Q2V4M5W7X8Y9Z0A1B2C3D5"];

function folderWith(metas: Record<string, unknown>): string {
  const folder = temporaryFolder();
  for (const [name, meta] of Object.entries(metas)) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "meta.json"), JSON.stringify(meta));
    writeFileSync(join(folder, name, "index"), "12345");
  }
  return folder;
}

const meta = (minTime: number, maxTime: number, more = {}) => ({ version: 1, minTime, maxTime, ...more });

describe("blocks in a folder", () => {
  it("are found beside the write-ahead log, the newest first", async () => {
    const folder = folderWith({ [first]: meta(0, hour), [second]: meta(hour, 2 * hour), wal: meta(5, 6) });
    assert.deepEqual(
      (await blocksInFolder(folder).blocks()).map(({ ulid }) => ulid),
      [second, first],
    );
  });

  it("are refused all at once, each with what to do", async () => {
    const folder = folderWith({
      [first]: meta(0, hour, { stats: { numTombstones: 2 } }),
      [second]: { version: 2, minTime: 0, maxTime: 1 },
    });
    await assert.rejects(
      async () => blocksInFolder(folder).blocks(),
      /D4: has deleted series that would come back\n→ [^]*clean_tombstones[^]*D5: meta.json is of version 2; expected: 1/,
    );
  });

  it("are missing with a message that says what was looked for", async () => {
    await assert.rejects(
      async () => blocksInFolder(temporaryFolder()).blocks(),
      /has no block\n→ expected: folders named like 01/,
    );
  });
});

describe("the days of a block", () => {
  const block = { ulid: first, minTime: 18 * hour, maxTime: 72 * hour };

  it("end at midnight, which Mimir's blocks don't cross", () => {
    const spans = daysOf(block, {}).map(({ minTime, maxTime }) => [minTime / hour, maxTime / hour]);
    assert.deepEqual(spans, [
      [48, 72],
      [24, 48],
      [18, 24],
    ]);
  });

  it("have the same names in each run, and others for other labels or after a refusal", () => {
    const names = (labels: Record<string, string>, attempt: number) =>
      daysOf(block, labels).map(({ ulid }) => ulid(attempt));
    assert.deepEqual(names({ a: "1", b: "2" }, 0), names({ b: "2", a: "1" }, 0));
    const all = [...names({}, 0), ...names({}, 1), ...names({ a: "1" }, 0)];
    assert.equal(new Set(all).size, 9);
    all.forEach((name) => assert.match(name, /^01K9Q2V4M5[0-9A-HJKMNP-TV-Z]{11}BACKF$/));
  });
});
