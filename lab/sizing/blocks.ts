import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** What blocks of a database hold, and what it takes. */
export interface Blocks {
  samples: number;
  series: number;
  /** Bytes of the samples. */
  chunkBytes: number;
  /** Bytes of the labels and of what finds them. */
  indexBytes: number;
}

/**
 * What the blocks in a folder hold.
 * @param folder with a folder for each block
 * @see https://github.com/prometheus/prometheus/blob/main/tsdb/docs/format/README.md
 */
export function blocksIn(folder: string): Blocks {
  const sum: Blocks = { samples: 0, series: 0, chunkBytes: 0, indexBytes: 0 };
  for (const name of readdirSync(folder)) {
    const meta = join(folder, name, "meta.json");
    if (!existsSync(meta)) continue;
    const { stats } = JSON.parse(readFileSync(meta, "utf8")) as { stats: { numSamples: number; numSeries: number } };
    sum.samples += stats.numSamples;
    sum.series += stats.numSeries;
    sum.chunkBytes += bytesIn(join(folder, name, "chunks"));
    sum.indexBytes += bytesIn(join(folder, name, "index"));
  }
  return sum;
}

/** Bytes of a file, or of all files in a folder and below; 0 where there is none. */
export function bytesIn(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return stat?.size ?? 0;
  return readdirSync(path).reduce((sum, name) => sum + bytesIn(join(path, name)), 0);
}
