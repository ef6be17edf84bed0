import type { Graph, Resource } from "../../engine/graph";
import { clear } from "./volumes";

const page = "docs/log-collector.md";

/** What collects on nodes: component → the name by which people call it. */
const collectors: Readonly<Record<string, string>> = {
  "observability:alloy:LogCollector": "Alloy",
  "observability:vector:Vector": "Vector",
};

interface Collector {
  title: string;
  /** The folder of each node in which it keeps how far it has read; `""` where its pods forget it. */
  positions: string;
}

/** What collects on the nodes of a stack, if anything does. */
function collectorIn(graph: Graph): Collector | undefined {
  const all = [...graph.values()];
  const found = all.flatMap((each): [Resource, string][] =>
    each.type in collectors ? [[each, collectors[each.type]]] : [],
  );
  return found.flatMap(([component, title]): Collector[] => {
    const pods = all.find((each) => each.parent === component.urn && each.type === "kubernetes:apps/v1:DaemonSet");
    if (!pods) return [];
    const volumes = clear<Pods>(pods.inputs.spec)?.template?.spec?.volumes ?? [];
    return [{ title, positions: volumes.find(({ name }) => name === "state")?.hostPath?.path ?? "" }];
  })[0];
}

/**
 * What a plan says if the log collector is removed, added or replaced by another: which lines are collected, and where it continues.
 * @param source the stack before the move
 * @param target the stack after it
 * @returns sentences; none for a stack that comes or goes as a whole, or keeps its collector
 */
export function collectorChange(source: Graph, target: Graph): string[] {
  if (![source, target].every((graph) => [...graph.values()].some(({ type }) => type === "observability:loki:Loki")))
    return [];
  const [before, after] = [collectorIn(source), collectorIn(target)];
  if (before?.title === after?.title) return [];
  const kept = before?.positions ? `; its read positions stay in ${before.positions} on each node` : "";
  const from = after?.positions ? ` (${after.positions} of each node)` : "";
  if (before && after)
    return [
      `The log collector is ${after.title} instead of ${before.title}. It has separate read positions${from}: the first time it reads the nodes' files and journals as far back as loki.limits.rejectOldSamplesMaxAge. Loki shows lines that ${before.title} had already sent only once, because labels, times and text are the same${kept}, for the way back: ${page}`,
    ];
  if (before)
    return [
      `The log collector is removed: from then on no logs of pods, journals or events are collected, and LogsMissing is removed too. Lines wait in the nodes' files until the kubelet deletes them${kept && `${kept}, for a later collector`}: ${page}`,
    ];
  return [
    `The log collector is added: it continues where an earlier one of its kind stopped${from}; if there was none, it reads the nodes' files as far back as loki.limits.rejectOldSamplesMaxAge. Lines that another collector sent before are stored twice if its labels differ: ${page}`,
  ];
}

interface Pods {
  template?: { spec?: { volumes?: { name: string; hostPath?: { path?: string } }[] } };
}
