import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { InvalidInput } from "../../engine/errors";
import type { Position } from "./lines";

/** A line of the file. */
type Entry =
  | { version: 1; from: string }
  /** A run's name, and the newest time that Loki confirmed of it. */
  | { import: string; newest: string }
  /** Offset and time (a text: it is no number of JSON) by path. */
  | { read: Record<string, [offset: number, at: string]> }
  | { finished: string };

/**
 * How far each file was brought to Loki. A line is added after each request that Loki has confirmed: a run that was killed sends at most
 * one again, which Loki recognises.
 */
export class Journal {
  private readonly read = new Map<string, Position>();
  private run: { name: string; newest: bigint } | undefined;

  private constructor(private readonly file: string) {}

  /**
   * Opens it, or begins one.
   * @param file where it is
   * @param from the folder whose files it is about
   * @throws InvalidInput when it is about another folder, or no journal
   */
  static open(file: string, from: string): Journal {
    const journal = new Journal(file);
    for (const [number, line] of (existsSync(file) ? readFileSync(file, "utf8") : "").split("\n").entries()) {
      // The last one has no line break if a run was killed while it wrote it.
      const entry = parsed(line);
      if (number === 0 && line !== "") refuseOther(file, from, entry);
      if (entry) journal.take(entry);
    }
    return journal;
  }

  /** How far a file was read. */
  position(path: string): Position {
    return this.read.get(path) ?? { offset: 0, at: 0n };
  }

  /** Whether Loki may have something of an import. */
  get begun(): boolean {
    return this.read.size > 0 || this.run !== undefined;
  }

  /**
   * Time that the run which wasn't finished had come to, in nanoseconds since 1970. Lines from before it can't go into its streams any more,
   * those that follow have to: one request of them may be there already.
   */
  get newest(): bigint {
    return this.run?.newest ?? 0n;
  }

  /**
   * Begins a run, or continues the one that wasn't finished.
   * @param now its name, if it is a new one
   * @returns its name: the value of the label `import`
   */
  start(from: string, now: string): string {
    this.run ??= { name: now, newest: 0n };
    const entries: Entry[] = [
      { version: 1, from },
      ...[...this.read].map(([path, position]) => entryOf([[path, position]])),
      { import: this.run.name, newest: `${this.run.newest}` },
    ];
    // Rewritten now and then, otherwise it would grow for ever.
    writeFileSync(`${this.file}.new`, entries.map(lineOf).join(""));
    renameSync(`${this.file}.new`, this.file);
    return this.run.name;
  }

  /** What Loki has confirmed. */
  confirm(positions: Iterable<[path: string, position: Position]>): void {
    const all = [...positions];
    this.add(entryOf(all));
  }

  /** Everything that was to be sent has been: the next run is another one. */
  finish(now: string): void {
    this.add({ finished: now });
  }

  private add(entry: Entry): void {
    appendFileSync(this.file, lineOf(entry));
    this.take(entry);
  }

  private take(entry: Entry): void {
    if ("import" in entry) this.run = { name: entry.import, newest: BigInt(entry.newest) };
    if ("finished" in entry) this.run = undefined;
    if ("read" in entry)
      for (const [path, [offset, text]] of Object.entries(entry.read)) {
        const at = BigInt(text);
        this.read.set(path, { offset, at });
        if (this.run && at > this.run.newest) this.run.newest = at;
      }
  }
}

const lineOf = (entry: Entry) => `${JSON.stringify(entry)}\n`;

const entryOf = (positions: readonly [string, Position][]): Entry => ({
  read: Object.fromEntries(positions.map(([path, { offset, at }]) => [path, [offset, `${at}`]])),
});

function parsed(line: string): Entry | undefined {
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return undefined;
  }
}

function refuseOther(file: string, from: string, entry: Entry | undefined): void {
  if (!entry || !("version" in entry) || entry.version !== 1)
    throw new InvalidInput(`${file} is not a journal of import-logs\n→ another file: --journal`);
  if (entry.from !== from)
    throw new InvalidInput(
      `${file} is the journal of another folder, ${entry.from}\n→ another file: --journal; or, if that folder is now ${from}, correct its first line`,
    );
}
