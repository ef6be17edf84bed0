import type { Graph } from "../../engine/graph";
import { writers, type Sized } from "../../settings/loki-writers";
import { clear } from "./volumes";

/** A system whose replicas are a ring: who holds what, and how many of them. */
interface Ring {
  /** Name of the StatefulSet. */
  workload: string;
  replicas: number;
  factor: number;
}

interface Known {
  type: string;
  ring: (settings: Settings) => Ring | undefined;
  /** What is done by hand so that no query lacks what only some replicas hold. */
  more: (namespace: string, ring: Ring) => string[];
  fewer: string;
}

interface Settings extends Sized {
  mode?: keyof typeof writers;
  replicas?: number;
  replicationFactor?: number;
}

const page = "docs/replicas.md";

const known: Readonly<Record<string, Known>> = {
  Loki: {
    type: "observability:loki:Loki",
    ring: (settings) => {
      const { workload, replicas } = writers[settings.mode ?? "single-binary"];
      return ring(workload, replicas(settings), settings.replicationFactor);
    },
    more: (namespace, { workload }) => [
      `afterwards \`kubectl -n ${namespace} rollout restart statefulset/${workload}\`: lines written during the change are on one replica only, until it has flushed them to the bucket`,
    ],
    fewer: "put what they hold into the bucket",
  },
  Mimir: {
    type: "observability:mimir:Mimir",
    ring: ({ replicas, replicationFactor: factor }) => ring("mimir", replicas, factor),
    more: () => [
      "half an hour before, and again afterwards, let mimir-0 upload what it holds (`/ingester/flush`): the new replicas answer queries, but have none of it",
    ],
    fewer: "upload what they hold as blocks",
  },
};

const ring = (workload: string, replicas = 1, factor = 1): Ring => ({ workload, replicas, factor });

/**
 * In which order the replicas of a ring come and go, and what a person has to do before and after, where their number or the replication factor changes.
 * @param source the stack before the move
 * @param target the stack after it
 * @returns sentences; none if neither changes
 */
export function ringChanges(source: Graph, target: Graph): string[] {
  return Object.entries(known).flatMap(([title, { type, ring, more, fewer }]) => {
    const [before, after] = [source, target].map((graph) => {
      const found = [...graph.values()].find((resource) => resource.type === type);
      const args = found && clear<{ settings?: Settings; environment?: { namespace?: string } }>(found.inputs);
      return args?.settings && { ...ring(args.settings)!, namespace: args.environment?.namespace ?? "" };
    });
    if (!before || !after || before.workload !== after.workload) return [];
    const change = [
      ...(before.replicas === after.replicas ? [] : [`${before.replicas} → ${after.replicas} replicas`]),
      ...(before.factor === after.factor ? [] : [`replication factor ${before.factor} → ${after.factor}`]),
    ].join(", ");
    if (change === "") return [];
    const order =
      after.replicas < before.replicas
        ? `the removed replicas ${fewer} and leave; the others restart at the same time. For about a minute there may be no answers, and senders send again. The volumes of the removed replicas stay`
        : after.replicas > before.replicas
          ? "the new replicas join first; when they are ready, the others restart one after the other"
          : "they restart one after the other";
    const steps = after.factor > before.factor ? more(after.namespace, after) : [];
    return [`${title}, ${change}: ${[order, ...steps].join("; ")}: ${page}`];
  });
}
