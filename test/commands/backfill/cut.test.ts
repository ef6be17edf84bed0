import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ChunkReader, ChunkWriter, encoding, type Chunk } from "../../../commands/backfill/tsdb/chunks";
import { BlockCutter } from "../../../commands/backfill/tsdb/cut";
import { Index, IndexWriter } from "../../../commands/backfill/tsdb/index";
import { decodeXor, encodeXor } from "../../../commands/backfill/tsdb/xor";
import { temporaryFolder } from "../../support/temporary-folder";

interface Series {
  labels: Record<string, string>;
  /** Times of the samples of each chunk. */
  chunks: number[][];
  encoding?: number;
}

const floats = (times: readonly number[]) => encodeXor(times.map((time) => ({ time, value: BigInt(time) })));
/** A histogram's chunk begins with the number of its samples; no more of it is read. */
const histogram = (times: readonly number[]) => Buffer.of(0, times.length, 1, 2, 3);

function block(series: readonly Series[]): string {
  const folder = join(temporaryFolder(), "block");
  mkdirSync(folder);
  const texts = series.flatMap(({ labels }) => Object.entries(labels).flat());
  const symbols = [...new Set(texts)].sort();
  const [chunks, index] = [new ChunkWriter(join(folder, "chunks")), new IndexWriter(join(folder, "index"), symbols)];
  for (const { labels, chunks: times, encoding: kind = encoding.xor } of series) {
    const numbers = Object.entries(labels)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap((pair) => pair.map((text) => symbols.indexOf(text)));
    const places = times.map((own) => {
      const data = kind === encoding.xor ? floats(own) : histogram(own);
      return { minTime: own[0], maxTime: own[own.length - 1], reference: chunks.write({ encoding: kind, data }) };
    });
    index.add(Uint32Array.from(numbers), places);
  }
  chunks.close();
  index.close();
  return folder;
}

/** What a block has: series as text, in their order, with their chunks. */
function contents(folder: string): [labels: string, chunks: (number[] | Chunk)[]][] {
  const index = new Index(join(folder, "index"), {});
  const chunks = new ChunkReader(join(folder, "chunks"));
  const result = [...index.series()].map(({ labels, chunks: places }): [string, (number[] | Chunk)[]] => [
    [...labels].map((number) => index.symbols[number]).join(" "),
    places.map(({ reference }) => {
      const chunk = chunks.read(reference);
      return chunk.encoding === encoding.xor ? decodeXor(chunk.data).map(({ time }) => time) : chunk;
    }),
  ]);
  chunks.close();
  return result;
}

async function cut(series: readonly Series[], added: Record<string, string>, [minTime, maxTime]: [number, number]) {
  const target = join(temporaryFolder(), "cut");
  const result = await new BlockCutter(block(series), added).cut({ minTime, maxTime }, target);
  return { ...result, folder: target };
}

describe("a block that is cut", () => {
  it("has the labels that were added, in the order that Mimir asks for, but not where a series has one of that name", async () => {
    // `cluster` stands before `pod` and after `app`: with it, the series without another label isn't the first any more.
    const others: Record<string, string>[] = [{}, { app: "a" }, { cluster: "other" }, { pod: "p" }];
    const series = others.map((labels) => ({ labels: { __name__: "m", ...labels }, chunks: [[1, 2]] }));
    const { folder } = await cut(series, { cluster: "home" }, [0, 10]);
    assert.deepEqual(
      contents(folder).map(([labels]) => labels),
      [
        "__name__ m app a cluster home",
        "__name__ m cluster home",
        "__name__ m cluster home pod p",
        "__name__ m cluster other",
      ],
    );
  });

  it("has samples from its beginning up to, and not at, its end; chunks across an end are cut", async () => {
    const chunks = [
      [1, 5],
      [8, 9, 10, 11],
      [15, 19],
      [20, 25],
    ];
    const series = [{ labels: { __name__: "m" }, chunks }];
    const { folder, numSeries, numChunks, numSamples } = await cut(series, {}, [10, 20]);
    assert.deepEqual(contents(folder), [
      [
        "__name__ m",
        [
          [10, 11],
          [15, 19],
        ],
      ],
    ]);
    assert.deepEqual({ numSeries, numChunks, numSamples }, { numSeries: 1, numChunks: 2, numSamples: 4 });
  });

  it("has every sample of a block once when the parts are put together", async () => {
    const times = Array.from({ length: 50 }, (_, i) => i * 3);
    const series = [{ labels: { __name__: "m" }, chunks: [times.slice(0, 20), times.slice(20)] }];
    const parts = await Promise.all([0, 40, 80, 120].map((from) => cut(series, { a: "b" }, [from, from + 40])));
    assert.deepEqual(
      parts.flatMap(({ folder }) => contents(folder).flatMap(([, chunks]) => chunks.flat())),
      times,
    );
  });

  it("has native histograms that lie within it, and says how many cross an end", async () => {
    const series = [
      {
        labels: { __name__: "h" },
        chunks: [
          [1, 2],
          [9, 11],
        ],
        encoding: encoding.histogram,
      },
    ];
    const { folder, left, numSamples } = await cut(series, {}, [0, 10]);
    assert.deepEqual(contents(folder), [["__name__ h", [{ encoding: encoding.histogram, data: histogram([1, 2]) }]]]);
    assert.equal(numSamples, 2);
    assert.deepEqual([...left], [["of native histograms, across midnight", 1]]);
  });

  it("leaves out, and counts, chunks that Mimir doesn't read", async () => {
    const { numSeries, left } = await cut([{ labels: { __name__: "m" }, chunks: [[1, 2]], encoding: 5 }], {}, [0, 10]);
    assert.equal(numSeries, 0);
    assert.deepEqual([...left], [["of encoding 5, which Mimir doesn't read", 1]]);
  });

  it("lists its files with their sizes", async () => {
    const { folder, files } = await cut([{ labels: { __name__: "m" }, chunks: [[1, 2]] }], {}, [0, 10]);
    assert.deepEqual(
      files,
      ["index", "chunks/000001"].map((path) => ({
        rel_path: path,
        size_bytes: readFileSync(join(folder, path)).length,
      })),
    );
  });

  for (const file of ["index", "chunks/000001"]) {
    it(`is refused when a byte of ${file} is another`, async () => {
      const folder = block([{ labels: { __name__: "m" }, chunks: [[1, 2]] }]);
      const bytes = readFileSync(join(folder, file));
      bytes[file === "index" ? 16 : 12] ^= 1;
      writeFileSync(join(folder, file), bytes);
      const cutting = async () =>
        new BlockCutter(folder, {}).cut({ minTime: 0, maxTime: 10 }, join(temporaryFolder(), "cut"));
      await assert.rejects(cutting, /checksum is wrong/);
    });
  }
});
