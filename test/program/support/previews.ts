import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  type Preview,
  type Previewed,
  type PreviewOptions,
  type PreviewResource,
} from "../../../commands/shared/preview";
import { testStack, type Stack } from "../../stacks/stacks";
import { previewByHost } from "./hosted";
import { stagesWith, type StageName } from "../../../stages";
import { ownProgram } from "../../../engine/project";

/**
 * What is set on top of a stack's file to bring it to a stage, by one that is there already: the last one asks for a retirement else.
 * @param stage any
 * @param own that of the file
 */
export function inStage(stage: StageName, own: StageName = "loki"): string[] {
  if (stage === own) return [];
  return [`stage=${stage}`, ...(stage === "kps-removed" ? [`migration.from=${stage}`] : [])];
}

/** The stack with VictoriaMetrics in each of its stages. */
export const previewsOfPi = (): Promise<Preview>[] =>
  stagesWith("victoria-metrics").map((stage) => previewOf("pi", ...inStage(stage, "dual-write")));

/** The graphs that every test of the whole program looks at: what a describe is called, the stack, and what is set on top of its file. */
export const graphs: { of: string; stack: Stack; config: string[] }[] = [
  { of: "stack production", stack: "production", config: [] },
  { of: "stack staging", stack: "staging", config: [] },
  { of: "stack sandbox", stack: "sandbox", config: [] },
  ...(["dual-write", "mimir-default", "kps-removed"] as const).map((stage) => ({
    ...{ of: `stack production in stage ${stage}`, stack: "production" as const, config: inStage(stage) },
  })),
];

const made = new Map<string, Promise<Previewed>>();

/**
 * Previews the whole program, without the policy pack. The same settings only once in a run of the tests, whoever asks: nobody may change what
 * it returns.
 * @param config `key=value`, on top of the stack's file
 */
export async function previewOf(stack: string, ...config: string[]): Promise<Preview> {
  return (await previewedOf(stack, ...config)).preview;
}

/** The same with its graph, as the plan takes it. */
export async function previewedOf(stack: string, ...config: string[]): Promise<Previewed> {
  // One of the graphs above is made once, with what the policies say of it.
  const isGraph = graphs.some((each) => each.stack === stack && isDeepStrictEqual(each.config, config));
  const { preview, graph } = await ask({ ...testStack(stack), config, ...(isGraph && { policyPack }) });
  // No test shall find that nothing was found where nobody looked.
  return {
    preview: Object.defineProperty({ ...preview }, "violations", { enumerable: false, get: notChecked }),
    graph,
  };
}

const policyPack = join(ownProgram, "policy");

const notChecked = (): never => {
  throw new Error("previewOf leaves the policy pack out: checkedPreviewOf has its findings");
};

/** The same with what the policy pack says. */
export async function checkedPreviewOf(stack: string, ...config: string[]): Promise<Preview> {
  return (await ask({ ...testStack(stack), config, policyPack })).preview;
}

function ask(options: PreviewOptions): Promise<Previewed> {
  const key = JSON.stringify(options);
  const preview = made.get(key) ?? previewByHost(options);
  made.set(key, preview);
  return preview;
}

/** Type of a Kubernetes object, by kind. */
export const kinds = {
  ConfigMap: "kubernetes:core/v1:ConfigMap",
  DaemonSet: "kubernetes:apps/v1:DaemonSet",
  Deployment: "kubernetes:apps/v1:Deployment",
  Job: "kubernetes:batch/v1:Job",
  Namespace: "kubernetes:core/v1:Namespace",
  PodDisruptionBudget: "kubernetes:policy/v1:PodDisruptionBudget",
  PrometheusRule: "kubernetes:monitoring.coreos.com/v1:PrometheusRule",
  Release: "kubernetes:helm.sh/v3:Release",
  Secret: "kubernetes:core/v1:Secret",
  Service: "kubernetes:core/v1:Service",
  ServiceAccount: "kubernetes:core/v1:ServiceAccount",
  ServiceMonitor: "kubernetes:monitoring.coreos.com/v1:ServiceMonitor",
  StatefulSet: "kubernetes:apps/v1:StatefulSet",
} as const;

/** Kind of a Kubernetes object that the program makes. */
export type Kind = keyof typeof kinds;

/** The objects of a kind. */
export const ofKind = ({ resources }: Preview, kind: Kind): PreviewResource[] =>
  resources.filter(({ type }) => type === kinds[kind]);

/** The object of a kind and a name. Throws when there is none. */
export function object(preview: Preview, kind: Kind, name: string): PreviewResource {
  const all = ofKind(preview, kind);
  const found = all.find(({ inputs }) => nameOf(inputs) === name);
  if (!found) throw new Error(`no ${kind} ${name}; there are ${all.map(({ inputs }) => nameOf(inputs)).join(", ")}`);
  return found;
}

const nameOf = (inputs: PreviewResource["inputs"]): string => inputs.metadata?.name ?? inputs.name;

/** Which resource it is, in a message: `StatefulSet loki-write`. */
export const called = ({ type, name, inputs }: PreviewResource): string =>
  `${type.split(":").at(-1)} ${inputs.metadata?.name ?? name}`;
