import { stackOf } from "../../engine/project";
import { backendTitles } from "../../stages";
import { writePart, type GeneratedPart } from "../shared/page";
import { stagePreviews, type StagePreviews } from "../shared/stage-previews";
import { mermaid } from "./mermaid";
import { pictureOf } from "./picture";

/** The part of docs/stages.md that is drawn from the graphs of stacks. */
export const picturesPart: GeneratedPart = { page: "docs/stages.md", name: "graph", script: "graph" };

/**
 * The data flow of each stage, as Markdown.
 * @param stacks one for each backend
 */
export const pictures = (stacks: readonly StagePreviews[]): string =>
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
  const drawn = process.argv.slice(2).map((file) => stagePreviews(stackOf(file)));
  writePart(picturesPart, pictures(await Promise.all(drawn)));
}

if (require.main === module)
  void main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 2;
  });
