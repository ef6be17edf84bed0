import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Part } from "./blocks";
import type { Brought, Destination } from "./destination";
import { BlockCutter, type CutBlock } from "./tsdb/cut";
import type { BlockUpload, Meta } from "./upload";

/** What {@link MimirBlocks} is made from. */
export interface MimirBlocksArgs {
  upload: BlockUpload;
  oldest: number;
  /** Labels that every series gets which has none of that name: what Prometheus adds when it writes to Mimir. */
  labels: Readonly<Record<string, string>>;
  /** Folder for the day that is under way. */
  work: string;
  signal: AbortSignal;
}

/** Mimir takes each part as a block of its own, and knows its name. */
export class MimirBlocks implements Destination {
  readonly oldest: number;

  constructor(private readonly args: MimirBlocksArgs) {
    this.oldest = args.oldest;
  }

  async has(part: Part): Promise<boolean> {
    return (await this.attempt(part)) === "complete";
  }

  open(folder: string): (part: Part) => Promise<Brought> {
    const { labels, work, signal, upload } = this.args;
    const cutter = new BlockCutter(folder, labels);
    return async (part) => {
      const { minTime, maxTime } = part;
      const day = mkdtempSync(join(work, "day-"));
      try {
        const cut = await cutter.cut({ minTime, maxTime }, day, signal);
        const { numSeries, numSamples: samples, files, left } = cut;
        if (numSeries === 0) return { samples, bytes: 0, left };
        const attempt = await this.attempt(part);
        const as = (n: number) => upload.upload(day, metaOf(part, part.ulid(n), cut));
        for (let n = attempt; n !== "complete" && !(await as(n));) n++;
        return { samples, bytes: files.reduce((sum, { size_bytes }) => sum + size_bytes, 0), left };
      } finally {
        rmSync(day, { recursive: true, force: true });
      }
    };
  }

  settle(): Promise<boolean> {
    return Promise.resolve(true);
  }

  /** The first name under which Mimir has refused nothing, or that it has the part. */
  private async attempt(part: Part): Promise<number | "complete"> {
    for (let attempt = 0; ; attempt++) {
      const { state } = await this.args.upload.state(part.ulid(attempt));
      if (state === "complete") return state;
      if (state !== "failed") return attempt;
    }
  }
}

const metaOf = (
  { minTime, maxTime }: Part,
  ulid: string,
  { numSamples, numSeries, numChunks, files }: CutBlock,
): Meta => ({
  version: 1,
  ulid,
  minTime,
  maxTime,
  stats: { numSamples, numSeries, numChunks },
  compaction: { level: 1, sources: [ulid] },
  thanos: { version: 1, labels: {}, downsample: { resolution: 0 }, source: "backfill", files },
});
