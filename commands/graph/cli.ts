import { loadStackSettings } from "../shared/settings";
import { stackOf } from "../../engine/project";
import { backendTitles, stagesWith, type Backend } from "../../stages";
import { writePart, type GeneratedPart } from "../shared/page";
import { offlinePreview, type Preview } from "../shared/preview";
import { mermaid } from "./mermaid";
import { pictureOf } from "./picture";

/** The part of docs/stages.md that is drawn from the graphs of stacks. */
export const picturesPart: GeneratedPart = { page: "docs/stages.md", name: "graph", script: "graph" };

/** A stack that is drawn. */
export interface Drawn {
  backend: Backend;
  /** One of each of its stages, in their order. */
  previews: readonly Preview[];
}

/**
 * The data flow of each stage, as Markdown.
 * @param stacks one for each backend
 */
export const pictures = (stacks: readonly Drawn[]): string =>
  stacks
    .flatMap(({ backend, previews }) =>
      previews.map(
        (preview) =>
          `Stage \`${preview.stage}\` with ${backendTitles[backend]}:\n\n\`\`\`mermaid\n${mermaid(pictureOf(preview))}\n\`\`\``,
      ),
    )
    .join("\n\n");

/** npm run graph, which names the stacks' files */
async function main(): Promise<void> {
  const drawn = process.argv.slice(2).map(async (file): Promise<Drawn> => {
    const stack = stackOf(file);
    const { backend } = loadStackSettings(stack).settings.metrics;
    const stages = stagesWith(backend);
    return {
      backend,
      previews: await Promise.all(stages.map((stage) => offlinePreview({ ...stack, stage, from: stage }))),
    };
  });
  writePart(picturesPart, pictures(await Promise.all(drawn)));
}

if (require.main === module)
  void main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 2;
  });
