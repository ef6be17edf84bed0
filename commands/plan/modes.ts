import type { Graph } from "../../engine/graph";
import { lokiWriters, refusedChange, writersOf } from "../../settings/loki-mode-change";
import { clear } from "./volumes";

const writersIn = (graph: Graph) => {
  const found = [...graph.values()].find(({ type }) => type === "observability:loki:Loki");
  const settings = found && clear<{ settings?: Parameters<typeof lokiWriters>[0] }>(found.inputs)?.settings;
  return settings && lokiWriters(settings);
};

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
  const [before, after] = [writersIn(source), writersIn(target)];
  const said = (sentence: string): ModeChange => ({ beside: [`${sentence}: docs/loki-modes.md`], refusals: [] });
  if (!before || !after) return { beside: [], refusals: [] };
  const refused = refusedChange(before, after);
  if (refused) return { beside: [], refusals: [refused] };
  if (!after.former) {
    if (!before.former) return { beside: [], refusals: [] };
    return said(
      `Loki, ${before.former.mode} → ${after.mode}, last step: the rest of ${before.former.mode} is deleted. Its volumes stay; \`npm run verify\` showed which you may delete`,
    );
  }

  const { mode, writers: to } = after.former;
  const from = writersOf(before, mode) ?? 0;
  const title = `Loki, ${mode} → ${after.mode}`;
  if (before.former?.mode !== mode)
    return said(
      `${title}, first step: the new pods start, then the old ones restart, one after the other, and writers of both modes accept lines, in one ring. Next: loki.former.writers: ${to - 1}`,
    );
  if (to >= from) return { beside: [], refusals: [] };
  const next = to > 0 ? `loki.former.writers: ${to - 1}` : "no loki.former";
  return said(
    `${title}: ${from} → ${to} old writers. One flushes to the bucket and leaves; wait six minutes, then \`npm run verify\` shows whether you may delete its volume. Next: ${next}`,
  );
}
