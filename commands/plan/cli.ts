import { InvalidInput } from "../../engine/errors";
import { collect, exitCode, runCommand, start } from "../shared/command-line";
import { recordIn } from "../shared/record";
import {
  isRefused,
  packOf,
  previewOptions,
  print,
  programCommand,
  withPolicies,
  type Around,
  type PreviewArguments,
} from "../shared/preview-options";
import { formatPlan } from "./format";
import { offlineDestroy, offlinePlan } from "./plan";

interface Arguments extends Omit<PreviewArguments, "stage" | "policyPackConfig"> {
  to?: string;
  destroy?: boolean;
  change?: string[];
  before?: string;
  verbose?: boolean;
}

/**
 * The command `plan`: what moving between two stages does, or `destroy`.
 * @param words its command line
 * @param around where its words go
 * @returns exit code of the contract; 1 also when the move is refused
 */
export function run(words: readonly string[], around: Around): Promise<number> {
  const command = withPolicies(
    programCommand(
      "plan",
      "Shows what a move from one stage to another does, also to volumes, or what `destroy` does; assumes that the stack is in the first stage",
    ),
  )
    .option("--from <stage>", "the stage that the stack is in; with --destroy, the stack's own by default")
    .option(
      "--to <stage>",
      "the stage to move to; if it is the same, the plan shows what the settings of --config change",
    )
    .option("--destroy", "instead of --to: what `pulumi destroy` does")
    .option("--change <key=value>", "a setting that changes with the move: only the target has it", collect)
    .option(
      "--before <file>",
      "JSON of verify or adopt: the plan then names what in the cluster ends with the move, and who queries Prometheus by the release's names",
    )
    .option("--verbose", "print every changed path, and components whose arguments change only in Pulumi's state")
    .option("--no-policies", "leave the policy pack out");
  return runCommand(command, words, around, (args: Arguments) => plan(args, around));
}

async function plan(args: Arguments, around: Around): Promise<number> {
  const { from, to, destroy, change, verbose, config, json, before } = args;
  checkMove(args);
  const recorded = before === undefined ? undefined : recordIn(before);
  const { stack, configFile, program, loader, start, startPack } = previewOptions(args, around);
  const common = { stack, config, configFile, program, loader, start, startPack };
  const result =
    destroy || from === undefined || to === undefined
      ? await offlineDestroy({ ...common, stage: from })
      : await offlinePlan({ ...common, policyPack: packOf(args), from, to, change, recorded });
  print(result, json, (plan) => formatPlan(plan, verbose, configFile), around);
  return isRefused(result) || result.refusals.length > 0 ? exitCode.refused : exitCode.clean;
}

/** @throws InvalidInput where the options don't say from where to where */
function checkMove({ from, to, destroy, change, before }: Arguments): void {
  if (destroy && [to, change, before].some((given) => given !== undefined)) {
    throw new InvalidInput("error: --destroy can't be combined with --to, --change or --before: leave them out");
  }
  const missing = Object.entries({ from, to }).find(([, stage]) => stage === undefined);
  if (missing && !destroy) {
    throw new InvalidInput(
      `error: required option '--${missing[0]} <stage>' not specified; or --destroy instead of --to`,
    );
  }
}

if (require.main === module) start(run);
