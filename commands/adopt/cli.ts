import { writeFileSync } from "node:fs";
import { InvalidInput } from "../../engine/errors";
import { ownProgram, readConfiguration, readProject } from "../../engine/project";
import { explain } from "../../settings/explain";
import { rawSettings } from "../../settings/load";
import { problemsMessage } from "../../settings/problem";
import { settingsSchema, type Settings } from "../../settings/schema";
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
import { adopt, nested, type Adoption } from "./adopt";
import { formatAdoption } from "./format";
import { takeInventory } from "./inventory";
import { askTargets } from "./targets";

interface Arguments extends StackArguments {
  deadline: number;
  json?: string;
}

/**
 * The command `adopt`: the settings that fit what a cluster has already. It only reads.
 * @param words its command line
 * @param terminal where its words go
 * @param today for dates in what it proposes
 * @returns exit code: 0, or 2 for invalid settings, a cluster that can't be asked, or a wrong command line
 */
export function run(words: readonly string[], terminal: Terminal, today = new Date()): Promise<number> {
  const command = stackCommand(
    "adopt",
    "Looks at the cluster and prints settings that match what it already has; it only reads",
    "the stack: Pulumi.<name>.yaml, which need not exist yet",
  )
    .option("--deadline <seconds>", "how long each answer may take", seconds, 30)
    .option("--json <file>", "write JSON to a file, or to standard output: -");
  return runCommand(command, words, terminal, async (args: Arguments) => {
    await look(args, terminal, today);
    return exitCode.clean;
  });
}

async function look(
  { stack, config, configFile, deadline, json }: Arguments,
  { out }: Terminal,
  today: Date,
): Promise<void> {
  const { raw, settings } = settingsOf(stack, config, configFile);
  const within = { milliseconds: deadline * 1000 };
  const inventory = await takeInventory(settings.kubernetes, within);
  const seen = await askTargets(inventory, settings, within);
  const adoption = adopt({
    inventory: { ...inventory, ...seen, managed: await partsInState(stack) },
    raw,
    settings,
    today,
  });
  const text = toJson(stack, adoption);
  if (json === "-") out(text);
  else out(formatAdoption(stack, adoption, configFile));
  if (json !== undefined && json !== "-") writeFileSync(json, text);
}

/**
 * What the stack's file says so far. Each setting has to be valid; what is missing is what this command prints.
 * @throws InvalidInput with every setting that is wrong
 */
function settingsOf(
  stack: string,
  overrides: string[] | undefined,
  configFile?: string,
): { raw: Record<string, unknown>; settings: Settings } {
  // Without the project's defaults: only what the file itself says is there already.
  const project = { ...readProject(ownProgram), config: {} };
  const { values, secretKeys } = readConfiguration(project, stack, overrides ?? [], { configFile, optional: true });
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

if (require.main === module) start(run);
