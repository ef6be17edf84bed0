import { join } from "node:path";
import { RunError } from "@pulumi/pulumi";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { parseSettings, rawSettings } from "../config/load";
import { InvalidInput } from "../offline/errors";
import { readConfiguration, readProject } from "../offline/project";
import { preflight } from "./preflight";
import { table } from "./table";

const exitCode = { clean: 0, failed: 1, invalid: 2 };

interface Options {
  stack: string;
  config: string[];
  deadline: number;
  json?: boolean;
}

/** Where the command's words go. */
export interface Output {
  out(text: string): void;
  error(text: string): void;
}

/**
 * The command `preflight`: whether what the settings name answers, before `up` asks it in the middle of its work.
 * @param args words of the command line
 * @param output where its words go
 * @returns exit code: 0 nothing is in the way, 1 something is, 2 invalid settings or a wrong command line
 */
export async function run(args: readonly string[], output: Output): Promise<number> {
  const command = new Command("preflight")
    .description("Asks everything that a stack's settings name, from this machine, and writes nothing")
    .requiredOption("--stack <name>", "the stack: Pulumi.<name>.yaml")
    .option("--config <key=value>", "a setting, in Pulumi's path syntax; may be repeated", collect, [])
    .option("--deadline <seconds>", "how long each answer may take", seconds, 10)
    .option("--json", "print JSON")
    .configureOutput({ writeOut: (text) => output.out(text), writeErr: (text) => output.error(text) })
    .exitOverride();
  try {
    return await look(command.parse(args, { from: "user" }).opts<Options>(), output);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.clean : exitCode.invalid;
    if (!(error instanceof InvalidInput || RunError.isInstance(error))) throw error;
    output.error(`${error.message}\n`);
    return exitCode.invalid;
  }
}

async function look({ stack, config, deadline, json }: Options, { out }: Output): Promise<number> {
  const project = readProject(join(__dirname, ".."));
  const { values, secretKeys } = readConfiguration(project, stack, config);
  const own = secretKeys.map((key) => key.replace(`${project.name}:`, ""));
  const loaded = parseSettings(rawSettings(values), { stack, secretKeys: own });
  const results = await preflight(loaded, process.env, { milliseconds: deadline * 1000 });
  const wrong = results.filter(({ status }) => status === "failed").length;
  const verdict = wrong === 0 ? "nothing is in the way" : `${wrong} to put right first`;
  out(
    json
      ? `${JSON.stringify({ stack, results }, undefined, 2)}\n`
      : `${table(results)}\n\nStack ${stack}: ${verdict}.\n`,
  );
  return wrong === 0 ? exitCode.clean : exitCode.failed;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("expected a number of seconds above 0.");
  return value;
}

const collect = (value: string, all: string[]) => [...all, value];
