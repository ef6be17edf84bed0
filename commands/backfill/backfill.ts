import { mkdirSync, statfsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { InvalidInput } from "../../engine/errors";
import { daysOf, type Block, type BlockSource } from "./blocks";
import type { Brought, Destination } from "./destination";
import { count, mebibytes } from "../shared/words";
import type { Span } from "./tsdb/cut";

/** What {@link backfill} is made from. */
export interface BackfillArgs {
  /** Where the blocks are. */
  source: BlockSource;
  /** Labels that every series gets: they are part of the days' names. */
  labels: Readonly<Record<string, string>>;
  destination: Destination;
  /** Folder for what is under way. */
  work: string;
  signal: AbortSignal;
  /** Takes a line of progress. */
  tell(line: string): void;
}

/** What a run did. */
export interface Backfilled extends Span {
  /** Days of blocks that were brought, and those that were there. */
  brought: number;
  had: number;
  /** Those that are older than what is kept. */
  tooOld: number;
  samples: number;
  bytes: number;
  /** Chunks that were left out, by reason. */
  left: Map<string, number>;
}

/**
 * Brings blocks of Prometheus to a destination: day by day, the newest first.
 * @throws InvalidInput for blocks that can't be brought, or when they are refused
 */
export async function backfill(args: BackfillArgs): Promise<Backfilled> {
  const { source, destination, work, tell } = args;
  const { oldest } = destination;
  const all = await source.blocks();
  const result: Backfilled = {
    ...{ minTime: Math.max(oldest, Math.min(...all.map(({ minTime }) => minTime))), maxTime: all[0].maxTime },
    ...{ brought: 0, had: 0, tooOld: 0, samples: 0, bytes: 0, left: new Map<string, number>() },
  };
  const total = all.reduce((sum, { bytes }) => sum + bytes, 0);
  tell(`${count(all.length, "block")} of ${mebibytes(total)}, ${day(result.minTime)} to ${day(result.maxTime)}`);
  roomFor(all, source, work, tell);
  const began = Date.now();
  await everyBlock(all, args, result, began);
  const { had, tooOld } = result;
  while (!(await destination.settle())) await everyBlock(await source.blocks(), args, result, began);
  return { ...result, had, tooOld };
}

async function everyBlock(all: readonly Block[], args: BackfillArgs, result: Backfilled, began: number): Promise<void> {
  const { source, tell } = args;
  const seen = new Set<string>();
  for (let [rest, done] = [all, 0]; rest.length > 0;) {
    const [block] = rest;
    if (await oneBlock(block, args, result, began)) {
      seen.add(block.ulid);
      done += block.bytes;
    }
    // Looked at again: Prometheus merges blocks all the time.
    rest = (await source.blocks()).filter(({ ulid }) => !seen.has(ulid));
    const left = rest.reduce((sum, { bytes }) => sum + bytes, 0);
    tell(
      `block ${block.ulid}, ${range(block)}: ${Math.floor((100 * done) / (done + left))} % of ${mebibytes(done + left)}`,
    );
  }
}

/** Says how much room the work takes, before it begins: a block, where it has to be copied, and its longest day. */
function roomFor(blocks: readonly Block[], { copies }: BlockSource, work: string, tell: (line: string) => void): void {
  const needed = (copies ? 2 : 1) * Math.max(...blocks.map(({ bytes }) => bytes));
  mkdirSync(work, { recursive: true });
  const { bavail, bsize } = statfsSync(work);
  const room = `up to ${mebibytes(needed)} in ${work}, where ${mebibytes(bavail * bsize)} are free`;
  if (needed > bavail * bsize) throw new InvalidInput(`it needs ${room}\n→ another folder: --work`);
  tell(`needs ${room}`);
}

/** Brings the days of a block that aren't there. False: the block is no longer there. */
async function oneBlock(
  block: Block,
  { source, labels, destination, signal, tell }: BackfillArgs,
  result: Backfilled,
  began: number,
): Promise<boolean> {
  let bring: ReturnType<Destination["open"]> | undefined;
  for (const part of daysOf(block, labels)) {
    if (part.maxTime <= destination.oldest) result.tooOld++;
    else if (await destination.has(part)) result.had++;
    else {
      const copy = bring ? undefined : await source.fetch(block);
      if (!bring && copy === undefined) return false;
      bring ??= destination.open(copy!);
      add(result, await bring(part));
      const seconds = Math.round((Date.now() - began) / 1000);
      tell(
        `${day(part.minTime)}: ${mebibytes(result.bytes)} and ${count(result.samples, "sample")} uploaded after ${seconds} s`,
      );
    }
    await pause(0, undefined, { signal });
  }
  source.release(block);
  return true;
}

function add(result: Backfilled, { samples, bytes, left }: Brought): void {
  if (samples > 0) result.brought++;
  result.samples += samples;
  result.bytes += bytes;
  left.forEach((chunks, reason) => result.left.set(reason, (result.left.get(reason) ?? 0) + chunks));
}

const day = (time: number) => new Date(time).toISOString().slice(0, 10);
const range = ({ minTime, maxTime }: Block) =>
  [minTime, maxTime].map((time) => new Date(time).toISOString().slice(0, 16)).join(" to ");
