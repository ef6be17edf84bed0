import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { InvalidInput } from "../../engine/errors";
import { backfilledMark } from "../shared/backfilled";
import type { Span } from "./tsdb/cut";

/** A block of Prometheus. */
export interface Block extends Span {
  ulid: string;
  /** Of its index and chunks. */
  bytes: number;
}

/** What Mimir takes as one block: the longest that its compactor makes, which begin at midnight (UTC). Default of `compactor.block_ranges`. */
const longest = 86_400_000;

/** ULIDs are written in Crockford's base 32. */
const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const isUlid = (name: string) => /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(name);

/** What was found of a block. */
export interface FoundBlock {
  ulid: string;
  /** Where, for messages. */
  path: string;
  /** Its `meta.json`. */
  meta: string;
  /** Of its index and chunks; undefined: it has no index. */
  bytes?: number;
}

/**
 * Blocks that can be uploaded, the newest first: if the rest never comes, Mimir's history has no hole.
 * @param found what was found
 * @param place where, for messages
 * @throws InvalidInput when there is none, or with all that can't be uploaded
 */
export function checkedBlocks(found: readonly FoundBlock[], place: string): Block[] {
  const named = found.filter(({ ulid }) => isUlid(ulid));
  if (named.length === 0)
    throw new InvalidInput(
      `${place} has no block\n→ expected: folders named like 01K9Q2V4M5W7X8Y9Z0A1B2C3D4, each with meta.json, index and chunks`,
    );
  const problems: string[] = [];
  const blocks = named.flatMap(({ ulid, path, meta: text, bytes }) => {
    const problem = (said: string) => void problems.push(`${path}: ${said}`);
    const meta = bytes === undefined ? noIndex : readMeta(text);
    if (bytes === undefined || typeof meta === "string") return problem(meta as string) ?? [];
    const { minTime, maxTime, stats, thanos } = meta;
    if (stats?.numTombstones)
      problem(
        "has deleted series that would come back\n→ POST /api/v1/admin/tsdb/clean_tombstones to Prometheus, and start again",
      );
    if (thanos?.downsample?.resolution) problem("is downsampled, which Mimir doesn't accept");
    return [{ ulid, minTime, maxTime, bytes }];
  });
  if (problems.length > 0) throw new InvalidInput(problems.join("\n"));
  return blocks.sort((a, b) => b.maxTime - a.maxTime || b.minTime - a.minTime);
}

/** Where blocks are taken from. */
export interface BlockSource {
  /**
   * The blocks that are there now, the newest first. Prometheus merges and deletes some at any time.
   * @throws InvalidInput when there is none, or with all that can't be uploaded
   */
  blocks(): Promise<Block[]>;
  /**
   * Brings a block to this machine.
   * @returns a folder with its index and chunks; undefined: it is no longer there
   */
  fetch(block: Block): Promise<string | undefined>;
  /** Says that a block's folder is no longer needed. */
  release(block: Block): void;
  /** Whether {@link fetch} needs room for a block. */
  readonly copies: boolean;
}

/**
 * The blocks in a folder of this machine.
 * @param folder a copy of Prometheus's data, or a snapshot
 */
export const blocksInFolder = (folder: string): BlockSource => ({
  blocks: () =>
    Promise.resolve(
      checkedBlocks(
        readdirSync(folder)
          .filter((name) => existsSync(join(folder, name, "meta.json")))
          .map((ulid): FoundBlock => {
            const path = join(folder, ulid);
            const meta = readFileSync(join(path, "meta.json"), "utf8");
            return { ulid, path, meta, ...(existsSync(join(path, "index")) && { bytes: bytesIn(path) }) };
          }),
        folder,
      ),
    ),
  fetch: ({ ulid }) => Promise.resolve(join(folder, ulid)),
  release: () => undefined,
  copies: false,
});

interface PrometheusMeta extends Span {
  version: number;
  stats?: { numTombstones?: number };
  thanos?: { downsample?: { resolution?: number } };
}

const noIndex = "has no index: it was copied only in part\n→ copy it again, or remove the folder";

function readMeta(text: string): PrometheusMeta | string {
  try {
    const meta = JSON.parse(text) as PrometheusMeta;
    return meta.version === 1 ? meta : `meta.json is of version ${meta.version}; expected: 1`;
  } catch (error) {
    return `meta.json can't be read: ${(error as Error).message}`;
  }
}

const bytesIn = (folder: string): number =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).reduce(
    (sum, name) => sum + statSync(join(folder, name)).size,
    0,
  );

/** What Mimir gets as one block. */
export interface Part extends Span {
  /**
   * What it is called in Mimir: the same in every run, so Mimir knows which ones it has.
   * @param attempt from 0; Mimir takes no second block of a name under which it refused one
   */
  ulid(attempt: number): string;
}

/** The days of a block, the newest first. Prometheus's blocks span 18, 54 or more hours, and Mimir refuses those that cross midnight. */
export function daysOf(
  { ulid, minTime, maxTime }: Omit<Block, "bytes">,
  labels: Readonly<Record<string, string>>,
): Part[] {
  const first = Math.floor(minTime / longest);
  return Array.from({ length: Math.ceil(maxTime / longest) - first }, (_, i): Part => {
    const start = (first + i) * longest;
    const span = { minTime: Math.max(minTime, start), maxTime: Math.min(maxTime, start + longest) };
    const what = [ulid, span, Object.entries(labels).sort()];
    return { ...span, ulid: (attempt) => `${ulid.slice(0, 10)}${hash([...what, attempt])}${backfilledMark}` };
  }).reverse();
}

/** What a ULID has between its time and {@link backfilledMark}. */
function hash(what: unknown): string {
  const bytes = createHash("sha256").update(JSON.stringify(what)).digest();
  return Array.from(bytes.subarray(0, 16 - backfilledMark.length), (byte) => digits[byte % 32]).join("");
}
