import { ofStack } from "../../settings/of-stack";
import { wrapLine } from "./wrap";

/** A row of a checklist. */
export interface ChecklistRow {
  /** `✓`, `✗` and the like. */
  mark: string;
  /** What was checked, in columns; none: the detail has it. */
  cells: readonly string[];
  /** What was found. */
  detail: string;
  /** What to do about it. */
  todo?: string;
  notes?: readonly string[];
}

/** For whom rows are. */
export interface ChecklistArgs {
  /** Width of the terminal; default: the output is no terminal, and no line is broken. */
  columns?: number;
  /** Its commands are those that the rows advise. */
  stack: string;
  /** File of its settings, if the command was given one. */
  configFile?: string;
}

/** Columns that are needed beside the cells for an aligned text to be read with ease. */
const narrowest = 60;

/**
 * Rows for a terminal, each with what to do and its notes below it.
 * @param rows in their order
 */
export function checklist(rows: readonly ChecklistRow[], { columns, stack, configFile }: ChecklistArgs): string {
  const widths = Array.from({ length: Math.max(0, ...rows.map(({ cells }) => cells.length)) }, (_, i) =>
    Math.max(...rows.map(({ cells }) => cells[i]?.length ?? 0)),
  );
  const aligned = widths.reduce((sum, width) => sum + width + 2, 2);
  const indent = columns !== undefined && columns - aligned < narrowest ? 4 : aligned;
  const lines = (text: string, rest: number) => wrapLine(ofStack(text, stack, configFile), columns, rest);
  const below = (text: string) => lines(`${" ".repeat(indent)}${text}`, indent + 2);
  return rows
    .flatMap(({ mark, cells, detail, todo, notes = [] }) => [
      ...lines([`${mark} `, ...cells.map((cell, i) => `${cell.padEnd(widths[i])}  `), detail].join(""), indent),
      ...(todo === undefined ? [] : below(`→ ${todo}`)),
      ...notes.flatMap((note) => below(`· ${note}`)),
    ])
    .join("\n");
}
