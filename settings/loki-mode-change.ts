import { writers, type Mode, type Sized } from "./loki-writers";

/** What holds lines: the writers of Loki's mode, and those that are left of the former one while it changes. */
export interface LokiWriters {
  mode: Mode;
  writers: number;
  former?: { mode: Mode; writers: number };
}

/**
 * The writers that settings ask for.
 * @param loki settings of Loki, as far as they say
 */
export function lokiWriters(loki: Sized & { mode: Mode; former?: { mode: Mode; writers?: number } }): LokiWriters {
  const { mode, former } = loki;
  const all = (each: Mode) => writers[each].replicas(loki) ?? 1;
  return {
    ...{ mode, writers: all(mode) },
    ...(former && { former: { mode: former.mode, writers: former.writers ?? all(former.mode) } }),
  };
}

/** How many writers of a mode there are; undefined: the mode isn't there. */
export const writersOf = (loki: LokiWriters, mode: Mode): number | undefined =>
  loki.mode === mode ? loki.writers : loki.former?.mode === mode ? loki.former.writers : undefined;

/**
 * Why an update must not change Loki's writers like this: they leave one at a time, as each holds lines that are not in the bucket yet.
 * @param before the writers before the update
 * @param after those after it
 * @returns undefined if it may
 */
export function refusedChange(before: LokiWriters, after: LokiWriters): string | undefined {
  const why = reasonAgainst(before, after);
  return why && `${why}: docs/loki-modes.md`;
}

function reasonAgainst(before: LokiWriters, after: LokiWriters): string | undefined {
  const ended = [before.former, before].find((each) => each?.writers && writersOf(after, each.mode) === undefined);
  if (ended) {
    const { mode, writers } = ended;
    const first = mode === before.mode ? `={mode: ${mode}}` : `.writers: ${writers - 1}, and so on to 0`;
    return `Loki's writers of mode ${mode} would stop together, and you couldn't tell whether everything they hold is in the bucket. First make an update with loki.former${first}`;
  }
  if (!after.former) return undefined;
  const { mode, writers: to } = after.former;
  const from = writersOf(before, mode) ?? 0;
  if (before.former?.mode !== mode)
    return to < from
      ? "Loki's old writers would leave in the same update in which the new ones start: first make an update without loki.former.writers"
      : undefined;
  return to < from - 1
    ? `${from - to} of Loki's old writers would leave at once: one at a time, fewer lines are refused and fewer are missing from queries. Use loki.former.writers: ${from - 1}`
    : undefined;
}
