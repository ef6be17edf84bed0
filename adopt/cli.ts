import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { RunError } from "@pulumi/pulumi";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { explain } from "../config/explain";
import { rawSettings } from "../config/load";
import { problemsMessage } from "../config/problem";
import { settingsSchema, type Settings } from "../config/schema";
import { InvalidInput } from "../offline/errors";
import { readConfiguration, readProject } from "../offline/project";
import type { Output } from "../preflight/cli";
import { Finding } from "../preflight/result";
import { adopt, nested, type Adoption } from "./adopt";
import { formatAdoption } from "./format";
import { takeInventory } from "./inventory";

const exitCode = { clean: 0, invalid: 2 };

interface Options {
  stack: string;
  config: string[];
  deadline: number;
  json?: string;
}

/**
 * The command `adopt`: the settings that fit what a cluster has already. It only reads.
 * @param args words of the command line
 * @param output where its words go
 * @param today for dates in what it proposes
 * @returns exit code: 0, or 2 for invalid settings, a cluster that can't be asked, or a wrong command line
 */
export async function run(args: readonly string[], output: Output, today = new Date()): Promise<number> {
  const command = new Command("adopt")
    .description("Looks at the cluster, and prints the settings that fit what is there; it only reads")
    .requiredOption("--stack <name>", "the stack: Pulumi.<name>.yaml, which may not be there yet")
    .option("--config <key=value>", "a setting, in Pulumi's path syntax; may be repeated", collect, [])
    .option("--deadline <seconds>", "how long each answer may take", seconds, 30)
    .option("--json <file>", "write JSON to a file, or to standard output: -")
    .configureOutput({ writeOut: (text) => output.out(text), writeErr: (text) => output.error(text) })
    .exitOverride();
  try {
    await look(command.parse(args, { from: "user" }).opts<Options>(), output, today);
    return exitCode.clean;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.clean : exitCode.invalid;
    const message = messageOf(error);
    if (message === undefined) throw error;
    output.error(`${message}\n`);
    return exitCode.invalid;
  }
}

async function look({ stack, config, deadline, json }: Options, { out }: Output, today: Date): Promise<void> {
  const { raw, settings } = settingsOf(stack, config);
  const inventory = await takeInventory(settings.kubernetes, { milliseconds: deadline * 1000 });
  const adoption = adopt({ inventory, raw, settings, today });
  const text = toJson(stack, adoption);
  if (json === "-") out(text);
  else out(formatAdoption(stack, adoption));
  if (json !== undefined && json !== "-") writeFileSync(json, text);
}

/**
 * What the stack's file says so far. Each setting has to be right by itself; what they lack all together is what the command is there for.
 * @throws InvalidInput with every setting that is wrong
 */
function settingsOf(stack: string, overrides: string[]): { raw: Record<string, unknown>; settings: Settings } {
  // Without the project's defaults: only what the file itself says is there already.
  const project = { ...readProject(join(__dirname, "..")), config: {} };
  const { values, secretKeys } = readConfiguration(project, stack, overrides, { optional: true });
  const raw = rawSettings(values);
  const parsed = settingsSchema.safeParse(raw);
  if (parsed.success) return { raw, settings: parsed.data };
  const hidden = ["secretValues", ...secretKeys.map((key) => key.replace(`${project.name}:`, ""))];
  const isSecret = ([top]: readonly PropertyKey[]) => hidden.includes(String(top));
  throw new InvalidInput(
    problemsMessage(stack, explain(parsed.error.issues, { schema: settingsSchema, raw, isSecret })),
  );
}

const toJson = (stack: string, { fits, ...rest }: Adoption): string =>
  `${JSON.stringify({ stack, settings: nested(fits), fits, ...rest }, undefined, 2)}\n`;

/** What is told of an error that a person can act on; undefined: it is the program's own. */
function messageOf(error: unknown): string | undefined {
  if (error instanceof Finding) {
    const { found, todo } = error.result;
    return `The cluster can't be looked at: ${found}.${todo ? `\n  → ${todo}` : ""}`;
  }
  const isExpected = error instanceof InvalidInput || RunError.isInstance(error) || isFileError(error);
  return isExpected ? (error as Error).message : undefined;
}

/** What the operating system says of a file that can't be written; it names the file. */
const isFileError = (error: unknown): boolean => error instanceof Error && "syscall" in error && "path" in error;

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("expected a number of seconds above 0.");
  return value;
}

const collect = (value: string, all: string[]) => [...all, value];
