import type { Report, Row } from "./verify";

const marks: Readonly<Record<Row["result"], string>> = { pass: "✓", fail: "✗", "not-run": "–" };

/** Notes that the table shows for a row; `--json` has all. */
const mostNotes = 20;

/** A row's mark and title. */
export const headline = ({ title, result }: Row, width = 0): string => `${marks[result]} ${title.padEnd(width)}`;

/**
 * A row as a line for a terminal, with what to do and the notes below it.
 * @param row the row
 * @param width width of the title's column
 */
export function line(row: Row, width = row.title.length): string {
  const { result, detail, todo, notes = [] } = row;
  const below = (text: string) => `${" ".repeat(width + 4)}${text}`;
  const shown = notes.slice(0, mostNotes);
  return [
    `${headline(row, width)}  ${result === "not-run" ? `not run: ${detail}` : detail}`,
    ...(todo === undefined ? [] : [below(`→ ${todo}`)]),
    ...shown.map((note) => below(`· ${note}`)),
    ...(notes.length > shown.length ? [below(`· and ${notes.length - shown.length} more: --json`)] : []),
  ].join("\n");
}

/** A report as a table for a terminal, with a summary. Rows that are not run for the same reason share one line at the end. */
export function table({ stack, stage, checks }: Report): string {
  const asked = checks.filter(({ result }) => result !== "not-run");
  const width = Math.max(0, ...asked.map(({ title }) => title.length));
  const number = (wanted: Row["result"]) => checks.filter(({ result }) => result === wanted).length;
  const verdict = `${number("pass")} ✓, ${number("fail")} ✗, ${number("not-run")} not run`;
  return [...asked, ...notRunTogether(checks)]
    .map((row) => line(row, width))
    .concat("", `Stack ${stack}, stage ${stage}: ${verdict}.`)
    .join("\n");
}

function notRunTogether(checks: readonly Row[]): Row[] {
  const rows = checks.filter(({ result }) => result === "not-run");
  return [...new Set(rows.map(({ detail }) => detail))].map((reason) => {
    const of = rows.filter(({ detail }) => detail === reason);
    return { ...of[0], title: of.map(({ title }) => title).join(", ") };
  });
}

/** The rows of a report whose result has changed, as lines. */
export function changes(before: Report, after: Report): string[] {
  const results = new Map(before.checks.map(({ id, result }) => [id, result]));
  return after.checks.filter(({ id, result }) => results.get(id) !== result).map((row) => line(row));
}
