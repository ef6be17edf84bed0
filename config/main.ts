import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { pulumiConfig, settingsTable } from "./document";

/**
 * Writes what the schema says into README.md, between its markers, and into Pulumi.yaml, as its `config:` block.
 * Usage: npm run settings
 */

const root = join(__dirname, "..");

/** The README's part that is written from the schema. */
export const markers = { begin: "<!-- settings: begin (npm run settings) -->", end: "<!-- settings: end -->" };

/**
 * A README with its settings written anew.
 * @param readme the text of README.md
 * @throws Error when it has no markers
 */
export function withSettings(readme: string): string {
  const [begin, end] = [readme.indexOf(markers.begin), readme.indexOf(markers.end)];
  if (begin === -1 || end < begin)
    throw new Error(`README.md: put ${markers.begin} and ${markers.end} where the settings are to stand.`);
  return `${readme.slice(0, begin + markers.begin.length)}\n\n${settingsTable()}\n\n${readme.slice(end)}`;
}

/**
 * A Pulumi.yaml with its `config:` block written anew.
 * @param project the text of Pulumi.yaml
 */
export function withConfig(project: string): string {
  const document = parseDocument(project);
  const config = document.createNode(pulumiConfig());
  config.commentBefore = " Written from config/schema.ts by `npm run settings`.";
  document.set("config", config);
  return document.toString({ lineWidth: 0 });
}

if (require.main === module) {
  const readme = join(root, "README.md");
  const project = join(root, "Pulumi.yaml");
  writeFileSync(readme, withSettings(readFileSync(readme, "utf8")));
  writeFileSync(project, withConfig(readFileSync(project, "utf8")));
}
