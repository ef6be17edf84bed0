import type { Graph } from "../../engine/graph";
import { writers, type Sized } from "../../settings/loki-writers";
import { clear } from "./volumes";

type Mode = keyof typeof writers;

interface Loki extends Sized {
  mode: Mode;
  former?: { mode: Mode; writers?: number };
}

const page = "docs/loki-modes.md";

const settingsIn = (graph: Graph): Loki | undefined => {
  const found = [...graph.values()].find(({ type }) => type === "observability:loki:Loki");
  return found && clear<{ settings?: Loki }>(found.inputs)?.settings;
};

/** How many writers of each mode there are. */
function writersOf(loki: Loki): Map<string, number> {
  const { mode, former } = loki;
  const all = (each: Mode) => writers[each].replicas(loki) ?? 1;
  return new Map([[mode, all(mode)], ...(former ? [[former.mode, former.writers ?? all(former.mode)] as const] : [])]);
}

/** What a plan says of a change of Loki's mode. */
export interface ModeChange {
  /** which step it is, and what comes next */
  beside: string[];
  /** why it must not be made as it is */
  refusals: string[];
}

/**
 * A change of Loki's mode goes step by step: the new processes come beside the old, the old writers leave one at a time, and what is left of the old
 * goes.
 * @param source the stack before the move
 * @param target the stack after it
 */
export function modeChange(source: Graph, target: Graph): ModeChange {
  const [before, after] = [settingsIn(source), settingsIn(target)];
  const said = (sentence: string): ModeChange => ({ beside: [`${sentence}: ${page}`], refusals: [] });
  const refused = (why: string): ModeChange => ({ beside: [], refusals: [`${why}: ${page}`] });
  if (!before || !after) return { beside: [], refusals: [] };
  const [were, are] = [writersOf(before), writersOf(after)];

  const [ended] = [...were].filter(([mode, writers]) => writers > 0 && !are.has(mode));
  if (ended) {
    const [mode, writers] = ended;
    const first = mode === before.mode ? `={mode: ${mode}}` : `.writers: ${writers - 1}, and so on to 0`;
    return refused(
      `Loki's writers of mode ${mode} would stop together, and you couldn't tell whether everything they hold is in the bucket. First make an update with loki.former${first}`,
    );
  }
  if (!after.former) {
    if (!before.former) return { beside: [], refusals: [] };
    return said(
      `Loki, ${before.former.mode} → ${after.mode}, last step: the rest of ${before.former.mode} is deleted. Its volumes stay; \`npm run verify\` showed which you may delete`,
    );
  }

  const { mode } = after.former;
  const [from, to] = [were, are].map((writers) => writers.get(mode) ?? 0);
  const title = `Loki, ${mode} → ${after.mode}`;
  if (before.former?.mode !== mode)
    return to < from
      ? refused(
          "Loki's old writers would leave in the same update in which the new ones start: first make an update without loki.former.writers",
        )
      : said(
          `${title}, first step: the new pods start, then the old ones restart, one after the other, and writers of both modes accept lines, in one ring. Next: loki.former.writers: ${to - 1}`,
        );
  if (to >= from) return { beside: [], refusals: [] };
  if (to < from - 1)
    return refused(
      `${from - to} of Loki's old writers would leave at once: one at a time, fewer lines are refused and fewer are missing from queries. Use loki.former.writers: ${from - 1}`,
    );
  const next = to > 0 ? `loki.former.writers: ${to - 1}` : "no loki.former";
  return said(
    `${title}: ${from} → ${to} old writers. One flushes to the bucket and leaves; wait six minutes, then \`npm run verify\` shows whether you may delete its volume. Next: ${next}`,
  );
}
