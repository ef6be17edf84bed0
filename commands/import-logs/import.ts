import { setTimeout as pause } from "node:timers/promises";
import type { FoundFile } from "./files";
import type { Journal } from "./journal";
import type { Position } from "./lines";
import type { Labels, Loki, Stream } from "./loki";
import { inOrder } from "./merge";
import { mebibytes } from "../shared/words";

/** What {@link importLines} is made from. */
export interface ImportArgs {
  files: readonly FoundFile[];
  journal: Journal;
  loki: Loki;
  /** Labels of all streams. */
  labels: Labels;
  /** Nanoseconds since 1970: older lines are left out. */
  oldest: bigint;
  /** Bytes a second that are sent at most. */
  rate: number;
  signal: AbortSignal;
  /** Takes a line of progress. */
  tell(line: string): void;
}

/** What a run sent. */
export interface Imported {
  lines: number;
  /** Those that were left out as too old. */
  tooOld: number;
}

/** Bytes of text in a request: far below what Loki and its gateway take. */
const largest = 2 ** 20;

/**
 * Time that a request covers, in nanoseconds: half an hour. Loki takes lines of a stream up to an hour (half of `ingester.max_chunk_age`)
 * after newer ones, so that a request which is sent again is accepted, and its lines are recognised.
 */
const longest = 1_800n * 10n ** 9n;

const progressEvery = 10_000;

/**
 * Sends the lines of files to Loki, the oldest first, and notes in the journal how far it came.
 * @throws InvalidInput when Loki refuses a line, or is away for too long
 */
export async function importLines(args: ImportArgs): Promise<Imported> {
  const { files, journal, loki, labels, oldest, rate, signal, tell } = args;
  const result: Imported = { lines: 0, tooOld: 0 };
  const total = files.reduce((sum, { size, from }) => sum + size - from.offset, 0);
  const began = Date.now();
  let [done, sent, told] = [0, 0, began];
  let batch = new Batch(labels);
  const send = async () => {
    if (batch.positions.size === 0) return;
    if (batch.streams.size > 0) await loki.push([...batch.streams.values()]);
    journal.confirm(batch.positions);
    sent += batch.bytes;
    result.lines += batch.lines;
    if (Date.now() - told > progressEvery) {
      told = Date.now();
      const percent = Math.floor((100 * done) / total);
      tell(
        `${new Date(Number(batch.last / 1_000_000n)).toISOString().slice(0, 16)}: ${percent} % of ${mebibytes(total)}`,
      );
    }
    batch = new Batch(labels);
    // Ctrl-C has its turn, also where nothing is sent because it is too old.
    await new Promise(setImmediate);
    signal.throwIfAborted();
    const early = (sent / rate) * 1000 - (Date.now() - began);
    if (early > 0) await pause(early, undefined, { signal });
  };
  for (const { file, line } of inOrder(files)) {
    if (batch.bytes + line.text.length > largest || (batch.last > 0n && line.at - batch.first > longest)) await send();
    done += line.end - (batch.positions.get(file.path) ?? journal.position(file.path)).offset;
    if (line.at < oldest) result.tooOld++;
    else batch.add(file, line.at, line.text);
    batch.read(file.path, { offset: line.end, at: line.at });
  }
  await send();
  return result;
}

/** Lines of one request. */
class Batch {
  readonly streams = new Map<string, Stream>();
  readonly positions = new Map<string, Position>();
  bytes = 0;
  lines = 0;
  first = 0n;
  last = 0n;

  constructor(private readonly labels: Labels) {}

  add({ source }: FoundFile["file"], at: bigint, text: string): void {
    const labels = { ...this.labels, ...source.labels };
    const key = JSON.stringify(labels);
    const stream = this.streams.get(key) ?? { labels, entries: [] };
    this.streams.set(key, stream);
    stream.entries.push({ at, text, metadata: source.metadata });
    this.bytes += Buffer.byteLength(text);
    this.lines++;
  }

  read(path: string, position: Position): void {
    this.positions.set(path, position);
    this.first ||= position.at;
    this.last = position.at;
  }
}
