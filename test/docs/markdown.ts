import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** The repository's root folder. */
export const root = join(__dirname, "../..");

/** A Markdown file. */
export interface Page {
  /** Path from the root, such as `docs/alerts.md`. */
  path: string;
  text: string;
}

/** Every Markdown file of the repository. */
export const pages: readonly Page[] = markdownFiles(root).map((file) => ({
  path: relative(root, file),
  text: readFileSync(file, "utf8"),
}));

function markdownFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === "node_modules" || entry.name === "out" || entry.name.startsWith(".")) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? markdownFiles(path) : entry.name.endsWith(".md") ? [path] : [];
  });
}

/** The text between lines of three backticks, each with the language that it names. */
export function fences({ text }: Page): { language: string; code: string }[] {
  const indented = [...text.matchAll(/^( *)```(\w*)\n([\s\S]*?)\n *```$/gm)];
  return indented.map(([, indent, language, code]) => ({
    language,
    code: code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  }));
}

const withoutFences = onceEach(({ text }) => text.replaceAll(/^ *```[\s\S]*?\n *```$/gm, ""));

/** What stands between single backticks. */
export const spans = (page: Page): string[] =>
  [...withoutFences(page).matchAll(/`([^`\n]+)`/g)].map(([, code]) => code);

/** Every piece of code: of fences each line, and spans. */
export const code = (page: Page): string[] => [...fences(page).flatMap(({ code }) => code.split("\n")), ...spans(page)];

/** Targets of a page's links, images and references left out. */
export const links = (page: Page): string[] =>
  [
    ...withoutFences(page)
      .replaceAll(/`[^`\n]*`/g, "code")
      .matchAll(/\]\(([^)\s]+)\)/g),
  ].map(([, target]) => target);

/** Anchors of a page's headings, as GitHub makes them: a second heading of the same text gets `-1`. */
export const anchors = onceEach((page): readonly string[] => {
  const headings = [...withoutFences(page).matchAll(/^#{1,6} (.*)$/gm)].map(([, heading]) =>
    heading
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\-_ ]/gu, "")
      .replaceAll(" ", "-"),
  );
  return headings.map((anchor, i) => {
    const before = headings.slice(0, i).filter((other) => other === anchor).length;
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
});

/** A function of a page that is computed once for each: many links lead to the same long page. */
function onceEach<T>(of: (page: Page) => T): (page: Page) => T {
  const known = new Map<Page, T>();
  return (page) => {
    if (!known.has(page)) known.set(page, of(page));
    return known.get(page)!;
  };
}

/** The part of a page below a heading, up to the next one of any level. */
export function section({ text }: Page, heading: string): string | undefined {
  return new RegExp(`^#+ ${heading}\\n([\\s\\S]*?)(?=^#|(?![\\s\\S]))`, "m").exec(text)?.[1];
}
