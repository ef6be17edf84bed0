import type { Found, Result } from "../shared/api/result";

const marks: Record<Found["status"], string> = { ok: "✓", failed: "✗", unsure: "?", skipped: "–" };

/**
 * The results as a table for a terminal: a line for each, and what to do below it.
 * @param results what was found
 */
export function table(results: readonly Result[]): string {
  const width = (column: (r: Result) => string) => Math.max(...results.map((r) => column(r).length));
  const [area, what] = [width((r) => r.area), width((r) => r.what)];
  return results
    .flatMap((r) => [
      `${marks[r.status]} ${r.area.padEnd(area)}  ${r.what.padEnd(what)}  ${r.found}`,
      ...(r.todo ? [`${" ".repeat(area + what + 6)}→ ${r.todo}`] : []),
    ])
    .join("\n");
}
