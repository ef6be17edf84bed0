import { setTimeout as pause } from "node:timers/promises";
import { count, number } from "../shared/words";
import type { FoundFile } from "./files";
import type { Labels, Loki } from "./loki";

/** What files and Loki have of a day, from midnight to midnight (UTC). */
export interface Day {
  /** Such as 2025-03-05. */
  day: string;
  files: number;
  loki: number;
  /** DAGs or components of which Loki has fewer lines. */
  missing: string[];
}

/** What {@link compare} is made from. */
export interface CompareArgs {
  /** What was imported, from the files' beginnings. */
  files: readonly FoundFile[];
  loki: Loki;
  /** Labels of all streams. */
  labels: Labels;
  /** Nanoseconds since 1970: older lines are not compared. */
  oldest: bigint;
  /** Seconds to wait for Loki to show what was sent. */
  settle: number;
  signal: AbortSignal;
  tell(line: string): void;
}

const day = 86_400n * 10n ** 9n;

/** Seconds between two looks for what is missing: doubled each time, up to this. */
const longestWait = 30;

/** Labels by which lines are counted. */
const by = ["component", "dag_id"];

/**
 * Reads the files once more, and compares each day with Loki: how many lines, by DAG.
 * @returns the days, the oldest first
 */
export async function compare(args: CompareArgs): Promise<Day[]> {
  const { loki, labels, settle, signal, tell } = args;
  const days = [...(await countFiles(args))].sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = `sum by (${by.join(", ")}) (count_over_time(${selectorOf(labels)}[1d]))`;
  const until = Date.now() + settle * 1000;
  const result = new Map<bigint, Day>();
  for (let [rest, wait] = [days, 1]; ; wait = Math.min(2 * wait, longestWait)) {
    const behind: typeof days = [];
    for (const [start, files] of rest) {
      signal.throwIfAborted();
      // Its last nanosecond: a range has its end, and not its beginning.
      const values = await loki.values(lines, start + day - 1n);
      const stored = new Map(values.map((each) => [keyOf(each.labels), each.value]));
      const missing = [...files].filter(([key, expected]) => (stored.get(key) ?? 0) < expected).map(([key]) => key);
      result.set(start, {
        day: new Date(Number(start / 1_000_000n)).toISOString().slice(0, 10),
        files: sum(files.values()),
        loki: sum([...files.keys()].map((key) => stored.get(key) ?? 0)),
        missing,
      });
      if (missing.length > 0) behind.push([start, files]);
    }
    if (behind.length === 0 || Date.now() >= until) break;
    if (wait === longestWait) {
      const minutes = Math.ceil((until - Date.now()) / 60_000);
      tell(`Loki doesn't show all lines of ${count(behind.length, "day")} yet. Asked again for ${minutes} min`);
    }
    rest = behind;
    // Of several writers behind one address, each time another gets it.
    await loki.flush();
    await pause(Math.max(0, Math.min(wait * 1000, until - Date.now())), undefined, { signal });
  }
  return [...result].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

async function countFiles({ files, oldest, signal }: CompareArgs): Promise<Map<bigint, Map<string, number>>> {
  const days = new Map<bigint, Map<string, number>>();
  for (const { file, lines } of files) {
    // Ctrl-C has its turn.
    await new Promise(setImmediate);
    signal.throwIfAborted();
    const key = keyOf(file.source.labels);
    for (let each = lines(), next = each.next(); !next.done; next = each.next()) {
      const { at } = next.value;
      if (at < oldest) continue;
      const start = at - (at % day);
      const counts = days.get(start) ?? new Map<string, number>();
      days.set(start, counts.set(key, (counts.get(key) ?? 0) + 1));
    }
  }
  return days;
}

const keyOf = (labels: Labels) => labels.dag_id ?? labels.component;

const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, each) => total + each, 0);

/** Labels as LogQL's selector. */
export const selectorOf = (labels: Labels): string =>
  `{${Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(", ")}}`;

/** The comparison for a person. */
export function formatDays(days: readonly Day[]): string {
  return [
    `${"day (UTC)".padEnd(10)}  ${"lines in files".padStart(15)}  ${"in Loki".padStart(15)}`,
    ...days.map((one) => {
      const rest = one.missing.length > 3 ? ` and ${one.missing.length - 3} more` : "";
      const said = one.missing.length === 0 ? "✓" : `✗ ${one.missing.slice(0, 3).join(", ")}${rest}`;
      return `${one.day}  ${number(one.files).padStart(15)}  ${number(one.loki).padStart(15)}  ${said}`;
    }),
  ].join("\n");
}
