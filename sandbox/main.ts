import { Command } from "commander";
import { kubeconfigPath } from "../cluster/paths";
import { hostTool } from "../cluster/tools";
import { down, up } from "../cluster/cluster";
import { STORAGE_CLASSES } from "../cluster/native/addons";
import { settingsOf } from "../verify/load";
import { table } from "../verify/table";
import { isWell } from "../verify/verify";
import { apply, notRunReason, type Unavailable } from "./apply";
import { checklist } from "./checklist";
import { PulumiCli } from "./cli";
import { Kubectl } from "./kubectl";
import { sandboxFolder, sandboxStack, secretsFile, type SandboxStack } from "./stack";

const stackName = "sandbox";

interface Arguments {
  expectNoChanges?: boolean;
  stage?: string;
  config: string[];
}

new Command("sandbox")
  .description("Brings the sandbox stack up on a throw-away cluster on this machine, and shows what came of it")
  .option("--expect-no-changes", "fail where this run would change something")
  .option("--stage <stage>", "bring it to this stage of the migration; by default the stack's own")
  .option("--config <key=value>", "a setting of this run, in Pulumi's path syntax; may be repeated", collect, [])
  .action((args: Arguments) => guarded(() => bringUp(args)))
  .addCommand(
    new Command("down")
      .description("removes the cluster and everything that the sandbox made")
      .action(() => guarded(() => down(say))),
  )
  .parse();

async function bringUp({ expectNoChanges = false, stage, config: given }: Arguments): Promise<void> {
  const config = [...given, ...(stage === undefined ? [] : [`stage=${stage}`])];
  settingsOf({ stack: stackName, config }); // what is wrong with them is told before a cluster is made

  const { images } = await up({ storageClasses: STORAGE_CLASSES }, say);
  const unavailable: Unavailable = new Map(images.unavailable.map(({ reference, reason }) => [reference, reason]));
  const kubectl = new Kubectl(await hostTool("kubectl"), kubeconfigPath());
  const stack = await sandboxStack({ stack: stackName, config }, secretsFile());

  const cli = new PulumiCli(sandboxFolder(), stackName, kubeconfigPath());
  const withCli = await cli.canBeHad();
  if (withCli) await cli.up({ expectNoChanges, config });
  else await standIn(kubectl, stack, unavailable, expectNoChanges);

  say("Going through the checklist …");
  const report = await checklist({ stack: stackName, config }, kubeconfigPath());
  say(`\n${table(report)}`);
  say(`\nKUBECONFIG=${kubeconfigPath()}\nRemove everything: npm run sandbox -- down`);
  if (!isWell(report)) throw new Error("not everything is as it should be: see ✗");
}

async function standIn(
  kubectl: Kubectl,
  stack: SandboxStack,
  unavailable: Unavailable,
  expectNoChanges: boolean,
): Promise<void> {
  say("The Pulumi CLI can't be had here: the objects that `npm run render` gives are applied in its place.");
  if (expectNoChanges) {
    const objects = stack.resources.flatMap(({ object }) => (object ? [object] : []));
    const difference = await kubectl.diff(objects.filter((o) => notRunReason(o, unavailable) === undefined));
    if (difference !== "") throw new Error(`this run would change something:\n${difference}`);
  }
  await apply(kubectl, stack.namespace, stack.resources, { unavailable, progress: say });
}

async function guarded(command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

function collect(value: string, all: string[]): string[] {
  return [...all, value];
}

function say(line: string): void {
  console.log(line);
}
