import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stageNames } from "../config/sections/migration";
import { offlinePreview, ownProgram, type Preview } from "../offline/preview";
import { mermaid } from "./mermaid";
import { pictureOf } from "./picture";

/**
 * Writes the data flow of each stage into README.md, between its markers, as the graph of the stack `production` has it.
 * Usage: npm run graph
 */

/** The stack that is drawn. */
export const drawnStack = "production";

/** The README's part that is written from the graph. */
export const markers = { begin: "<!-- graph: begin (npm run graph) -->", end: "<!-- graph: end -->" };

/**
 * A README with its pictures drawn anew.
 * @param readme the text of README.md
 * @param previews one of each stage, in their order
 * @throws Error when it has no markers
 */
export function withPictures(readme: string, previews: readonly Preview[]): string {
  const [begin, end] = [readme.indexOf(markers.begin), readme.indexOf(markers.end)];
  if (begin === -1 || end < begin)
    throw new Error(`README.md: put ${markers.begin} and ${markers.end} where the pictures are to stand.`);
  const pictures = previews.map(
    (preview) => `Stage \`${preview.stage}\`:\n\n\`\`\`mermaid\n${mermaid(pictureOf(preview))}\n\`\`\``,
  );
  return `${readme.slice(0, begin + markers.begin.length)}\n\n${pictures.join("\n\n")}\n\n${readme.slice(end)}`;
}

async function main(): Promise<void> {
  const file = join(ownProgram, "README.md");
  const previews = await Promise.all(
    stageNames.map((stage) => offlinePreview({ stack: drawnStack, stage, from: stage })),
  );
  writeFileSync(file, withPictures(readFileSync(file, "utf8"), previews));
}

if (require.main === module)
  void main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 2;
  });
