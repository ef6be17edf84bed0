import type { Readable } from "../components/alloy/unsupported";
import { stages } from "../migration/stages";
import { InvalidInput, ProgramFailed } from "./errors";
import { isMap } from "./json";
import { besideTheSteps } from "./plan-beside";
import { routeBetween } from "./plan-route";
import { Operation, Step, stepsBetween } from "./plan-steps";
import { Volume, volumesBetween } from "./plan-volumes";
import { Preview, Previewed, PreviewOptions, previewWithGraph, settingsOf } from "./preview";
import { nameOf, typeOf } from "./urn";

/** What moving between two stages does: the JSON contract of `plan`. The fields of the preview are the target's. */
export interface Plan extends Preview {
  /** the stage that the move starts from */
  from: string;
  /** the stages from one to the other, both included; more than two, and they have to be taken one at a time */
  route: string[];
  /** a step for every resource of either stage: the target's in tree order, then what goes */
  steps: Step[];
  /** what becomes of every volume, those too that an operator or a StatefulSet made */
  volumes: Volume[];
  /** what the move does that the graph doesn't show, and what nobody scrapes, sends or does to alerts any more afterwards */
  beside: string[];
  /** why the move must not be made as it is; empty where only policies may have something against it */
  refusals: string[];
  /** the plan in one line */
  summary: string;
}

/** What to plan. */
export interface PlanOptions extends Omit<PreviewOptions, "stage" | "from"> {
  /** the stage that the stack is in */
  from: string;
  /** the stage that it is to be in */
  to: string;
  /** settings of the stack in both stages; where both are the same, what changes: settings of the target only */
  config?: string[];
  /** settings of the target only */
  change?: string[];
}

/**
 * Compares a stack in two stages, each by an offline preview of its own, the two side by side: what would be created, changed,
 * replaced and deleted, and which volumes would go. Policies look at the target. Needs no state: what is there is taken to be
 * what the program declares in the first stage.
 *
 * @throws {InvalidInput} for a stack, stage or setting that does not exist
 * @throws {ProgramFailed} when the program ends with an error in either stage, as it does in one that isn't built yet
 * @throws {PolicyPackFailed} when the policy pack does
 */
export async function offlinePlan(options: PlanOptions): Promise<Plan> {
  const { from, to, config = [], change = [], policyPack, ...common } = options;
  const route = routeBetween(from, to);
  const unchanged = from === to ? [] : config;
  const source: PreviewOptions = { ...common, stage: from, from, config: [...unchanged, ...withoutRetirement(from)] };
  const target: PreviewOptions = {
    ...{ ...common, policyPack, stage: to, config: [...config, ...change] },
    // The settings refuse what is not a neighbour; here the steps are wanted all the same.
    from: route.at(-2) ?? to,
  };
  const [before, after] = await both(previewWithGraph(source), previewWithGraph(target));
  const { kps, migration, metrics } = settingsIn(target);
  const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
  return planBetween(before, after, {
    ...{ from, to, route, stepwise: kps.enabled !== false },
    reclaimed: texts(migration.reclaimVolumes),
    readable: { secrets: texts(metrics.secrets), configMaps: texts(metrics.configMaps) },
  });
}

/** A move from one stage to another. */
export interface Move {
  from: string;
  to: string;
  /** the stages from one to the other, both included */
  route: string[];
  /** whether they have to be taken one at a time: in a stack that has kube-prometheus-stack */
  stepwise: boolean;
  /** the volumes that may go: `migration.reclaimVolumes` of the target */
  reclaimed: string[];
  /** what Alloy may read of Secrets and ConfigMaps: `metrics` of the target; default: none */
  readable?: Readable;
}

/** The plan of a move, from a preview of either stage. */
export function planBetween(before: Previewed, after: Previewed, move: Move): Plan {
  const { from, to, route, stepwise, reclaimed, readable = { secrets: [], configMaps: [] } } = move;
  const steps = stepsBetween(before.graph, after.graph);
  const volumes = volumesBetween(before.graph, after.graph, steps, reclaimed);
  const far = stepwise && route.length > 2;
  return {
    ...after.preview,
    ...{ from, route, steps, volumes },
    beside: besideTheSteps(before.graph, after.graph, steps, readable),
    refusals: [
      ...(far ? [`${from} and ${to} are not neighbours: one stage at a time, ${route.join(" → ")}`] : []),
      ...steps.filter(({ op }) => op === "blocked").map((step) => `${called(step)}: ${step.why}`),
      ...volumes
        .filter(({ lost }) => lost)
        .map(({ namespace, claims, why }) => `${namespace}/${claims.join(", ")} would go with its data: ${why}`),
      ...steps.filter(losesData).map((step) => `${called(step)} would go with what is in it`),
    ],
    summary: `${from} → ${to}: ${counted(steps)}; ${volumesInWords(volumes)}`,
  };
}

/** Kinds that hold what nothing makes anew, beside volumes. */
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

/** A resource as a person calls it: `kubernetes:apps/v1:StatefulSet loki`. */
export const called = ({ urn }: Step): string => `${typeOf(urn)} ${nameOf(urn)}`;

/** How many steps there are of a kind. */
export const count = (steps: Step[], op: Operation): number => steps.filter((step) => step.op === op).length;

function counted(steps: Step[]): string {
  const said = ([op, some, none]: [Operation, string, string]): string => {
    const number = count(steps, op);
    return number === 0 ? none : `${number} ${some}`;
  };
  const parts: [Operation, string, string][] = [
    ["create", "to create", "nothing to create"],
    ["update", "to update", "nothing to update"],
    ["delete", "to delete", "nothing deleted"],
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
    gone.length === 0 ? "no volume goes" : `${gone.length === 1 ? "1 volume goes" : `${gone.length} volumes go`}`;
  return kept.length === 0 ? goes : `${goes}, ${kept.length} kept`;
}

/** Where kube-prometheus-stack still evaluates rules, no setting of its retirement holds: it belongs to a later stage. */
const withoutRetirement = (from: string): string[] =>
  stages[from as keyof typeof stages].evaluator === "prometheus" ? [`migration={"from":"${from}"}`] : [];

/** The program's own settings that matter here, as far as they are there. */
function settingsIn(options: PreviewOptions): Record<"kps" | "migration" | "metrics", Record<string, unknown>> {
  const { project, configuration } = settingsOf(options);
  const section = (name: string): Record<string, unknown> => {
    const text = configuration.values[`${project.name}:${name}`];
    const value: unknown = text?.startsWith("{") ? JSON.parse(text) : undefined;
    return isMap<unknown>(value) ? value : {};
  };
  return { kps: section("kps"), migration: section("migration"), metrics: section("metrics") };
}

/** Waits for both, so that what is wrong in either is told at once, and only once where both say the same. */
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
