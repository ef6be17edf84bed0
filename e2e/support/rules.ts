import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** The repository's root. */
export const root = resolve(__dirname, "../..");

/** Every stack that has settings. */
export const stacks = readdirSync(root).flatMap((file) => /^Pulumi\.(\w+)\.yaml$/.exec(file)?.[1] ?? []);

/**
 * Anchors of a Markdown file's headings, as GitHub makes them.
 * @param file its path from the repository's root
 */
export function anchors(file: string): string[] {
  const headings = [...readFileSync(join(root, file), "utf8").matchAll(/^#+ (.*)$/gm)];
  return headings.map(([, text]) =>
    text
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}
