import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ownProgram } from "../../engine/project";

/** A part of a page that a command writes, between two comments. */
export interface GeneratedPart {
  /** the page, from the repository's root */
  page: string;
  /** what the comments call it: `settings: begin` and `settings: end` */
  name: string;
  /** the npm script that writes it */
  script: string;
}

/**
 * A page with its generated part replaced.
 * @param text the page
 * @param part which part of it
 * @param content Markdown
 * @throws Error when the page lacks the part's markers
 */
export function withPart(text: string, { page, name, script }: GeneratedPart, content: string): string {
  const [begin, end] = [`<!-- ${name}: begin (npm run ${script}) -->`, `<!-- ${name}: end -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${page}: put ${begin} and ${end} where the generated part belongs.`);
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
}

/** Replaces the generated part of a page in this repository. */
export function writePart(part: GeneratedPart, content: string): void {
  const file = join(ownProgram, part.page);
  writeFileSync(file, withPart(readFileSync(file, "utf8"), part, content));
}
