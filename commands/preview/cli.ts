import { exitCode, runCommand, start } from "../shared/command-line";
import { formatPreview } from "../shared/format";
import { isRefused, previewCommand, printPreview, type Around, type PreviewArguments } from "../shared/preview-options";

/**
 * The command `preview:offline`: what a stack would register, without Pulumi's CLI, a cluster or credentials.
 * @param words its command line
 * @param around where its words go
 * @returns exit code of the contract
 */
export function run(words: readonly string[], around: Around): Promise<number> {
  const command = previewCommand(
    "preview:offline",
    "Shows the resource tree, every policy finding, requests by node architecture, and whether they fit",
  ).option("--no-policies", "leave the policy pack out");
  return runCommand(command, words, around, async (args: PreviewArguments) => {
    const preview = await printPreview(args, around, formatPreview);
    return isRefused(preview) ? exitCode.refused : exitCode.clean;
  });
}

if (require.main === module) start(run);
