import { Command } from "commander";
import { kubeconfigPath } from "../cluster/paths";
import { hostTool } from "../cluster/tools";
import { down, up } from "../cluster/cluster";
import { STORAGE_CLASSES } from "../cluster/native/addons";
import { apiOf, type Api } from "../verify/api";
import { loadStack } from "../verify/load";
import { subjectOf, type Subject } from "../verify/subject";
import { table } from "../verify/table";
import { unavailableOn } from "../verify/unavailable";
import { isWell, verify, type Report } from "../verify/verify";
import { apply, notRunReason, type Unavailable } from "./apply";
import { PulumiCli } from "./cli";
import { Kubectl } from "./kubectl";
import { sandboxFolder, sandboxStack, secretsFile, type SandboxStack } from "./stack";
import { until } from "./until";

const stackName = "sandbox";
/** Seconds. */
const checklistDeadline = 300;

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

  const report = await checklist();
  say(`\n${table(report)}`);
  say(`\nKUBECONFIG=${kubeconfigPath()}\nRemove everything: npm run sandbox -- down`);
  if (!isWell(report)) throw new Error("not everything is as it should be: see ✗");
}

/** The checklist, once it passes: lines and alerts take some minutes after an installation. At the deadline, as it is then. */
async function checklist(): Promise<Report> {
  const stack = await loadStack({ stack: stackName });
  const api = await apiOf({ kubeconfig: kubeconfigPath() }, { milliseconds: 10_000 });
  const subject = subjectOf({ ...stack, unavailable: await unavailableOn(api, stack.settings.namespace.name) });
  let report: Report | undefined;
  say("Going through the checklist …");
  try {
    return await until("the checklist", checklistDeadline, async () => {
      if (report?.checks.some(({ id, result }) => id === "loki/chunks" && result === "fail"))
        await flushLoki(subject, api);
      report = await verify(subject, api);
      return isWell(report) ? report : undefined;
    });
  } catch (error) {
    if (!report) throw error;
    return report;
  }
}

/** Nobody waits half an hour here until Loki puts its first chunk into the bucket by itself. */
async function flushLoki({ workloads }: Subject, api: Api): Promise<void> {
  const flushes = workloads
    .filter(({ part }) => part === "loki")
    .map(({ namespace, name, metricsPort }) =>
      api.request(`/api/v1/namespaces/${namespace}/services/${name}:${metricsPort}/proxy/flush`, { method: "POST" }),
    );
  await Promise.all(flushes);
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

function say(line: string): void {
  console.log(line);
}
