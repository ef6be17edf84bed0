import type { Readable } from "../../components/alloy/unsupported";
import { backends, stageNamed, type Backend, type StageName } from "../../stages";
import { InvalidInput, ProgramFailed } from "../../engine/errors";
import { isMap } from "../../engine/json";
import { besideTheSteps, kpsMove } from "./beside";
import { collectorChange } from "./collector";
import { askersInWords, endingsByName } from "./endings";
import { modeChange } from "./modes";
import { changesByName } from "./names";
import { ringChanges } from "./replicas";
import { routeBetween } from "./route";
import { besideDestroy, retainedInVain } from "./retained";
import { isForgotten, Operation, Step, stepsBetween } from "./steps";
import { versionChanges } from "./versions";
import { Volume, volumesBetween } from "./volumes";
import { endingsInWords } from "../shared/belongings";
import type { Recorded } from "../shared/record";
import { Preview, Previewed, PreviewOptions, previewWithGraph, settingsOf } from "../shared/preview";
import { nameOf, typeOf } from "../../engine/urn";

/** What moving between two stages does: the JSON contract of `plan`. The fields of the preview are the target's. */
export interface Plan extends Preview {
  /** the stage that the move starts from */
  from: string;
  /** the stages from one to the other, both included; if there are more than two, take them one at a time */
  route: string[];
  /** a step for every resource of either stage: the target's in tree order, then those to delete */
  steps: Step[];
  /** what happens to every volume, including those created by an operator or a StatefulSet */
  volumes: Volume[];
  /** what the move does that the graph doesn't show, and what is no longer scraped, sent or done to alerts afterwards */
  beside: string[];
  /** why the move must not be made as it is; empty if only policies may refuse it */
  refusals: string[];
  /** the plan in one line */
  summary: string;
}

/** What to plan. */
export interface PlanOptions extends Omit<PreviewOptions, "stage" | "from"> {
  /** the stage that the stack is in */
  from: string;
  /** the stage to move to */
  to: string;
  /** settings of the stack in both stages; if both stages are the same, settings of the target only: the change */
  config?: string[];
  /** settings of the target only */
  change?: string[];
  /** what `verify` or `adopt` found in the cluster before */
  recorded?: Recorded;
}

/**
 * Compares a stack in two stages, by two offline previews at the same time: what would be created, changed,
 * replaced and deleted, and which volumes would be deleted. Policies check the target. It needs no state: the stack is assumed to be
 * as the program declares it in the first stage.
 *
 * @throws {InvalidInput} for a stack, stage or setting that does not exist
 * @throws {ProgramFailed} if the program ends with an error in either stage
 * @throws {PolicyPackFailed} if the policy pack fails
 */
export async function offlinePlan(options: PlanOptions): Promise<Plan> {
  const { from, to, config = [], change = [], policyPack, recorded, ...common } = options;
  const route = routeBetween(from, to, backendIn(options));
  const unchanged = from === to ? [] : config;
  const source: PreviewOptions = { ...common, stage: from, from, config: [...unchanged, ...withoutRetirement(from)] };
  const target: PreviewOptions = {
    ...{ ...common, policyPack, stage: to, config: [...config, ...change] },
    // The settings refuse stages that are not neighbours; here the steps are still wanted.
    from: route.at(-2) ?? to,
  };
  const far = route.length > 2;
  const [before, after] = await both(previewWithGraph(source), previewWithGraph(target)).catch((error: unknown) => {
    // What a later stage asks of the settings doesn't matter yet.
    if (far && error instanceof ProgramFailed) throw new ProgramFailed(`${notNeighbours(route)}\n\n${error.message}`);
    throw error;
  });
  const { kps, migration, metrics, namespace, prometheusApi } = settingsIn(target);
  const plan = planBetween(before, after, {
    ...{ from, to, route, stepwise: kps.enabled !== false, recorded },
    reclaimed: textsOf(migration.reclaimVolumes),
    backend: backendIn(target),
    address: { namespace: String(namespace.name ?? ""), formerNames: textsOf(prometheusApi.formerNames) },
    readable: {
      secrets: textsOf(metrics.secrets),
      configMaps: textsOf(metrics.configMaps),
      scrapeConfigs: Array.isArray(metrics.scrapeConfigs) ? (metrics.scrapeConfigs as Readable["scrapeConfigs"]) : [],
    },
  });
  const idle = from === to && plan.steps.every(({ op }) => op === "same");
  return idle ? { ...plan, beside: [nothingChanges, ...plan.beside] } : plan;
}

/** It could be mistaken for “no risk”: the change was written into the stack's file before it was planned. */
const nothingChanges =
  "Nothing changes: the stack file already has this, or no resource depends on it. To plan a change, use --config before you write it into the file";

/** What a plan of `destroy` has instead of a next stage. */
const destroyed = "destroyed";

/**
 * What `destroy` does to a stack: everything that is not retained is deleted, and Pulumi refuses it if something is protected. Policies check
 * nothing, because nothing is created.
 *
 * @param options as for a preview; `stage` is the stage that the stack is in, by default its own
 * @throws {InvalidInput} for a stack, stage or setting that does not exist
 * @throws {ProgramFailed} if the program ends with an error
 */
export async function offlineDestroy(
  options: Omit<PreviewOptions, "policyPack" | "policyConfig" | "from">,
): Promise<Plan> {
  const before = await previewWithGraph({ ...options, from: options.stage });
  const from = before.preview.stage ?? "";
  const nothing = { resources: [], violations: [], outputs: {}, requests: [], fit: { ...before.preview.fit } };
  const after: Previewed = { preview: { ...before.preview, ...nothing }, graph: new Map() };
  const reclaimed = textsOf(settingsIn(options).migration.reclaimVolumes);
  const plan = planBetween(before, after, {
    from,
    to: destroyed,
    route: [from, destroyed],
    stepwise: false,
    reclaimed,
  });
  return { ...plan, beside: [...plan.beside, ...besideDestroy(before.graph, plan.steps)] };
}

/** A move from one stage to another. */
export interface Move {
  from: string;
  to: string;
  /** the stages from one to the other, both included */
  route: string[];
  /** whether they must be taken one at a time: in a stack that has kube-prometheus-stack */
  stepwise: boolean;
  /** the volumes that may be deleted: `migration.reclaimVolumes` of the target */
  reclaimed: string[];
  /** what may be read of Secrets and ConfigMaps to scrape: `metrics` of the target; default: none */
  readable?: Readable;
  /** what keeps the target's metrics; default: Mimir */
  backend?: Backend;
  /** what `verify` or `adopt` found in the cluster before; default: nothing is known of it */
  recorded?: Recorded;
  /** where the target keeps answering who asked a removed release's Prometheus: its namespace, and `prometheusApi.formerNames` */
  address?: { namespace: string; formerNames: string[] };
}

const notNeighbours = (route: readonly string[]) =>
  `${route[0]} and ${route.at(-1)} are not neighbours: take one stage at a time, ${route.join(" → ")}`;

/** The plan of a move, from a preview of each stage. */
export function planBetween(before: Previewed, after: Previewed, move: Move): Plan {
  const { from, to, route, stepwise, reclaimed, backend = "mimir", recorded, address } = move;
  const { readable = { secrets: [], configMaps: [], scrapeConfigs: [] } } = move;
  const steps = stepsBetween(before.graph, after.graph);
  const volumes = volumesBetween(before.graph, after.graph, steps, reclaimed);
  const mode = modeChange(before.graph, after.graph);
  const versions = versionChanges(before.graph, after.graph);
  const ends = recorded ? endingsByName(before.graph, after.graph, steps, readable, backend, recorded) : [];
  const { askers = [] } = kpsMove(before.graph, after.graph, steps)?.goes ? (recorded ?? {}) : {};
  return {
    ...after.preview,
    ...{ from, route, steps, volumes },
    beside: [
      ...besideTheSteps(before.graph, after.graph, steps, readable, backend, recorded),
      ...ringChanges(before.graph, after.graph),
      ...mode.beside,
      ...versions.beside,
      ...collectorChange(before.graph, after.graph),
      ...endingsInWords(ends).map((sentence) => `ends with this move: ${sentence}`),
      ...askersInWords(askers, address?.formerNames ?? [], backend, address?.namespace ?? ""),
      ...changesByName(before.graph, after.graph, ends),
    ],
    refusals: [
      ...(stepwise && route.length > 2 ? [notNeighbours(route)] : []),
      ...steps.filter(({ op }) => op === "blocked").map((step) => `${called(step)}: ${step.why}`),
      ...volumes
        .filter(({ lost }) => lost)
        .map(
          ({ namespace, claims, why }) => `${namespace}/${claims.join(", ")} would be deleted with its data: ${why}`,
        ),
      ...steps.filter(losesData).map((step) => `${called(step)} would be deleted with everything in it`),
      ...retainedInVain(before.graph, steps),
      ...mode.refusals,
      ...versions.refusals,
    ],
    summary: `${from} → ${to}: ${counted(steps)}; ${volumesInWords(volumes)}`,
  };
}

/** Kinds whose content can't be created again, other than volumes. */
const holdsData = [
  /^kubernetes:core\/v1:Namespace$/,
  /^kubernetes:apiextensions\.k8s\.io\/v1:CustomResourceDefinition$/,
  /^kubernetes:objectbucket\.io\/[^:]+:ObjectBucketClaim$/,
  /^minio:index\/s3Bucket:S3Bucket$/,
  /^onepassword:index\/item:Item$/,
];

const losesData = ({ urn, op, why }: Step): boolean =>
  (op === "delete" || op === "replace") &&
  !why.includes("retainOnDelete") &&
  holdsData.some((type) => type.test(typeOf(urn)));

const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/** A resource as a person calls it: `kubernetes:apps/v1:StatefulSet loki`. */
export const called = ({ urn }: Step): string => `${typeOf(urn)} ${nameOf(urn)}`;

/** What a plan counts: operations, with “forget” separate from “delete”. */
export type Counted = Operation | "forget";

/** How a step is counted. */
export const countedAs = (step: Step): Counted => (isForgotten(step) ? "forget" : step.op);

/** How many steps there are of a kind. */
export const count = (steps: Step[], kind: Counted): number => steps.filter((step) => countedAs(step) === kind).length;

function counted(steps: Step[]): string {
  const said = ([op, some, none]: [Counted, string, string]): string => {
    const number = count(steps, op);
    return number === 0 ? none : `${number} ${some}`;
  };
  const parts: [Counted, string, string][] = [
    ["create", "to create", "nothing to create"],
    ["update", "to update", "nothing to update"],
    ["delete", "to delete", "nothing deleted"],
    ["forget", "only forgotten", ""],
    ["replace", "to replace", "nothing replaced"],
    ["blocked", "blocked", ""],
  ];
  return parts.map(said).filter(Boolean).join(", ");
}

function volumesInWords(volumes: Volume[]): string {
  const claims = (fate: Volume["fate"]): string[] =>
    volumes.filter((one) => one.fate === fate).flatMap((one) => one.claims);
  const [gone, kept] = [claims("deleted"), claims("kept")];
  const goes =
    gone.length === 0
      ? "no volume deleted"
      : `${gone.length === 1 ? "1 volume deleted" : `${gone.length} volumes deleted`}`;
  return kept.length === 0 ? goes : `${goes}, ${kept.length} kept`;
}

/** While kube-prometheus-stack still evaluates rules, settings of its retirement don't apply: they belong to a later stage. */
const withoutRetirement = (from: string): string[] =>
  stageNamed(from as StageName).evaluator === "prometheus" ? [`migration={"from":"${from}"}`] : [];

/** The program's own settings that matter here, if they are set. */
function settingsIn(
  options: PreviewOptions,
): Record<"kps" | "migration" | "metrics" | "namespace" | "prometheusApi", Record<string, unknown>> {
  const { project, configuration } = settingsOf(options);
  const section = (name: string): Record<string, unknown> => {
    const text = configuration.values[`${project.name}:${name}`];
    const value: unknown = text?.startsWith("{") ? JSON.parse(text) : undefined;
    return isMap<unknown>(value) ? value : {};
  };
  return {
    ...{ kps: section("kps"), migration: section("migration"), metrics: section("metrics") },
    ...{ namespace: section("namespace"), prometheusApi: section("prometheusApi") },
  };
}

/** The backend of a stack; an unknown one is refused when the settings are read. */
const backendIn = (options: PreviewOptions): Backend | undefined =>
  backends.find((each) => each === settingsIn(options).metrics.backend);

/** Waits for both, so that all errors are reported together, and an error in both only once. */
async function both<T>(...runs: [Promise<T>, Promise<T>]): Promise<[T, T]> {
  const ends = await Promise.allSettled(runs);
  const errors = ends.flatMap((end) => (end.status === "rejected" ? [end.reason as unknown] : []));
  const unexpected = errors.find((error) => !(error instanceof InvalidInput || error instanceof ProgramFailed));
  const messages = [...new Set(errors.map((error) => (error as Error).message))];
  if (unexpected !== undefined || messages.length === 1) {
    throw unexpected ?? errors[0];
  }
  if (messages.length > 1) {
    throw new ProgramFailed(messages.join("\n"));
  }
  return Promise.all(runs);
}
