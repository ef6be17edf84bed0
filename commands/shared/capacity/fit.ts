import type { NodeKind } from "./nodes";
import type { Workload } from "./workloads";
import type { Amounts, NodeExpression } from "./pod-spec";

/** Whether a stack fits the nodes that its settings describe. */
export interface Fit {
  /**
   * `yes`; `tight`: only if pods are packed by hand, as the scheduler, which spreads them, may leave some waiting; `no`; `unknown`: for
   * `reason`
   */
  fits: "yes" | "tight" | "no" | "unknown";
  /** why it isn't known; null where it is */
  reason: string | null;
  /** what is left on each kind of node, this stack alone taken off; empty where it isn't known */
  nodes: NodeFit[];
  /** pods that find no node; empty where all do */
  missing: Missing[];
  /** Helm releases whose pods could not be counted */
  notSeen: string[];
}

/** A kind of node with the stack on it. */
export interface NodeFit {
  name: string;
  arch: string;
  count: number;
  /** what one has: allocatable less headroom and reserved, in CPU cores and bytes */
  room: Amounts;
  /** what all of them have left together */
  free: Amounts;
  /** the greatest sum of memory limits on one of them, in bytes: more than its room is overcommitted */
  memoryLimits: number;
}

/** Pods of one workload that find no node. */
export interface Missing {
  workload: string;
  pods: number;
  /** what one of them asks for */
  requests: Amounts;
  /** the kind of node that lacks least; null where no node has the labels that they want */
  node: string | null;
  /** what that node lacks for one of them, in CPU cores and bytes */
  lacks: Amounts;
}

interface Node {
  kind: NodeKind & { room: Amounts };
  free: Amounts;
  memoryLimits: number;
  /** pods by workload */
  pods: Map<Workload, number>;
}

interface Placement {
  nodes: Node[];
  missing: Missing[];
}

/**
 * Puts every pod on a node: where its selector and required affinity allow it and its requests fit. First as the scheduler prefers it, which
 * spreads (pods of one workload on nodes of their own, the emptiest node first); where that leaves a pod without a node, first-fit-decreasing.
 * Taints, volumes that are bound to a node, and the number of pods that a node takes don't count.
 *
 * @param nodes the kinds of node that there are
 * @param notSeen Helm releases whose pods are not among the workloads
 */
export function fitOf(workloads: Workload[], nodes: NodeKind[], notSeen: string[] = []): Fit {
  const reason = whyUnknown(workloads, nodes);
  if (reason !== undefined) {
    return { fits: "unknown", reason, nodes: [], missing: [], notSeen };
  }
  const kinds = nodes.filter((kind): kind is Node["kind"] => kind.room !== undefined);
  const spread = place(workloads, kinds, emptiest);
  const packed = spread.missing.length > 0 ? place(workloads, kinds, first) : spread;
  const fits = spread.missing.length === 0 ? "yes" : packed.missing.length === 0 ? "tight" : "no";
  return {
    fits,
    reason: null,
    nodes: kinds.map((kind) => nodeFit(kind, packed.nodes)),
    missing: packed.missing,
    notSeen,
  };
}

function whyUnknown(workloads: Workload[], nodes: NodeKind[]): string | undefined {
  if (nodes.length === 0) {
    return "the settings list no nodes (cluster.nodes)";
  }
  const silent = nodes.find(({ room }) => room === undefined);
  if (silent) {
    return `the settings don't say how much CPU and memory a node "${silent.name}" has (cluster.nodes)`;
  }
  for (const { name, nodeTerms } of workloads) {
    const strange = nodeTerms.flat().find(({ key }) => !nodes.some(({ labels }) => key in labels));
    if (strange) {
      return `${name} selects nodes by the label ${strange.key}, and the settings don't say which have it (cluster.nodes[].labels)`;
    }
  }
  return undefined;
}

/** Chooses one of the nodes that have room; there is at least one. */
type Choice = (workload: Workload, nodes: Node[]) => Node;

const first: Choice = (_workload, nodes) => nodes[0];

const emptiest: Choice = (workload, nodes) => {
  const siblings = (node: Node) => node.pods.get(workload) ?? 0;
  return nodes.reduce((best, node) => {
    const fewer = siblings(best) - siblings(node);
    return fewer > 0 || (fewer === 0 && freeShare(node) > freeShare(best)) ? node : best;
  });
};

/** The scheduler's LeastAllocated: the mean of what is free of CPU and of memory. */
const freeShare = ({ free, kind: { room } }: Node): number =>
  (free.cpu / (room.cpu || 1) + free.memory / (room.memory || 1)) / 2;

function place(workloads: Workload[], kinds: Node["kind"][], choose: Choice): Placement {
  const nodes = kinds.flatMap((kind) =>
    Array.from({ length: kind.count }, (): Node => ({
      ...{ kind, free: { ...kind.room }, memoryLimits: 0 },
      pods: new Map(),
    })),
  );
  const missing = new Map<Workload, Missing>();
  const put = (workload: Workload, candidates: Node[]): void => {
    const open = candidates.filter((node) => hasRoom(node, workload));
    if (open.length > 0) {
      take(choose(workload, open), workload);
    } else {
      const known = missing.get(workload);
      missing.set(workload, known ? { ...known, pods: known.pods + 1 } : lacking(workload, candidates));
    }
  };
  const allowed = (workload: Workload) => nodes.filter(({ kind }) => mayRunOn(workload, kind));
  // A DaemonSet's pod has one node only, so it comes first; then those with the fewest nodes to choose from, the greatest first.
  const agents = workloads.filter(({ pods }) => pods === "one a node");
  agents.forEach((workload) => allowed(workload).forEach((node) => put(workload, [node])));
  const others = workloads
    .filter(({ pods }) => pods !== "one a node")
    .map((workload) => ({ workload, candidates: allowed(workload), size: sizeOf(workload, nodes) }))
    .sort((a, b) => a.candidates.length - b.candidates.length || b.size - a.size);
  for (const { workload, candidates } of others) {
    Array.from({ length: Number(workload.pods) }, () => put(workload, candidates));
  }
  return { nodes, missing: [...missing.values()] };
}

/** The greater of its shares of all CPU and of all memory. */
function sizeOf({ requests }: Workload, nodes: Node[]): number {
  const share = (name: keyof Amounts) =>
    requests[name] / (nodes.reduce((sum, { kind }) => sum + kind.room[name], 0) || 1);
  return Math.max(share("cpu"), share("memory"));
}

/** Sums of thousandths in binary fractions miss by less than this. */
const nearly = 1e-6;

const hasRoom = ({ free }: Node, { requests }: Workload): boolean =>
  requests.cpu <= free.cpu + nearly && requests.memory <= free.memory;

function take(node: Node, workload: Workload): void {
  const { requests, limits } = workload;
  node.free = { cpu: node.free.cpu - requests.cpu, memory: node.free.memory - requests.memory };
  node.memoryLimits += limits.memory ?? 0;
  node.pods.set(workload, (node.pods.get(workload) ?? 0) + 1);
}

/** A pod that found no node, and the node that lacks the smallest share of itself for it. */
function lacking(workload: Workload, candidates: Node[]): Missing {
  const { name, requests } = workload;
  const byNode = candidates.map(({ kind, free }) => {
    const lacks = { cpu: lack(requests.cpu, free.cpu), memory: lack(requests.memory, free.memory) };
    return { node: kind.name, lacks, share: lacks.cpu / (kind.room.cpu || 1) + lacks.memory / (kind.room.memory || 1) };
  });
  const best = byNode.sort((a, b) => a.share - b.share).at(0);
  return { workload: name, pods: 1, requests, node: best?.node ?? null, lacks: best?.lacks ?? { ...requests } };
}

const lack = (asked: number, free: number): number => Math.max(0, round(asked - free));

function nodeFit(kind: Node["kind"], nodes: Node[]): NodeFit {
  const own = nodes.filter((node) => node.kind === kind);
  const sum = (name: keyof Amounts) => round(own.reduce((all, { free }) => all + free[name], 0));
  return {
    ...{ name: kind.name, arch: kind.arch, count: kind.count, room: kind.room },
    free: { cpu: sum("cpu"), memory: sum("memory") },
    memoryLimits: Math.max(0, ...own.map(({ memoryLimits }) => memoryLimits)),
  };
}

const round = (amount: number): number => Math.round(amount * 1000) / 1000;

function mayRunOn({ nodeTerms }: Workload, { labels }: NodeKind): boolean {
  return nodeTerms.length === 0 || nodeTerms.some((term) => term.every((expression) => matches(expression, labels)));
}

/** Operators of a node's labels, as in the API's `NodeSelectorRequirement`. */
const operators: Readonly<Record<string, (value: string | undefined, values: string[]) => boolean>> = {
  In: (value, values) => value !== undefined && values.includes(value),
  NotIn: (value, values) => value === undefined || !values.includes(value),
  Exists: (value) => value !== undefined,
  DoesNotExist: (value) => value === undefined,
  Gt: (value, [than]) => Number(value) > Number(than),
  Lt: (value, [than]) => Number(value) < Number(than),
};

const matches = ({ key, operator, values = [] }: NodeExpression, labels: Record<string, string>): boolean =>
  operators[operator]?.(labels[key], values) ?? false;
