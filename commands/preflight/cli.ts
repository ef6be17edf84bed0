import {
  exitCode,
  runCommand,
  seconds,
  stackCommand,
  start,
  type StackArguments,
  type Terminal,
} from "../shared/command-line";
import { partsInState } from "../shared/pulumi-cli/state";
import { loadStackSettings } from "../shared/settings";
import { preflight } from "./preflight";
import { table } from "./table";

interface Arguments extends StackArguments {
  deadline: number;
  json?: boolean;
}

/**
 * The command `preflight`: whether what the settings name answers, before `up` asks it in the middle of its work.
 * @param words its command line
 * @param terminal where its words go
 * @returns exit code: 0 nothing is in the way, 1 something is, 2 invalid settings or a wrong command line
 */
export function run(words: readonly string[], terminal: Terminal): Promise<number> {
  const command = stackCommand(
    "preflight",
    "Checks, from this machine, every system that a stack's settings refer to; writes nothing",
  )
    .option("--deadline <seconds>", "how long each answer may take", seconds, 10)
    .option("--json", "print JSON");
  return runCommand(command, words, terminal, (args: Arguments) => look(args, terminal));
}

async function look(
  { stack, config, configFile, deadline, json }: Arguments,
  { out, columns }: Terminal,
): Promise<number> {
  const loaded = loadStackSettings({ stack, config, configFile });
  const results = await preflight(loaded, process.env, { milliseconds: deadline * 1000 }, await partsInState(stack));
  out(`${json ? JSON.stringify({ stack, results }, undefined, 2) : table(stack, results, { columns, configFile })}\n`);
  return results.some(({ status }) => status === "failed") ? exitCode.refused : exitCode.clean;
}

if (require.main === module) start(run);
