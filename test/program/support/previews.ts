import { join } from "node:path";
import type { StageName } from "../../../config/sections/migration";
import {
  ownProgram,
  type Preview,
  type Previewed,
  type PreviewOptions,
  type PreviewResource,
} from "../../../offline/preview";
import { previewByHost } from "./hosted";

/** The stacks of this repository. */
export const stacks = ["production", "staging", "sandbox"] as const;

/** Name of a stack of this repository. */
export type Stack = (typeof stacks)[number];

/**
 * What is set on top of a stack's file to bring it to a stage, by one that is there already: the last one asks for a retirement else.
 * @param stage any; the files of this repository are in stage `loki`
 */
export function inStage(stage: StageName): string[] {
  if (stage === "loki") return [];
  return [`stage=${stage}`, ...(stage === "kps-removed" ? [`migration.from=${stage}`] : [])];
}

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
 * @param stack a stack of this repository
 * @param config `key=value`, on top of the stack's file
 */
export async function previewOf(stack: Stack, ...config: string[]): Promise<Preview> {
  return (await previewedOf(stack, ...config)).preview;
}

/** The same with its graph, as the plan takes it. */
export async function previewedOf(stack: Stack, ...config: string[]): Promise<Previewed> {
  const previewed = await ask({ stack, config });
  // No test shall find that nothing was found where nobody looked.
  Object.defineProperty(previewed.preview, "violations", { enumerable: false, get: notChecked });
  return previewed;
}

const notChecked = (): never => {
  throw new Error("previewOf leaves the policy pack out: checkedPreviewOf has its findings");
};

/** The same with what the policy pack says. */
export async function checkedPreviewOf(stack: Stack, ...config: string[]): Promise<Preview> {
  return (await ask({ stack, config, policyPack: join(ownProgram, "policy") })).preview;
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
