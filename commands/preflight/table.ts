import type { Found, Result } from "../shared/api/result";
import { checklist, type ChecklistArgs } from "../shared/checklist";

const marks: Record<Found["status"], string> = { failed: "✗", unsure: "?", ok: "✓", skipped: "–" };

/**
 * The results for a terminal: whether something is in the way; then what to fix, what to look at, and the rest.
 * @param stack the stack's name
 * @param results what was found
 * @param around the terminal, and the stack's file
 */
export function table(stack: string, results: readonly Result[], around?: Omit<ChecklistArgs, "stack">): string {
  const of = (status: Found["status"]) => results.filter((result) => result.status === status);
  const [wrong, doubts] = [of("failed").length, of("unsure").length];
  const verdict = wrong === 0 ? "nothing is in the way" : `${wrong} to fix first`;
  const rows = (Object.keys(marks) as Found["status"][])
    .flatMap(of)
    .map(({ status, area, what, found, todo }) => ({ mark: marks[status], cells: [area, what], detail: found, todo }));
  const doubtful = doubts === 0 ? "" : `; ${doubts} to look at (?)`;
  return `Stack ${stack}: ${verdict}${doubtful}.\n\n${checklist(rows, { ...around, stack })}`;
}
