import { quantityValue } from "../config/units";
import { InvalidInput } from "./errors";
import { Resource } from "./graph";
import { isMap } from "./json";
import { Configuration } from "./project";
import { reveal } from "./values";

/** What pods ask of the nodes of one architecture. */
export interface ArchitectureRequests {
  /** the `kubernetes.io/arch` that pods are bound to, or `any` */
  architecture: string;
  pods: number;
  /** CPU cores */
  cpu: number;
  /** bytes of memory */
  memory: number;
}

/** A kind of node, as the settings list them: `<project>:cluster`, `nodes`. */
interface NodeKind {
  arch: string;
  count: number;
}

// The parts of Kubernetes' types that are read here; every one may be missing.
interface Container {
  restartPolicy?: string;
  resources?: { requests?: { cpu?: string | number; memory?: string | number } };
}
interface PodSpec {
  containers?: Container[];
  initContainers?: Container[];
  overhead?: { cpu?: string | number; memory?: string | number };
  nodeSelector?: Record<string, string>;
  affinity?: {
    nodeAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms?: NodeSelectorTerm[] } };
  };
}
interface NodeSelectorTerm {
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}
interface WorkloadSpec {
  replicas?: number;
  parallelism?: number;
  template?: { spec?: PodSpec };
}

/** Pods of a workload by kind; a DaemonSet's number depends on the nodes. */
const podsOf: Record<string, (spec: WorkloadSpec) => number> = {
  Deployment: ({ replicas = 1 }) => replicas,
  StatefulSet: ({ replicas = 1 }) => replicas,
  Job: ({ parallelism = 1 }) => parallelism,
};

/**
 * Sums the requests of all pods by the architecture that they are bound to. A DaemonSet counts on each node that the
 * settings list and its pods may run on; where they list none, once. What a Helm release starts is not seen.
 *
 * @throws {InvalidInput} for a quantity that Kubernetes would refuse
 */
export function requestsByArchitecture(resources: Resource[], nodes: NodeKind[]): ArchitectureRequests[] {
  const sums = new Map<string, ArchitectureRequests>();
  const add = (architecture: string, pods: number, { cpu, memory }: Amounts) => {
    const sum = sums.get(architecture) ?? { architecture, pods: 0, cpu: 0, memory: 0 };
    sums.set(architecture, {
      architecture,
      pods: sum.pods + pods,
      cpu: sum.cpu + pods * cpu,
      memory: sum.memory + pods * memory,
    });
  };
  for (const { urn, type, inputs } of resources) {
    const kind = type.split(":").at(-1) ?? "";
    const spec = reveal(inputs.spec ?? null) as WorkloadSpec | null;
    const pod = type.startsWith("kubernetes:") ? spec?.template?.spec : undefined;
    if (!pod || !spec) {
      continue;
    }
    const amounts = requestsOf(pod, urn);
    const allowed = architecturesOf(pod);
    if (kind in podsOf) {
      add(allowed?.length === 1 ? allowed[0] : "any", podsOf[kind](spec), amounts);
    } else if (kind === "DaemonSet") {
      const kinds = nodes.length > 0 ? nodes : [{ arch: allowed?.length === 1 ? allowed[0] : "any", count: 1 }];
      kinds
        .filter(({ arch }) => nodes.length === 0 || !allowed || allowed.includes(arch))
        .forEach(({ arch, count }) => add(arch, count, amounts));
    }
  }
  // Requests are whole thousandths of a core; their sum in binary fractions is not.
  const rounded = [...sums.values()].map((sum) => ({ ...sum, cpu: Math.round(sum.cpu * 1000) / 1000 }));
  return rounded.sort((a, b) => (a.architecture < b.architecture ? -1 : 1));
}

/** The kinds of node in a stack's settings; none where they are not listed. */
export function nodeKinds(configuration: Configuration, project: string): NodeKind[] {
  const text = configuration.values[`${project}:cluster`];
  const settings: unknown = text?.startsWith("{") ? JSON.parse(text) : undefined;
  const nodes = isMap<unknown>(settings) && Array.isArray(settings.nodes) ? settings.nodes : [];
  return nodes.map((node: { arch: string; count?: number }) => ({ arch: node.arch, count: node.count ?? 1 }));
}

interface Amounts {
  cpu: number;
  memory: number;
}

/** A pod's effective request: its containers and sidecars together, or its greatest init container. */
function requestsOf(pod: PodSpec, urn: string): Amounts {
  const isSidecar = ({ restartPolicy }: Container): boolean => restartPolicy === "Always";
  const inits = pod.initContainers ?? [];
  const running = [...(pod.containers ?? []), ...inits.filter(isSidecar)];
  const amount = (name: keyof Amounts): number => {
    const of = (quantity: string | number | undefined): number => quantityIn(quantity, `${urn}: ${name}`);
    const together = running.reduce((sum, { resources }) => sum + of(resources?.requests?.[name]), 0);
    const greatest = Math.max(0, ...inits.map(({ resources }) => of(resources?.requests?.[name])));
    return Math.max(together, greatest) + of(pod.overhead?.[name]);
  };
  return { cpu: amount("cpu"), memory: amount("memory") };
}

function quantityIn(quantity: string | number | undefined, where: string): number {
  try {
    return quantity === undefined ? 0 : quantityValue(String(quantity));
  } catch (error) {
    throw new InvalidInput(`${where} request: ${(error as Error).message}`);
  }
}

const architectureLabel = "kubernetes.io/arch";

/** The architectures that a pod is bound to; undefined where nothing binds it. */
function architecturesOf({ nodeSelector, affinity }: PodSpec): string[] | undefined {
  const selected = nodeSelector?.[architectureLabel];
  if (selected !== undefined) {
    return [selected];
  }
  // Terms are alternatives: a pod is bound only where each of them names architectures.
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const byTerm = terms.map(({ matchExpressions = [] }) =>
    matchExpressions.find(({ key, operator }) => key === architectureLabel && operator === "In"),
  );
  const bound = byTerm.length > 0 && byTerm.every((expression) => expression !== undefined);
  return bound ? [...new Set(byTerm.flatMap((expression) => expression?.values ?? []))] : undefined;
}
