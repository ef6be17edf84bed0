/**
 * Breaks long lines at spaces; the rest of a line is indented three more columns than its beginning.
 * @param text lines
 * @param columns width of the terminal; undefined where the output is no terminal: nothing is broken
 */
export function wrap(text: string, columns: number | undefined): string {
  if (columns === undefined) return text;
  return text
    .split("\n")
    .flatMap((line) => wrapLine(line, columns))
    .join("\n");
}

/**
 * The same of a line.
 * @param line one
 * @param columns width of the terminal
 * @param rest what the rest of the line is indented by
 */
export function wrapLine(line: string, columns: number | undefined, rest?: number): string[] {
  if (columns === undefined) return [line];
  const indent = /^ */.exec(line)![0];
  const below = " ".repeat(rest ?? indent.length + 3);
  const lines: string[] = [];
  let current = "";
  for (const word of line.slice(indent.length).split(" ")) {
    const start = lines.length === 0 ? indent : below;
    const longer = current === "" ? `${start}${word}` : `${current} ${word}`;
    if (current === "" || longer.length <= columns) current = longer;
    else {
      lines.push(current.trimEnd());
      current = `${below}${word}`;
    }
  }
  return [...lines, current];
}
