import type { Report, Row } from "./verify";

const marks: Readonly<Record<Row["result"], string>> = { pass: "✓", fail: "✗", "not-run": "–" };

/** Notes that a table shows of a row; `--json` has all. */
const mostNotes = 20;

/** A row's mark and title. */
export const headline = ({ title, result }: Row, width = 0): string => `${marks[result]} ${title.padEnd(width)}`;

/**
 * A row as a line for a terminal, with what to do and what to note below it.
 * @param row the row
 * @param width of its title's column
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

/** A report as a table for a terminal, and its verdict. */
export function table({ stack, stage, checks }: Report): string {
  const width = Math.max(...checks.map(({ title }) => title.length));
  const number = (wanted: Row["result"]) => checks.filter(({ result }) => result === wanted).length;
  const verdict = `${number("pass")} ✓, ${number("fail")} ✗, ${number("not-run")} not run`;
  return [...checks.map((row) => line(row, width)), "", `Stack ${stack}, stage ${stage}: ${verdict}.`].join("\n");
}

/** The rows of a report whose result is another than before, as lines. */
export function changes(before: Report, after: Report): string[] {
  const results = new Map(before.checks.map(({ id, result }) => [id, result]));
  return after.checks.filter(({ id, result }) => results.get(id) !== result).map((row) => line(row));
}
