import { checklist, type ChecklistArgs, type ChecklistRow } from "../shared/checklist";
import { groupBy } from "../shared/group-by";
import type { Report, Row } from "./verify";

const marks: Readonly<Record<Row["result"], string>> = { pass: "✓", fail: "✗", "not-run": "–" };

/** Notes that the table shows for a row; `--json` has all. */
const mostNotes = 20;

/** A row's mark and title. */
export const headline = ({ title, result }: Row): string => `${marks[result]} ${title}`;

/** A row of a stack by itself, for a terminal, with what to do and the notes below it. */
export const line = (row: Row, stack: string, configFile?: string): string =>
  checklist([shown(row)], { stack, configFile });

/**
 * A report for a terminal: how many rows are how; then what is wrong, what is right, and what was not run, where rows with the same reason share one
 * line.
 * @param report the report
 * @param around the terminal, and the stack's file
 */
export function table({ stack, stage, checks }: Report, around?: Omit<ChecklistArgs, "stack">): string {
  const of = (result: Row["result"]) => checks.filter((row) => row.result === result);
  const verdict = `${of("pass").length} ✓, ${of("fail").length} ✗, ${of("not-run").length} not run`;
  const rows = [...of("fail").map(shown), ...of("pass").map(shown), ...notRunTogether(of("not-run"))];
  return `Stack ${stack}, stage ${stage}: ${verdict}.\n\n${checklist(rows, { ...around, stack })}`;
}

function shown({ title, result, detail, todo, notes = [] }: Row): ChecklistRow {
  const more = notes.length - mostNotes;
  return {
    mark: marks[result],
    cells: [title],
    detail: result === "not-run" ? `not run: ${detail}` : detail,
    todo,
    notes: [...notes.slice(0, mostNotes), ...(more > 0 ? [`and ${more} more: --json`] : [])],
  };
}

function notRunTogether(rows: readonly Row[]): ChecklistRow[] {
  return [...groupBy(rows, ({ detail }) => detail)].map(([reason, of]) => ({
    mark: marks["not-run"],
    cells: [],
    detail: `${of.map(({ title }) => title).join(", ")}  not run: ${reason}`,
  }));
}

/** The rows of a report whose result has changed, as lines. */
export function changes(before: Report, after: Report, configFile?: string): string[] {
  const results = new Map(before.checks.map(({ id, result }) => [id, result]));
  return after.checks
    .filter(({ id, result }) => results.get(id) !== result)
    .map((row) => line(row, after.stack, configFile));
}
