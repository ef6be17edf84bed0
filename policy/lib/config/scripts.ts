/** A text that a shell script writes. */
export interface Heredoc {
  /** The word that ends it. */
  word: string;
  text: string;
}

/** The texts that a shell script writes, such as a configuration with `cat > /etc/loki.yaml <<EOF`. */
export function heredocsIn(script: string): Heredoc[] {
  const found: Heredoc[] = [];
  const lines = script.split("\n");
  for (let line = 0; line < lines.length; line++) {
    const [, dash, word] = /<<(-?)\s*["']?([A-Za-z_]\w*)["']?/.exec(lines[line]) ?? [];
    if (word === undefined) continue;
    const end = endOf(lines, line + 1, word, dash !== "");
    if (end === undefined) break;
    const body = lines.slice(line + 1, end);
    found.push({ word, text: (dash ? body.map((each) => each.replace(/^\t+/, "")) : body).join("\n") });
    line = end;
  }
  return found;
}

// Begins where the text does: a script may have thousands of them.
function endOf(lines: readonly string[], start: number, word: string, isIndented: boolean): number | undefined {
  for (let line = start; line < lines.length; line++) {
    if ((isIndented ? lines[line].trimStart() : lines[line]) === word) return line;
  }
  return undefined;
}
