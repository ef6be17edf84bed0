import { RunError } from "@pulumi/pulumi/errors";
import { rawSettings } from "../../settings/load";
import type { Settings } from "../../settings/schema";
import { removal, retainable, type Retainable } from "../../settings/sections/removal";
import { InvalidInput } from "../../engine/errors";
import { ownProgram, readConfiguration, readProject } from "../../engine/project";
import { exitCode, start, type Terminal } from "../shared/command-line";
import { announcement, destroyProblems } from "./destroy";
import { policyPack, readArguments, type PulumiCommand } from "./arguments";
import { CliMissing, findCli } from "../shared/pulumi-cli/launcher";
import { askPulumi, runPulumi } from "../shared/pulumi-cli/pulumi";
import { stateOf } from "../shared/pulumi-cli/state";
import { ofStack, stackWords } from "../../settings/of-stack";
import { loadStackSettings } from "../shared/settings";
import { versionChangesTo, type ProgramImage } from "../shared/versions";
import { lokiWriters, refusedChange, type LokiWriters } from "../../settings/loki-mode-change";
import { stageNames, type StageName } from "../../stages";

/** Exit code where Pulumi was not started: every other code is Pulumi's. */
const notStarted = exitCode.invalid;

const commands = ["up", "preview", "destroy"] as const satisfies readonly PulumiCommand[];

/**
 * The commands `up`, `preview` and `destroy`: Pulumi's own, the first two never without the policy pack, and none without its preview. What
 * can be known to be wrong is said before Pulumi starts.
 * @param line Pulumi's command and its arguments
 * @param terminal where the command's own words go: standard error, as standard output is Pulumi's
 * @returns Pulumi's exit code; 2 where it was not started
 */
export async function run(
  [name, ...words]: readonly string[],
  { error: say }: Pick<Terminal, "error">,
): Promise<number> {
  const command = commands.find((each) => each === name) ?? "preview";
  if (words.includes("--help") || words.includes("-h")) {
    say(usage(command));
    return exitCode.clean;
  }
  if (command === "destroy") return destroy(words, say);
  const { stack, config, configFile, args, problems } = readArguments(command, words);
  const [settings, wrong] = stack === undefined ? [undefined, []] : check(stack, config, configFile);
  const all = [...problems, ...missingPack(), ...wrong];
  if (stack === undefined || settings === undefined || all.length > 0) {
    say(`${all.join("\n\n")}\n`);
    return notStarted;
  }
  try {
    const cli = await findCli(process.env, say);
    const { stage: from, lokiWriters: writers, versions } = await outputsOf(cli, stack);
    const [, outOfOrder] = from ? check(stack, [...config, `migration.from=${from}`], configFile) : [undefined, []];
    const tooMany = writers && refusedChange(writers, lokiWriters(settings.loki));
    if (tooMany) outOfOrder.push(`Stack ${stack}: ${tooMany}`);
    outOfOrder.push(...refusedVersions(stack, stackWords(stack, configFile), versions ?? {}, settings));
    if (outOfOrder.length > 0) {
      say(`${outOfOrder.join("\n\n")}\n`);
      return notStarted;
    }
    if (from && from !== settings.stage) say(rehearsal(stack, stackWords(stack, configFile), from, settings.stage));
    if (!from && !settings.migration.from && settings.stage !== stageNames[0]) say(unknown(stack, settings.stage));
    if (!writers && settings.loki.former) say(unknownWriters(stack));
    if (from && !versions) say(unknownVersions(stack, stackWords(stack, configFile)));
    return await runPulumi(cli, args);
  } catch (error) {
    if (!(error instanceof CliMissing)) throw error;
    say(`${error.message}\n`);
    return notStarted;
  }
}

/** Invalid settings don't keep a stack from being removed: only what is to stay is read from them. */
async function destroy(words: readonly string[], say: (text: string) => void): Promise<number> {
  const { stack, config, configFile, args, problems } = readArguments("destroy", words);
  try {
    const kept = stack === undefined ? [] : retained(stack, config, configFile, problems);
    if (stack !== undefined && problems.length === 0) {
      const cli = await findCli(process.env, say);
      const state = await stateOf(cli, stack);
      problems.push(...destroyProblems(stackWords(stack, configFile), state ?? [], kept));
      if (problems.length === 0) {
        // Where Pulumi doesn't give the state, it says itself why.
        if (state) say(announcement(stack, state));
        return await runPulumi(cli, args);
      }
    }
    say(`${problems.join("\n\n")}\n`);
  } catch (error) {
    if (!(error instanceof CliMissing)) throw error;
    say(`${error.message}\n`);
  }
  return notStarted;
}

/** The setting `removal.retain`; what is wrong with it is added to the problems. */
function retained(
  stack: string,
  config: readonly string[],
  configFile: string | undefined,
  problems: string[],
): Retainable[] {
  try {
    const { values } = readConfiguration(readProject(ownProgram), nameOf(stack), [...config], { configFile });
    const parsed = removal.safeParse(rawSettings(values).removal);
    if (parsed.success) return parsed.data.retain;
    problems.push(`observability:removal.retain: allowed: ${retainable.join(", ")}`);
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    problems.push(error.message);
  }
  return [];
}

/** Pulumi's service knows a stack as organisation/project/stack; its file has the last of these names. */
const nameOf = (stack: string): string => stack.split("/").at(-1) ?? stack;

/** A stack's settings, or what is wrong with them. */
function check(
  stack: string,
  config: readonly string[],
  configFile: string | undefined,
): [Settings | undefined, string[]] {
  try {
    return [loadStackSettings({ stack: nameOf(stack), config, configFile }).settings, []];
  } catch (error) {
    if (!(error instanceof InvalidInput || RunError.isInstance(error))) throw error;
    return [undefined, [ofStack((error as Error).message, nameOf(stack), configFile)]];
  }
}

/** Pulumi would find out only after the program's first half, and say it in the words of Node.js. */
function missingPack(): string[] {
  try {
    require.resolve("@pulumi/policy/package.json", { paths: [`${ownProgram}/${policyPack}`] });
    return [];
  } catch {
    return [`The policy pack in ${policyPack}/ is not installed, and nothing is updated without it. Run: npm ci`];
  }
}

/** What an update looks up in the outputs of the one before. */
interface Outputs {
  stage?: StageName;
  lokiWriters?: LokiWriters;
  versions?: Partial<Record<ProgramImage, string>>;
}

/** What the stack's last update brought about; nothing if Pulumi doesn't know: a new stack, a passphrase that it has to ask for. */
async function outputsOf(cli: string, stack: string): Promise<Outputs> {
  const said = await askPulumi(cli, ["stack", "output", "--json", "--stack", stack]);
  const { stage, ...others } = JSON.parse(said ?? "{}") as Omit<Outputs, "stage"> & { stage?: unknown };
  return { ...others, stage: stageNames.find((name) => name === stage) };
}

/** The versions that must not follow the ones of the last update, each with why and what to do. */
function refusedVersions(
  stack: string,
  words: string,
  versions: NonNullable<Outputs["versions"]>,
  settings: Settings,
): string[] {
  const before = Object.fromEntries(Object.entries(versions).map(([image, version]) => [image, [version]]));
  return versionChangesTo(settings, before)
    .filter(({ refused }) => refused)
    .map(
      ({ says }) =>
        `Stack ${stack}: ${says}.
  Where such a copy has shown that it works, or is back in its place: npx pulumi up --policy-pack ${policyPack} ${words} doesn't look at versions.`,
    );
}

const unknown = (stack: string, to: StageName) =>
  `Stack ${stack}: its current stage is not known (a new stack, or no output: pulumi stack output stage --stack ${stack}).
  That ${to} is the next stage was not checked. If the cluster is in an earlier stage, set observability:migration.from to it.

`;

const unknownWriters = (stack: string) =>
  `Stack ${stack}: how many writers Loki had until now is not known (no output: pulumi stack output lokiWriters --stack ${stack}).
  That at most one of the former mode leaves in this update was not checked: docs/loki-modes.md.

`;

const unknownVersions = (stack: string, words: string) =>
  `Stack ${stack}: which versions it has is not known (no output: pulumi stack output versions --stack ${stack}; this update adds it).
  That no minor version of Loki or Mimir is skipped was not checked: npm run preflight -- ${words} does, by what runs.

`;

const usage = (command: PulumiCommand) =>
  `Usage: npm run ${command} -- --stack <name> [--config-file <file>] [--config <key=value>]… [Pulumi's own options]
Runs pulumi ${command}${command === "destroy" ? "" : " with the policy pack"}, after a check of the settings. The other options: npx pulumi ${command} --help
`;

const rehearsal = (stack: string, words: string, from: StageName, to: StageName) =>
  `Stack ${stack}: stage ${from} → ${to}.
  what it does, offline   npm run plan -- ${words} --from ${from} --to ${to}
  whether it did, after   npm run verify -- ${words}

`;

// Signals are Pulumi's: the first Ctrl-C lets it finish what it is doing (shared/pulumi-cli/pulumi.ts).
if (require.main === module) start(run, false);
