import { Command } from "commander";
import { down, up } from "../cluster/cluster";
import { interruptible } from "../../commands/shared/interruption";
import { usualStorageClasses } from "../cluster/native/addons";
import { kubeconfigPath } from "../cluster/paths";
import { hasCommand } from "../cluster/prerequisites";
import { hostTool } from "../cluster/tools";
import { loadStackSettings } from "../../commands/shared/settings";
import { table } from "../../commands/verify/table";
import { isWell } from "../../commands/verify/verify";
import { answers } from "./answers";
import type { Unavailable } from "../../commands/verify/unavailable";
import { apply, changes } from "./apply";
import { checklist, installed } from "./checklist";
import { PulumiCli } from "./cli";
import { Kubectl } from "./kubectl";
import { withRetirement } from "./retirement";
import { sandboxFolder, sandboxStack, secretsFile, type SandboxStack } from "./stack";
import { waysIn } from "./ways-in";

const stackName = "sandbox";

interface Arguments {
  expectNoChanges?: boolean;
  stage?: string;
  config: string[];
}

const command = new Command("sandbox")
  .description("Deploys the sandbox stack on a throw-away cluster on this machine, and shows the result")
  .option("--expect-no-changes", "fail if this run would change something")
  .option("--stage <stage>", "stage of the migration; default: the stack's own")
  .option("--config <key=value>", "a setting of this run, in Pulumi's path syntax; may be repeated", collect, [])
  .action(bringUp)
  .addCommand(
    new Command("down")
      .description("removes the cluster and everything that the sandbox created")
      .action(() => down(say)),
  );

void interruptible(
  async () => void (await command.parseAsync()),
  "Stopped: all processes of this run have ended. `npm run sandbox` continues, `npm run sandbox -- down` removes everything.",
);

async function bringUp({ expectNoChanges = false, stage, config: given }: Arguments): Promise<void> {
  const config = withRetirement([...given, ...(stage === undefined ? [] : [`stage=${stage}`])]);
  loadStackSettings({ stack: stackName, config }); // errors in them are reported before a cluster is created

  const { images } = await up({ storageClasses: usualStorageClasses }, say);
  const unavailable: Unavailable = new Map(images.unavailable.map(({ reference, reason }) => [reference, reason]));
  const ownKubectl = await hostTool("kubectl");
  const stack = await sandboxStack({ stack: stackName, config }, secretsFile());

  const cli = new PulumiCli(sandboxFolder(), stackName, kubeconfigPath());
  const withCli = await cli.canBeHad();
  if (withCli) await cli.up({ expectNoChanges, config });
  else await standIn(new Kubectl(ownKubectl, kubeconfigPath()), stack, unavailable, expectNoChanges);

  say("Running the checklist …");
  const { subject, api } = await installed({ stack: stackName, config }, kubeconfigPath());
  const report = await checklist({ subject, api }, { progress: say });
  const kubectl = hasCommand("kubectl") ? "kubectl" : ownKubectl;
  const again = ["npm run verify -- --stack", stackName, ...config.map((setting) => `--config '${setting}'`)].join(" ");
  say(`\n${table(report)}\n`);
  say(`${await answers(subject, api)}\n`);
  say(["Open it:", `  export KUBECONFIG=${kubeconfigPath()}`, ...waysIn(subject, kubectl), ""].join("\n"));
  say(`The checklist again: ${again}\nRemove everything: npm run sandbox -- down`);
  if (!isWell(report)) throw new Error("some checks failed: see ✗");
}

async function standIn(
  kubectl: Kubectl,
  { namespace, resources }: SandboxStack,
  unavailable: Unavailable,
  expectNoChanges: boolean,
): Promise<void> {
  say("The Pulumi CLI is not available: the objects from `npm run render` are applied instead.");
  if (expectNoChanges) {
    const found = await changes(kubectl, namespace, resources, unavailable);
    if (found !== "") throw new Error(`this run would change something:\n${found}`);
  }
  await apply(kubectl, namespace, resources, { unavailable, progress: say });
}

function collect(value: string, all: string[]): string[] {
  return [...all, value];
}

function say(line: string): void {
  console.log(line);
}
