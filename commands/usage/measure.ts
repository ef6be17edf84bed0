import { setTimeout as pause } from "node:timers/promises";
import { InvalidInput } from "../../engine/errors";
import type { Api } from "../shared/api/api-server";
import { whyNot } from "../shared/api/network";

/** What something used over a while. */
export interface Usage {
  /** Bytes of its working set, which the kernel can't take back: the mean of all looks, and the most. */
  memory: number;
  peak: number;
  /** Cores: the mean. */
  cpu: number;
}

/** What the cluster used. */
export interface Measured {
  nodes: Record<string, Usage>;
  /** Namespace → workload, such as `StatefulSet/mimir`. */
  workloads: Record<string, Record<string, Usage>>;
}

/** As the kubelet reports it. */
interface Stats {
  cpu?: { time: string; usageCoreNanoSeconds?: number };
  memory?: { workingSetBytes?: number };
}

/**
 * The kubelet's summary, as far as it is read here.
 * @see https://kubernetes.io/docs/reference/config-api/kubelet-stats.v1alpha1/
 */
interface Summary {
  node: Stats;
  pods?: (Stats & { podRef: { name: string; namespace: string; uid: string } })[];
}

interface Pod {
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    labels?: Record<string, string>;
    ownerReferences?: { kind: string; name: string; controller?: boolean }[];
  };
}

/** What {@link measure} is made from. */
export interface MeasureArgs {
  api: Api;
  /** Seconds to look at it, and between two looks. */
  seconds: number;
  step: number;
  signal: AbortSignal;
  tell(line: string): void;
}

/** What was seen of a node or a pod. */
interface Seen {
  memory: number[];
  first?: Counter;
  last?: Counter;
}

interface Counter {
  at: number;
  seconds: number;
}

/**
 * Asks every node's kubelet for what its pods use, again and again: what is there on every cluster, before any of the stack is, and in all of
 * its stages.
 * @throws InvalidInput when a node doesn't answer: without it no two measurements can be compared
 */
export async function measure({ api, seconds, step, signal, tell }: MeasureArgs): Promise<Measured> {
  const ask = asker(api, signal);
  const { items: nodes } = await ask<{ items: { metadata: { name: string } }[] }>("/api/v1/nodes", "the API server");
  const names = nodes.map(({ metadata }) => metadata.name).sort();
  const [byNode, byPod] = [new Map<string, Seen>(), new Map<string, Seen>()];
  const workloads = new Map<string, { namespace: string; workload: string }>();
  tell(`looking at ${names.length} nodes for ${seconds} s`);
  let looks = 0;
  for (const until = Date.now() + seconds * 1000; ; looks++) {
    const { items: pods } = await ask<{ items: Pod[] }>("/api/v1/pods", "the API server");
    for (const pod of pods)
      workloads.set(pod.metadata.uid, { namespace: pod.metadata.namespace, workload: workloadOf(pod) });
    const summaries = await Promise.all(
      names.map((name) => ask<Summary>(`/api/v1/nodes/${name}/proxy/stats/summary`, `the kubelet of node ${name}`)),
    );
    summaries.forEach((summary, i) => {
      see(byNode, names[i], summary.node, looks);
      for (const pod of summary.pods ?? []) see(byPod, pod.podRef.uid, pod, looks);
    });
    if (Date.now() + step * 1000 > until) break;
    await pause(step * 1000, undefined, { signal });
  }
  const time = { looks: looks + 1, seconds: spanOf([...byNode.values(), ...byPod.values()]) };
  return {
    nodes: Object.fromEntries([...byNode].map(([name, seen]) => [name, usageOf([seen], time)])),
    workloads: byWorkload(byPod, workloads, time),
  };
}

function asker(api: Api, signal: AbortSignal) {
  return async <T>(path: string, whom: string): Promise<T> => {
    const milliseconds = 30_000;
    const reply = await api
      .request(path, { signal: AbortSignal.any([signal, AbortSignal.timeout(milliseconds)]) })
      .catch((error: unknown) => {
        signal.throwIfAborted();
        throw new InvalidInput(`${whom} ${whyNot(error, { milliseconds })}\n→ measure when all nodes are up`);
      });
    if (reply.status === 200) return JSON.parse(reply.body) as T;
    const todo =
      reply.status === 403
        ? "your credentials need the verbs get and list on nodes and pods, and get on nodes/proxy"
        : "measure when all nodes are up: kubectl get nodes";
    throw new InvalidInput(`${whom} answers ${reply.status}: ${reply.body.trim().slice(0, 200)}\n→ ${todo}`);
  };
}

function see(all: Map<string, Seen>, key: string, { cpu, memory }: Stats, look: number): void {
  const seen = all.get(key) ?? { memory: [] };
  all.set(key, seen);
  seen.memory[look] = memory?.workingSetBytes ?? 0;
  if (cpu?.usageCoreNanoSeconds === undefined) return;
  seen.last = { at: Date.parse(cpu.time) / 1000, seconds: cpu.usageCoreNanoSeconds / 1e9 };
  seen.first ??= seen.last;
}

/** How long it was looked at. */
interface Time {
  looks: number;
  seconds: number;
}

const spanOf = (all: readonly Seen[]) =>
  Math.max(...all.map(({ last }) => last?.at ?? -Infinity)) -
  Math.min(...all.map(({ first }) => first?.at ?? Infinity));

/** Of several pods together. One may have been there for a part of the time only: its successor has the rest. */
function usageOf(pods: readonly Seen[], { looks, seconds }: Time): Usage {
  const sums = Array.from({ length: looks }, (_, look) =>
    pods.reduce((sum, { memory }) => sum + (memory[look] ?? 0), 0),
  );
  const used = pods.reduce(
    (sum, { first, last }) => sum + Math.max(0, (last?.seconds ?? 0) - (first?.seconds ?? 0)),
    0,
  );
  return {
    memory: Math.round(sums.reduce((a, b) => a + b) / looks),
    peak: Math.max(...sums),
    cpu: seconds > 0 ? used / seconds : 0,
  };
}

function byWorkload(
  pods: Map<string, Seen>,
  workloads: Map<string, { namespace: string; workload: string }>,
  time: Time,
): Measured["workloads"] {
  const groups: Record<string, Record<string, Seen[]>> = {};
  for (const [uid, seen] of pods) {
    // A static pod's summary has another uid than its mirror pod; what isn't known is of the node alone.
    const { namespace, workload } = workloads.get(uid) ?? {};
    if (namespace !== undefined && workload !== undefined) ((groups[namespace] ??= {})[workload] ??= []).push(seen);
  }
  return Object.fromEntries(
    Object.entries(groups).map(([namespace, each]) => [
      namespace,
      Object.fromEntries(Object.entries(each).map(([workload, seen]) => [workload, usageOf(seen, time)])),
    ]),
  );
}

/** What made a pod, as people name it: a ReplicaSet's name is its Deployment's and a hash. */
function workloadOf({ metadata: { name, labels, ownerReferences } }: Pod): string {
  const owner = ownerReferences?.find(({ controller }) => controller);
  if (!owner) return `Pod/${name}`;
  const hash = labels?.["pod-template-hash"];
  return owner.kind === "ReplicaSet" && hash !== undefined
    ? `Deployment/${owner.name.replace(new RegExp(`-${hash}$`), "")}`
    : `${owner.kind}/${owner.name}`;
}
