import { KeptValues, placeholders } from "../../engine/generated";
import { exitCode, runCommand, start } from "../shared/command-line";
import { formatRendered } from "../shared/format";
import {
  previewOptions,
  programCommand,
  withStages,
  type Around,
  type ProgramArguments,
} from "../shared/preview-options";
import { offlineRender } from "../shared/render";
import { wrap } from "../shared/wrap";
import { assertApart, readGenerated, writeObjects, writeSecrets } from "./files";

interface Arguments extends ProgramArguments {
  out: string;
  withSecrets?: string;
}

/**
 * The command `render`: the Kubernetes objects and Helm values as YAML files.
 * @param words its command line
 * @param around where its words go
 * @returns exit code of the contract
 */
export function run(words: readonly string[], around: Around): Promise<number> {
  const command = withStages(programCommand("render", "Writes the Kubernetes objects and Helm values as YAML files"))
    .requiredOption("--out <folder>", "folder for the files; files of an earlier render are replaced")
    .option(
      "--with-secrets <file>",
      "write the Secrets in plain text to this file; generated values are reused from it",
    );
  return runCommand(command, words, around, (args: Arguments) => render(args, around));
}

async function render({ out, withSecrets, ...args }: Arguments, around: Around): Promise<number> {
  if (withSecrets !== undefined) assertApart(out, withSecrets);
  const kept = withSecrets === undefined ? undefined : new KeptValues(readGenerated(withSecrets));
  const rendered = await offlineRender(previewOptions(args, around), kept ?? placeholders);
  if (withSecrets !== undefined && kept) writeSecrets(rendered, withSecrets, kept.values);
  const files = writeObjects(rendered, out);
  around.out(`${wrap(formatRendered(rendered, files, out), around.columns)}\n`);
  return exitCode.clean;
}

if (require.main === module) start(run);
