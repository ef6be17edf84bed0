import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import type { Layout } from "./layout";

/** How far a file was read. */
export interface Position {
  /** Bytes. */
  offset: number;
  /** Time of the last line before it, in nanoseconds since 1970; 0 at a file's beginning. */
  at: bigint;
}

/** A line of a file. */
export interface Line {
  /** Nanoseconds since 1970. */
  at: bigint;
  text: string;
  /** Where the next one begins, in bytes. */
  end: number;
}

/** What {@link linesOf} reads. */
export interface LinesArgs {
  path: string;
  /** A file's number, the same in every run: lines of two files that have the same text and time get different nanoseconds. */
  spread: number;
  from: Position;
  /** Bytes up to which it is read: a file may grow meanwhile. */
  size: number;
  stampOf: Layout["stampOf"];
  /** Nanoseconds since 1970: no line is from later. */
  now: bigint;
  /** Bytes of a line that are kept. */
  longest: number;
}

const firstRead = 8 * 2 ** 10;
const largestRead = 256 * 2 ** 10;

/** After this long without a change, in milliseconds, a last line without a line break counts as complete. */
const settled = 3_600_000;

/**
 * A file's lines. Each has the time that it begins with. Where it has none, or one before the line above, it gets a nanosecond more than
 * that line, so that Loki keeps their order. Loki takes lines of one stream with the same time and text for one: what the digits of a time
 * leave free distinguishes them.
 *
 * A last line without a line break is left for the next time, as long as somebody may be writing it. No file is open between two lines.
 */
export function* linesOf(args: LinesArgs): Generator<Line> {
  const { path, spread, size, stampOf, now, longest } = args;
  let { offset, at } = args.from;
  let rest: Buffer = Buffer.alloc(0);
  /** Bytes of the present line that were left out because it is too long. */
  let cut = 0;
  for (let [read, step] = [offset, firstRead]; read < size; step = Math.min(step * 2, largestRead)) {
    const { bytes, changed } = bytesOf(path, read, Math.min(step, size - read));
    // Somebody emptied or deleted it.
    if (bytes.length === 0) return;
    read += bytes.length;
    let piece = Buffer.concat([rest, bytes]);
    if (read === size && piece[piece.length - 1] !== newline && changed + settled < Date.now())
      piece = Buffer.concat([piece, Buffer.of(newline)]);
    let start = 0;
    for (let end; (end = piece.indexOf(newline, start)) !== -1; start = end + 1) {
      const text = piece.toString("utf8", start, Math.min(end, start + longest)).replace(/\r$/, "");
      offset = Math.min(offset + cut + end - start + 1, size);
      cut = 0;
      const stamp = stampOf(text);
      const own = stamp && stamp.at <= now ? stamp.at + (BigInt(spread) % stamp.precision) : undefined;
      const least = at + 1n;
      // What stands above the first time of a file is as old as what follows, or as the file.
      at =
        own ??
        (at > 0n ? least : (firstStamp(piece, end + 1, stampOf, now) ?? BigInt(Math.floor(changed)) * 1_000_000n));
      if (at < least) at = least;
      yield { at, text, end: offset };
    }
    rest = piece.subarray(start);
    if (rest.length > longest) {
      cut += rest.length - longest;
      rest = rest.subarray(0, longest);
    }
  }
}

const newline = 10;

function bytesOf(path: string, offset: number, length: number): { bytes: Buffer; changed: number } {
  if (!existsSync(path)) return { bytes: Buffer.alloc(0), changed: 0 };
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.allocUnsafe(length);
    return { bytes: bytes.subarray(0, readSync(file, bytes, 0, length, offset)), changed: fstatSync(file).mtimeMs };
  } finally {
    closeSync(file);
  }
}

function firstStamp(piece: Buffer, start: number, stampOf: Layout["stampOf"], now: bigint): bigint | undefined {
  for (const line of piece.toString("utf8", start).split("\n")) {
    const stamp = stampOf(line);
    if (stamp && stamp.at <= now) return stamp.at;
  }
  return undefined;
}
