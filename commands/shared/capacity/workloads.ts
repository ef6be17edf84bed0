import { quantityValue } from "../../../settings/units";
import { chartName } from "../../../engine/chart-name";
import { InvalidInput } from "../../../engine/errors";
import type { Resource } from "../../../engine/graph";
import { isMap } from "../../../engine/json";
import { podsOfRelease } from "./release-pods";
import type { Amounts, Container, NodeExpression, PodSpec, Quantities, WorkloadSpec } from "./pod-spec";
import { reveal, unknownValue } from "../../../engine/values";

/** What runs pods, and what one of them needs. */
export interface Workload {
  /** `StatefulSet loki`; where a Helm release makes it, the release too: `Deployment operator of kube-prometheus-stack` */
  name: string;
  /** number of pods; a DaemonSet's depends on the nodes */
  pods: number | "one a node";
  /** what one pod asks for: the scheduler counts with it */
  requests: Amounts;
  /** what one pod may take at most; undefined where a container has no limit */
  limits: Partial<Amounts>;
  /** alternatives of what a node's labels must be; empty: any node will do */
  nodeTerms: NodeExpression[][];
}

/** Number of pods by kind. */
const podsOf: Record<string, (spec: WorkloadSpec) => number | "one a node"> = {
  Deployment: ({ replicas = 1 }) => replicas,
  StatefulSet: ({ replicas = 1 }) => replicas,
  Job: ({ parallelism = 1 }) => parallelism,
  DaemonSet: () => "one a node",
};

const releaseType = "kubernetes:helm.sh/v3:Release";

/**
 * Everything in a graph that runs pods, that of known charts included.
 *
 * @returns the workloads in the graph's order; `notSeen`: the releases of charts whose pods are not known, by name
 * @throws {InvalidInput} for a quantity that Kubernetes would refuse
 */
export function workloadsOf(resources: Pick<Resource, "urn" | "type" | "name" | "inputs">[]): {
  workloads: Workload[];
  notSeen: string[];
} {
  const workloads: Workload[] = [];
  const notSeen: string[] = [];
  for (const { urn, type, name, inputs } of resources) {
    const kind = type.split(":").at(-1) ?? "";
    if (type === releaseType) {
      const values = reveal(inputs.values ?? {});
      const parts = isMap(values) ? podsOfRelease(textOf(chartName(inputs.chart)), values) : undefined;
      const release = textOf(reveal(inputs.name ?? null)) ?? name;
      workloads.push(
        ...(parts ?? []).map((part) =>
          workload(part.kind, `${part.kind} ${part.name} of ${release}`, part.spec, `${urn} (${part.name})`),
        ),
      );
      notSeen.push(...(parts ? [] : [release]));
    } else if (type.startsWith("kubernetes:") && kind in podsOf) {
      const spec = reveal(inputs.spec ?? null) as WorkloadSpec | null;
      const metadata = reveal(inputs.metadata ?? null) as { name?: unknown } | null;
      workloads.push(workload(kind, `${kind} ${textOf(metadata?.name) ?? name}`, spec ?? {}, urn));
    }
  }
  return { workloads, notSeen };
}

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== unknownValue ? value : undefined;

function workload(kind: string, name: string, spec: WorkloadSpec, where: string): Workload {
  const pod = spec.template?.spec ?? {};
  return {
    name,
    pods: podsOf[kind](spec),
    requests: requestsOf(pod, where),
    limits: { cpu: limitOf(pod, "cpu", where), memory: limitOf(pod, "memory", where) },
    nodeTerms: nodeTermsOf(pod),
  };
}

/** A sidecar is an init container that keeps running. */
const isSidecar = ({ restartPolicy }: Container): boolean => restartPolicy === "Always";

const runningOf = ({ containers = [], initContainers = [] }: PodSpec): Container[] => [
  ...containers,
  ...initContainers.filter(isSidecar),
];

/** A pod's effective request: its containers and sidecars together, or its greatest init container. */
function requestsOf(pod: PodSpec, where: string): Amounts {
  const amount = (name: keyof Amounts): number => {
    const of = (quantities?: Quantities): number => quantityIn(quantities?.[name], `${where}: ${name} request`) ?? 0;
    const together = runningOf(pod).reduce((sum, { resources }) => sum + of(resources?.requests), 0);
    const greatest = Math.max(0, ...(pod.initContainers ?? []).map(({ resources }) => of(resources?.requests)));
    return Math.max(together, greatest) + of(pod.overhead);
  };
  return { cpu: amount("cpu"), memory: amount("memory") };
}

/** What all of a pod's containers may take together; undefined where one of them has no limit. */
function limitOf(pod: PodSpec, name: keyof Amounts, where: string): number | undefined {
  const of = (container: Container) => quantityIn(container.resources?.limits?.[name], `${where}: ${name} limit`);
  const running = runningOf(pod).map(of);
  const inits = (pod.initContainers ?? []).map((container) => of(container) ?? 0);
  const together = running.reduce<number>((sum, limit) => sum + (limit ?? 0), 0);
  return running.includes(undefined) ? undefined : Math.max(together, ...inits);
}

function quantityIn(quantity: string | number | undefined, where: string): number | undefined {
  try {
    return quantity === undefined ? undefined : quantityValue(String(quantity));
  } catch (error) {
    throw new InvalidInput(`${where}: ${(error as Error).message}`);
  }
}

/** Node selector and required node affinity as one: the selector belongs to each alternative. */
function nodeTermsOf({ nodeSelector = {}, affinity }: PodSpec): NodeExpression[][] {
  const selected = Object.entries(nodeSelector).map(([key, value]) => ({ key, operator: "In", values: [value] }));
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const alternatives = terms.map(({ matchExpressions = [], matchFields = [] }) => [
    ...matchExpressions,
    ...matchFields,
  ]);
  const all = (alternatives.length > 0 ? alternatives : [[]]).map((term) => [...selected, ...term]);
  return all.some((term) => term.length === 0) ? [] : all;
}

/** The architectures that a workload's pods are bound to; undefined where nothing binds them. */
export function architecturesOf({ nodeTerms }: Workload): string[] | undefined {
  // Terms are alternatives: a pod is bound only where each of them names architectures.
  const byTerm = nodeTerms.map((term) =>
    term.find(({ key, operator }) => key === architectureLabel && operator === "In"),
  );
  const bound = byTerm.length > 0 && byTerm.every((expression) => expression !== undefined);
  return bound ? [...new Set(byTerm.flatMap((expression) => expression?.values ?? []))] : undefined;
}

/** Label of a node that names its architecture. */
export const architectureLabel = "kubernetes.io/arch";
