import { resolve } from "node:path";
import { ownProgram, stackFile } from "../../engine/project";
import { exitCode, runCommand, start } from "../shared/command-line";
import { formatViolations } from "../shared/format";
import { isRefused, previewCommand, printPreview, type Around, type PreviewArguments } from "../shared/preview-options";
import { annotations, failure } from "./annotations";

/**
 * The command `policy`: every policy finding of a stack. In a job of GitHub's it annotates the pull request too, on standard error, which GitHub's
 * runner reads as well: standard output may be JSON.
 * @param words its command line
 * @param around where its words go
 * @returns exit code of the contract
 */
export async function run(words: readonly string[], around: Around): Promise<number> {
  let place = placeOf();
  const annotate = (lines: string[]) => {
    if (process.env.GITHUB_ACTIONS === "true") lines.forEach((line) => around.error(`${line}\n`));
  };
  return runCommand(
    previewCommand("policy", "Shows every policy finding: the line that a CI job calls"),
    words,
    around,
    async (args: PreviewArguments) => {
      place = placeOf(args);
      const preview = await printPreview(args, around, formatViolations);
      annotate(annotations(preview.violations, place));
      return isRefused(preview) ? exitCode.refused : exitCode.clean;
    },
    (message) => annotate([failure(message, place)]),
  );
}

const placeOf = ({ stack = "", configFile, program = ownProgram }: Partial<PreviewArguments> = {}) => ({
  stack,
  configFile: resolve(configFile ?? stackFile(program, stack)),
  folder: program,
  workspace: process.env.GITHUB_WORKSPACE ?? process.cwd(),
});

if (require.main === module) start(run);
