import { Command } from "commander";
import { kubeconfigPath } from "../cluster/paths";
import { hostTool } from "../cluster/tools";
import { down, up } from "../cluster/cluster";
import { STORAGE_CLASSES } from "../cluster/native/addons";
import { apply, notRunReason, type Unavailable } from "./apply";
import { PulumiCli } from "./cli";
import { Kubectl } from "./kubectl";
import { ask, type Answer } from "./queries";
import { sandboxFolder, sandboxStack, secretsFile, type SandboxStack } from "./stack";
import { columns, table } from "./table";

const stackName = "sandbox";
const answerDeadline = 240_000;

new Command("sandbox")
  .description("Brings the sandbox stack up on a throw-away cluster on this machine, and shows what came of it")
  .option("--expect-no-changes", "fail where this run would change something")
  .action((args: { expectNoChanges?: boolean }) => guarded(() => bringUp(args.expectNoChanges ?? false)))
  .addCommand(
    new Command("down")
      .description("removes the cluster and everything that the sandbox made")
      .action(() => guarded(() => down(say))),
  )
  .parse();

async function bringUp(expectNoChanges: boolean): Promise<void> {
  const { images } = await up({ storageClasses: STORAGE_CLASSES }, say);
  const unavailable: Unavailable = new Map(images.unavailable.map(({ reference, reason }) => [reference, reason]));
  const kubectl = new Kubectl(await hostTool("kubectl"), kubeconfigPath());
  const stack = await sandboxStack({ stack: stackName }, secretsFile());

  const cli = new PulumiCli(sandboxFolder(), stackName, kubeconfigPath());
  const withCli = await cli.canBeHad();
  if (withCli) await cli.up(expectNoChanges);
  else await standIn(kubectl, stack, unavailable, expectNoChanges);

  const rows = await table(
    kubectl,
    withCli ? { ...stack, releases: stack.releases.map(({ name, chart }) => ({ name, chart })) } : stack,
    unavailable,
  );
  const answers = await answersWithin(kubectl, stack.namespace, answerDeadline);
  say("");
  say(columns([["COMPONENT", "STATE", "ADDRESS"], ...rows.map((r) => [r.component, r.state, r.address])]));
  for (const { question, query, answer } of answers)
    say(`\n${question}\n  ${query}\n${answer.map((a) => `  → ${a}`).join("\n")}`);
  say(`\nKUBECONFIG=${kubeconfigPath()}\nRemove everything: npm run sandbox -- down`);
  const broken = rows.filter((r) => !r.ok);
  if (broken.length > 0) throw new Error(`not ready: ${broken.map((r) => r.component).join(", ")}`);
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

// Loki answers queries of a fresh line some seconds after it was written; each question is asked until all have an answer.
async function answersWithin(kubectl: Kubectl, namespace: string, milliseconds: number): Promise<Answer[]> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const answers = await ask(kubectl, namespace).catch((error: Error) => {
      if (Date.now() > deadline) throw error;
      return [];
    });
    if (answers.length > 0 && answers.every(({ answer }) => answer.length > 0)) return answers;
    if (Date.now() > deadline) throw new Error("Loki has no lines: see docs/troubleshooting.md, section “No logs”");
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

async function guarded(command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

function say(line: string): void {
  console.log(line);
}
