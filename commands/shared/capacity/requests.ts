import { architecturesOf, type Workload } from "./workloads";
import type { NodeKind } from "./nodes";

/** What pods ask of the nodes of one architecture, and what they may take there. */
export interface ArchitectureRequests {
  /** the `kubernetes.io/arch` that pods are bound to, or `any` */
  architecture: string;
  pods: number;
  /** CPU cores */
  cpu: number;
  /** bytes of memory */
  memory: number;
  /** limits of the pods that have one, together: CPU cores and bytes of memory */
  limits: { cpu: number; memory: number };
  /** pods without a limit, which may take all that the node has */
  unlimited: { cpu: number; memory: number };
}

/**
 * Sums the requests and limits of all pods by the architecture that they are bound to. A DaemonSet counts on each node that the settings
 * list and its pods may run on; where they list none, once.
 */
export function requestsByArchitecture(workloads: Workload[], nodes: NodeKind[]): ArchitectureRequests[] {
  const sums = new Map<string, ArchitectureRequests>();
  const add = (architecture: string, pods: number, { requests, limits }: Workload) => {
    const sum = sums.get(architecture) ?? nothingOn(architecture);
    sums.set(architecture, {
      architecture,
      pods: sum.pods + pods,
      cpu: cores(sum.cpu + pods * requests.cpu),
      memory: sum.memory + pods * requests.memory,
      limits: {
        cpu: cores(sum.limits.cpu + pods * (limits.cpu ?? 0)),
        memory: sum.limits.memory + pods * (limits.memory ?? 0),
      },
      unlimited: {
        cpu: sum.unlimited.cpu + (limits.cpu === undefined ? pods : 0),
        memory: sum.unlimited.memory + (limits.memory === undefined ? pods : 0),
      },
    });
  };
  for (const workload of workloads) {
    const allowed = architecturesOf(workload);
    const bound = allowed?.length === 1 ? allowed[0] : "any";
    if (workload.pods !== "one a node") {
      add(bound, workload.pods, workload);
    } else if (nodes.length === 0) {
      add(bound, 1, workload);
    } else {
      nodes
        .filter(({ arch }) => !allowed || allowed.includes(arch))
        .forEach(({ arch, count }) => add(arch, count, workload));
    }
  }
  return [...sums.values()].sort((a, b) => (a.architecture < b.architecture ? -1 : 1));
}

const nothingOn = (architecture: string): ArchitectureRequests => ({
  ...{ architecture, pods: 0, cpu: 0, memory: 0 },
  limits: { cpu: 0, memory: 0 },
  unlimited: { cpu: 0, memory: 0 },
});

/** Amounts of CPU are whole thousandths of a core; their sum in binary fractions is not. */
const cores = (sum: number): number => Math.round(sum * 1000) / 1000;
