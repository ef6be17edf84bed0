import { parse, parseAllDocuments } from "yaml";
import { run, succeeds } from "../cluster/run";
import { hostTool } from "../cluster/tools";
import type { HelmRelease, KubernetesObject } from "../../commands/shared/objects";
import { loadStackSettings } from "../../commands/shared/settings";
import { silent } from "../../components/upstream-rules/values";
import type { Settings } from "../../settings/schema";
import { runsOperator } from "../../settings/release-values";
import { stageOf, stagesWith } from "../../stages";
import { toYaml } from "../../commands/render/yaml";
import { crdProblems, kpsProblems, upstreamProblems, type ChartObject, type Kept } from "./chart-objects";
import { keyProblems, named, own as program, rulesProblems, tableProblems, type Compared } from "./chart-rules";
import { report, startCheck } from "./check";
import { resourcesOf, stacks as own, type StackOptions, type Start } from "./stacks";

/**
 * `npm run chart:check`: what the charts render from this program's values, which a preview of a Release doesn't show. Each stack as it is, and
 * as it would take over an existing release. Needs the chart repository, and helm or Go to build it.
 */

/** A version for `Capabilities.KubeVersion`: without a cluster, helm uses the one that it was built with. */
const kubeVersion = "1.36.0";

const helm = {
  name: "helm",
  proof: ["version", "--short"],
  install: "Install Helm (https://helm.sh/docs/intro/install/) and run it again.",
};

type Json = Record<string, unknown>;

interface Way {
  title: string;
  config: string[];
  kept: Kept;
  /** Only the release with upstream's rules is looked at. */
  rulesOnly?: boolean;
}

const asItIs: Way = { title: "", config: [], kept: {} };

/** Only where the stack's stage has a release to take over. */
const adopted: Way = {
  title: ", adopted",
  config: ["release=monitoring/kps", "keepGrafana=true", "keepExporters=true"].map((set) => `adopt.kps.${set}`),
  kept: { grafana: true, exporters: true },
};

/** What goes with the release: a stack that still keeps it can't be in stage kps-removed. */
const keptNoMore = ["adopt.kps.keepGrafana=false", "adopt.kps.keepExporters=false"];

/** Every stage of a backend. */
const inStages = ({ metrics: { backend }, adopt }: Settings): Way[] =>
  stagesWith(backend).map((stage, index, stages) => ({
    title: ` in stage ${stage}`,
    config: [
      `stage=${stage}`,
      ...(index > 0 ? [`migration.from=${stages[index - 1]}`] : []),
      // The retirement is where Prometheus' own rules go.
      ...(stage === "kps-removed"
        ? [
            ...["migration.retireKps=true", "migration.dualWriteDays=0", "migration.reclaimVolumes[0]=prometheus"],
            ...(adopt.kps ? keptNoMore : []),
          ]
        : []),
    ],
    kept: {},
    rulesOnly: true,
  }));

/**
 * How a stack is looked at: as it is, as an adoption, and in each of its backend's stages.
 * @param settings of the stack
 */
export const waysOf = (settings: Settings): Way[] => [
  asItIs,
  ...(stageOf(settings).kps ? [adopted] : []),
  ...inStages(settings),
];

/** A release to look at. */
export interface Case {
  /** Stack, whether it is adopted, release and chart. */
  title: string;
  release: HelmRelease;
  kept: Kept;
  /** Of the release with upstream's rules: what else the stack has, with which its names are compared. */
  beside?: {
    kps?: HelmRelease;
    objects: KubernetesObject[];
    settings: Pick<Settings, "rules" | "monitors" | "cluster">;
  };
}

/**
 * The releases of stacks, as they are, as an adoption would make them, and upstream's rules in each stage.
 * @param stacks which
 * @param start how the program is started
 */
export async function casesOf(stacks: readonly StackOptions[], start?: Start): Promise<Case[]> {
  const cases: Case[] = [];
  for (const stack of stacks) {
    const { settings } = loadStackSettings(stack);
    for (const way of waysOf(settings)) cases.push(...(await casesOfWay(stack, way, start)));
  }
  return cases;
}

async function casesOfWay(
  stack: StackOptions,
  { title, config, kept, rulesOnly }: Way,
  start?: Start,
): Promise<Case[]> {
  const resources = await resourcesOf(stack, config, start);
  const { settings } = loadStackSettings({ ...stack, config });
  const releases = resources.flatMap(({ release }) => (release ? [release] : []));
  const objects = resources.flatMap(({ object }) => (object ? [object] : []));
  const kps = releases.find((release) => release.chart === kpsChart && runsOperator(release.values));
  return releases
    .map((release): Case => {
      const beside = isUpstream(release) ? { kps, objects, settings } : undefined;
      return { title: `${stack.stack}${title}: ${describe(release)}`, release, kept, ...(beside && { beside }) };
    })
    .filter(({ beside }) => beside !== undefined || !rulesOnly);
}

const kpsChart = "kube-prometheus-stack";
const isUpstream = ({ chart, values }: HelmRelease) => chart === kpsChart && !runsOperator(values);

const describe = ({ namespace, name, chart, version }: HelmRelease) =>
  `release ${namespace}/${name}, ${chart} ${version}`;

/**
 * Checks what charts render from releases' values.
 * @param cases the releases; not asked for where helm is missing
 * @param say takes the lines
 * @param built path of the helm for a machine that has none
 * @returns exit code: 0 everything is correct, 1 something is wrong or could not be checked
 */
export async function checkCharts(
  cases: () => Promise<Case[]>,
  say?: (line: string) => void,
  built: () => Promise<string> = () => hostTool("helm"),
): Promise<number> {
  const installed = await succeeds(helm.name, helm.proof);
  const name = installed ? helm.name : await built().catch(() => helm.name);
  return report({ ...helm, name }, cases, (one) => look(name, one), say);
}

async function look(command: string, { release, kept, beside }: Case): Promise<string[]> {
  const { chart, source, version, repository, values } = release;
  if (!version) return ["its chart has no exact version"];
  if (!repository && source === chart) return ["its chart has no repository"];
  const objects = await template(command, release);
  if (objects.length === 0) return ["the chart renders no objects"];
  if (chart === "prometheus-operator-crds") return crdProblems(objects);
  if (!beside) return kpsProblems(values, objects, kept);
  const names = await compared(command, release, objects, beside);
  return [
    ...upstreamProblems(objects),
    ...keyProblems(values, await chartValues(command, release)),
    ...rulesProblems(names),
    ...tableProblems(values, named(objects)),
    ...tableProblems({}, names.defaults),
  ];
}

async function chartValues(command: string, { source, version, repository }: HelmRelease): Promise<Json> {
  const from = repository ? ["--repo", repository] : [];
  return parse(await run(command, ["show", "values", source, ...from, "--version", version ?? ""])) as Json;
}

/** The names of a stack's rules and dashboards, beside those of the chart with its default values. */
async function compared(
  command: string,
  release: HelmRelease,
  objects: ChartObject[],
  { kps, objects: others, settings: { rules, monitors, cluster } }: NonNullable<Case["beside"]>,
): Promise<Compared> {
  const ofKps = kps ? await template(command, kps) : [];
  const ownObjects = others as unknown as ChartObject[];
  // Dashboards of the program have other names, and may have the same file names.
  const ownRules = named(ownObjects.filter(({ kind }) => kind === "PrometheusRule"));
  return {
    defaults: named(await template(command, { ...release, name: "defaults", values: {} })),
    sources: {
      [`release ${release.name}`]: named(objects),
      ...(kps && { [`release ${kps.name}`]: named(ofKps) }),
      [program]: ownRules,
    },
    there: {
      job: [...jobsOf([...ownObjects, ...ofKps]), ...leftOut(monitors)],
      namespace: [...new Set([...ownObjects, ...ofKps].flatMap(({ metadata }) => metadata.namespace ?? []))],
      cluster: cluster.name === undefined ? [] : [cluster.name],
    },
    values: release.values,
    disabled: [...rules.disabled, ...silent(monitors)],
    kps: kps !== undefined,
  };
}

/** Labels that the exporters' charts name as `jobLabel`. */
const jobLabels = ["jobLabel", "app.kubernetes.io/name"];

/** A ServiceMonitor's job is the name of the Service that it selects, or one of its labels; a ScrapeConfig says its own. */
const jobsOf = (objects: readonly ChartObject[]): string[] =>
  objects.flatMap(({ kind, metadata, spec }) => {
    if (kind === "Service") return [metadata.name, ...jobLabels.flatMap((key) => metadata.labels?.[key] ?? [])];
    const { jobName } = (spec ?? {}) as { jobName?: string };
    return kind === "ScrapeConfig" && jobName ? [jobName] : [];
  });

/** Jobs that the settings leave to others: rules about them may be there. */
const leftOut = ({ apiServer, kubelet, coreDns }: Settings["monitors"]): string[] => [
  ...(apiServer ? [] : ["apiserver"]),
  ...(kubelet ? [] : ["kubelet"]),
  ...(coreDns ? [] : ["coredns"]),
];

async function template(command: string, release: HelmRelease): Promise<ChartObject[]> {
  const { name, namespace, source, version, repository, values } = release;
  const from = repository ? ["--repo", repository] : [];
  const where = [...from, "--version", version ?? "", "--namespace", namespace, "--kube-version", kubeVersion];
  const text = await run(command, ["template", name, source, ...where, "--values", "-"], { input: toYaml(values) });
  return parseAllDocuments(text)
    .map((document) => document.toJS() as ChartObject | null)
    .filter((object) => object !== null);
}

if (require.main === module) startCheck("chart:check", () => checkCharts(() => casesOf(own)));
