import { loadStackSettings } from "../shared/settings";
import { stackOf } from "../../engine/project";
import { stagesWith } from "../../stages";
import { writePart, type GeneratedPart } from "../shared/page";
import { offlinePreview, type Preview } from "../shared/preview";
import { mermaid } from "./mermaid";
import { pictureOf } from "./picture";

/** The part of docs/stages.md that is drawn from the graph of a stack. */
export const picturesPart: GeneratedPart = { page: "docs/stages.md", name: "graph", script: "graph" };

/**
 * The data flow of each stage, as Markdown.
 * @param previews one of each stage, in their order
 */
export const pictures = (previews: readonly Preview[]): string =>
  previews
    .map((preview) => `Stage \`${preview.stage}\`:\n\n\`\`\`mermaid\n${mermaid(pictureOf(preview))}\n\`\`\``)
    .join("\n\n");

/** npm run graph, which names the stack's file */
async function main(): Promise<void> {
  const drawn = stackOf(process.argv[2] ?? "");
  const stages = stagesWith(loadStackSettings(drawn).settings.metrics.backend);
  const previews = await Promise.all(stages.map((stage) => offlinePreview({ ...drawn, stage, from: stage })));
  writePart(picturesPart, pictures(previews));
}

if (require.main === module)
  void main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 2;
  });
