import { RunError } from "@pulumi/pulumi";
import { REPOSITORY } from "../cluster/paths";
import { parseSettings, rawSettings } from "../config/load";
import type { Settings } from "../config/schema";
import { stageNames, type StageName } from "../config/sections/migration";
import { InvalidInput } from "../offline/errors";
import { readConfiguration, readProject } from "../offline/project";
import { policyPack, readArguments, type PulumiCommand } from "./arguments";
import { CliMissing, findCli } from "./launcher";
import { askPulumi, runPulumi } from "./pulumi";

/** Exit code where Pulumi was not started: everything else is its own. */
const notStarted = 2;

/**
 * The commands `up` and `preview`: Pulumi's own, never without the policy pack, and `up` never without its preview. What can be known
 * to be wrong is said before Pulumi starts.
 * @param command Pulumi's command
 * @param words its arguments
 * @param say is told what the command has to say itself; standard output is Pulumi's
 * @returns Pulumi's exit code; 2 where it was not started
 */
export async function run(
  command: PulumiCommand,
  words: readonly string[],
  say: (text: string) => void,
): Promise<number> {
  const { stack, config, args, problems } = readArguments(command, words);
  const [settings, wrong] = stack === undefined ? [undefined, []] : check(stack, config);
  const all = [...problems, ...missingPack(), ...wrong];
  if (stack === undefined || settings === undefined || all.length > 0) {
    say(`${all.join("\n\n")}\n`);
    return notStarted;
  }
  try {
    const cli = await findCli(process.env, say);
    const from = await stageOf(cli, stack);
    const [, outOfOrder] = from ? check(stack, [...config, `migration.from=${from}`]) : [undefined, []];
    if (outOfOrder.length > 0) {
      say(`${outOfOrder.join("\n")}\n`);
      return notStarted;
    }
    if (from && from !== settings.stage) say(rehearsal(stack, from, settings.stage));
    if (!from && !settings.migration.from && settings.stage !== stageNames[0]) say(unknown(stack, settings.stage));
    return await runPulumi(cli, args);
  } catch (error) {
    if (!(error instanceof CliMissing)) throw error;
    say(`${error.message}\n`);
    return notStarted;
  }
}

/** A stack's settings, or what is wrong with them. */
function check(stack: string, config: readonly string[]): [Settings | undefined, string[]] {
  const project = readProject(REPOSITORY);
  // Pulumi's service knows a stack as organisation/project/stack; its file has the last of these names.
  const name = stack.split("/").at(-1) ?? stack;
  try {
    const { values, secretKeys } = readConfiguration(project, name, [...config]);
    const own = secretKeys.map((key) => key.replace(`${project.name}:`, ""));
    return [parseSettings(rawSettings(values), { stack: name, secretKeys: own }).settings, []];
  } catch (error) {
    if (!(error instanceof InvalidInput || RunError.isInstance(error))) throw error;
    return [undefined, [(error as Error).message]];
  }
}

/** Pulumi would find out only after the program's first half, and say it in the words of Node.js. */
function missingPack(): string[] {
  try {
    require.resolve("@pulumi/policy/package.json", { paths: [`${REPOSITORY}/${policyPack}`] });
    return [];
  } catch {
    return [`The policy pack in ${policyPack}/ is not installed, and nothing is updated without it. Run: npm ci`];
  }
}

/** The stage that the stack's last update brought about; undefined where Pulumi can't say: a new stack, a passphrase that it has to ask for. */
async function stageOf(cli: string, stack: string): Promise<StageName | undefined> {
  const said = await askPulumi(cli, ["stack", "output", "stage", "--stack", stack]);
  return stageNames.find((name) => name === said);
}

const unknown = (stack: string, to: StageName) =>
  `Stack ${stack}: its stage up to now is not known (a new stack, or Pulumi doesn't say: pulumi stack output stage --stack ${stack}).
  Nobody checked that ${to} comes next. On a cluster that is in an earlier stage: set observability:migration.from to it.

`;

const rehearsal = (stack: string, from: StageName, to: StageName) =>
  `Stack ${stack}: stage ${from} → ${to}.
  what it does, offline   npm run plan -- --stack ${stack} --from ${from} --to ${to}
  whether it did, after   npm run verify -- --stack ${stack}

`;
