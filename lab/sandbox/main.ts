import { RunError } from "@pulumi/pulumi/errors";
import { Command } from "commander";
import { down, up } from "../cluster/cluster";
import { collect, exitCode } from "../../commands/shared/command-line";
import { interruptible } from "../../commands/shared/interruption";
import { InvalidInput } from "../../engine/errors";
import { usualStorageClasses } from "../cluster/native/addons";
import { kubeconfigPath } from "../cluster/paths";
import { hasCommand } from "../cluster/prerequisites";
import { hostTool } from "../cluster/tools";
import { loadStackSettings, type StackOptions } from "../../commands/shared/settings";
import { table } from "../../commands/verify/table";
import { isWell } from "../../commands/verify/verify";
import { answers } from "./answers";
import type { Unavailable } from "../../commands/verify/unavailable";
import { apply, changes } from "./apply";
import { checklist, installed } from "./checklist";
import { PulumiCli } from "./cli";
import { begin, hold, reach, reached, refuseSecond } from "./holder";
import { Kubectl } from "./kubectl";
import { substituteAgent } from "./log-agent";
import { settingsOf, stepsBefore, withRetirement, type Step } from "./route";
import { sandboxFolder, sandboxStack, secretsFile, type SandboxStack } from "./stack";
import { fileOf, stackNames, usualStack } from "./stacks";
import { waysIn } from "./ways-in";

interface Arguments {
  stack: string;
  expectNoChanges?: boolean;
  stage?: string;
  config: string[];
}

const command = new Command("sandbox")
  .description("Deploys a stack on a throw-away cluster on this machine, and shows the result")
  .option("--stack <name>", `the stack: ${stackNames.join(" or ")}`, usualStack)
  .option("--expect-no-changes", "fail if this run would change something")
  .option("--stage <stage>", "stage of the migration; default: the stack's own")
  .option("--config <key=value>", "a setting of this run, in Pulumi's path syntax; may be repeated", collect, [])
  // A mistake on the command line, as everywhere else.
  .exitOverride(({ exitCode: code }) => process.exit(code === 0 ? exitCode.clean : exitCode.invalid))
  .action(bringUp)
  .addCommand(
    new Command("down")
      .description("removes the cluster and everything that the sandbox created")
      .action(() => down(say)),
  );

void interruptible(
  async () => void (await command.parseAsync()),
  "Stopped: all processes of this run have ended. The same command continues, `npm run sandbox -- down` removes everything.",
);

async function bringUp({ expectNoChanges = false, stack: name, stage, config: given }: Arguments): Promise<void> {
  const wanted = unlessInvalid(() => {
    const { differences, ...file } = fileOf(name, sandboxFolder());
    const options = { ...file, config: withRetirement([...given, ...(stage === undefined ? [] : [`stage=${stage}`])]) };
    const { settings } = loadStackSettings(options); // errors in them are reported before a cluster is created
    refuseSecond(name, sandboxFolder());
    return { differences, options, settings };
  });
  if (wanted === undefined) return;
  wanted.differences.forEach(say);

  const { images } = await up({ storageClasses: usualStorageClasses }, say);
  const { stage: last, migration, metrics, kps } = wanted.settings;
  const step = { stage: last, retire: migration.retireKps };
  const steps = kps.enabled ? stepsBefore(reached(sandboxFolder()), step, metrics.backend) : [];
  hold(name, sandboxFolder());
  const unavailable: Unavailable = new Map(images.unavailable.map(({ reference, reason }) => [reference, reason]));
  const substitute = substituteAgent(wanted.settings, unavailable);
  if (substitute) say(substitute.said);
  const config = [...wanted.options.config, ...(substitute ? [substitute.setting] : [])];
  const options = { ...wanted.options, config };
  const ownKubectl = await hostTool("kubectl");

  const cli = new PulumiCli(sandboxFolder(), options, kubeconfigPath());
  const withCli = await cli.canBeHad();
  if (!withCli) say("The Pulumi CLI is not available: the objects from `npm run render` are applied instead.");
  const deploy = async (to: Step, settings: string[]) => {
    begin(to, sandboxFolder());
    if (withCli) await cli.up({ expectNoChanges, config: settings });
    else {
      const stack = await sandboxStack({ ...options, config: settings }, secretsFile());
      await standIn(new Kubectl(ownKubectl, kubeconfigPath()), stack, unavailable, expectNoChanges);
    }
    reach(to, sandboxFolder());
  };
  for (const before of expectNoChanges ? [] : steps) {
    const how = before.retire ? " with migration.retireKps: true, which lifts kube-prometheus-stack's protection" : "";
    say(`Stage ${last} is more than one step away. First comes stage ${before.stage}${how}.`);
    await deploy(before, settingsOf(before, config));
  }
  await deploy(step, config);

  say("Running the checklist …");
  const { subject, api } = await installed(options, kubeconfigPath());
  const report = await checklist({ subject, api }, { progress: say });
  const kubectl = hasCommand("kubectl") ? "kubectl" : ownKubectl;
  say(`\n${table(report)}\n`);
  if (substitute) say(`${substitute.said}\n`);
  say(`${await answers(subject, api)}\n`);
  say(["Open it:", `  export KUBECONFIG=${kubeconfigPath()}`, ...waysIn(subject, kubectl), ""].join("\n"));
  say(`The checklist again: ${again(options)}\nRemove everything: npm run sandbox -- down`);
  if (!isWell(report)) throw new Error("some checks failed: see ✗");
}

const again = ({ stack, configFile, config = [] }: StackOptions) =>
  [
    `npm run verify -- --stack ${stack}`,
    ...(configFile === undefined ? [] : [`--config-file ${configFile}`]),
    ...config.map((setting) => `--config '${setting}'`),
  ].join(" ");

/** What is asked for; undefined if that is invalid: then all mistakes are printed and the exit code is set. */
function unlessInvalid<Result>(ask: () => Result): Result | undefined {
  try {
    return ask();
  } catch (error) {
    if (!(error instanceof InvalidInput || RunError.isInstance(error))) throw error;
    console.error(error.message);
    process.exitCode = exitCode.invalid;
    return undefined;
  }
}

async function standIn(
  kubectl: Kubectl,
  { namespace, resources }: SandboxStack,
  unavailable: Unavailable,
  expectNoChanges: boolean,
): Promise<void> {
  if (expectNoChanges) {
    const found = await changes(kubectl, namespace, resources, unavailable);
    if (found !== "") throw new Error(`this run would change something:\n${found}`);
  }
  await apply(kubectl, namespace, resources, { unavailable, progress: say });
}

function say(line: string): void {
  console.log(line);
}
