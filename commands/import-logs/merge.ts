import type { Line } from "./lines";

/** A file that has lines to send. */
export interface Waiting<File> {
  file: File;
  /** Time of its first line, in nanoseconds since 1970. */
  first: bigint;
  lines(): Iterator<Line, void>;
}

interface Open<File> {
  file: File;
  line: Line;
  rest: Iterator<Line, void>;
}

/**
 * The lines of many files, the oldest first: Loki refuses lines of a stream that are an hour older than its newest. A file is read from when
 * its first line's turn has come, so that only those are in memory which were written at the same time.
 * @param files in any order
 */
export function* inOrder<File>(files: readonly Waiting<File>[]): Generator<{ file: File; line: Line }> {
  const waiting = [...files].sort((a, b) => (a.first < b.first ? 1 : -1));
  /** The oldest is the last. */
  const open: Open<File>[] = [];
  const add = (file: File, rest: Iterator<Line, void>) => {
    const { value: line } = rest.next();
    if (!line) return;
    let [low, high] = [0, open.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (open[middle].line.at >= line.at) low = middle + 1;
      else high = middle;
    }
    open.splice(low, 0, { file, line, rest });
  };
  for (;;) {
    const oldest = open[open.length - 1]?.line.at;
    const next = waiting[waiting.length - 1];
    if (next && (oldest === undefined || next.first <= oldest)) {
      waiting.pop();
      add(next.file, next.lines());
      continue;
    }
    const turn = open.pop();
    if (!turn) return;
    yield { file: turn.file, line: turn.line };
    add(turn.file, turn.rest);
  }
}
