import { isOfSubChart, slotsOf } from "../charts/known";
import { chartOf, type Chart } from "../charts/release";
import type { Resource } from "../resource";
import { at, isBlock, Unknown, type Block } from "../unknown";
import { podsOf, type Container, type Pods } from "./find";
import { quantity } from "./quantity";

/** A resource that a container asks for or is held to. */
export const demands = ["requests.cpu", "requests.memory", "limits.memory", "limits.cpu"] as const;

/** One of {@link demands}. */
export type Demand = (typeof demands)[number];

/** The `resources` of a container. */
export interface ContainerResources {
  path: string;
  /** Its own. */
  resources: unknown;
  /** Those of its pod, which count where it says nothing. */
  ofPod?: unknown;
}

/** The `resources` of every container of a resource, and of a chart's values; an {@link Unknown} for pods that a preview can't know. */
export function* resourcesOf(resource: Resource): Iterable<ContainerResources | Unknown> {
  for (const pods of podsOf(resource)) {
    if (pods instanceof Unknown) {
      yield pods;
      continue;
    }
    const ofPod = pods.ofOperator ? undefined : pods.spec.resources;
    for (const { path, fields } of demanding(pods)) {
      yield { path: `${path}.resources`, resources: fields.resources, ofPod };
    }
  }
  const chart = chartOf(resource);
  // What isn't named here may be named in values that can't be read.
  if (chart && chart.unreadable.length === 0) yield* resourcesOfChart(chart);
}

// Grafana and the exporters are charts themselves, which are often taken over as they run: demanded is what their values begin to say.
function* resourcesOfChart({ name = "", values }: Chart): Iterable<ContainerResources> {
  for (const { path, resources = path.replace(/[^.]+$/, "resources") } of slotsOf(name, values, {})?.used ?? []) {
    const given = at(values, resources);
    if (given !== undefined || !isOfSubChart(path)) yield { path: `values.${resources}`, resources: given };
  }
}

/**
 * What counts for a container, as Kubernetes fills it in: its own value, its limit where a request is missing, or the pod's.
 *
 * @returns the value as it stands; undefined for none, and for zero, which is none
 */
export function demandOf({ resources, ofPod }: ContainerResources, demand: Demand): unknown {
  const limit = demand.replace("requests", "limits");
  return [at(resources, demand), at(resources, limit), at(ofPod, demand), at(ofPod, limit)].find(isGiven);
}

/** Where a request is above its limit, which Kubernetes refuses. */
export function excesses(resources: unknown): { path: Demand; request: string; limit: string; of: Demand }[] {
  return ["cpu", "memory"].flatMap((what) => {
    const [path, of] = [`requests.${what}`, `limits.${what}`] as Demand[];
    const [request, limit] = [at(resources, path), at(resources, of)];
    return (quantity(request) ?? 0) > (quantity(limit) || Infinity)
      ? [{ path, request: JSON.stringify(request), limit: JSON.stringify(limit), of }]
      : [];
  });
}

// Not those that something else completes, and not those for debugging.
function demanding({ containers }: Pods): (Container & { fields: Block })[] {
  return containers.filter((each): each is Container & { fields: Block } => {
    const { fields, list, isPartial } = each;
    return isBlock(fields) && list !== "ephemeralContainers" && !isPartial;
  });
}

function isGiven(value: unknown): boolean {
  return value instanceof Unknown || (value !== undefined && value !== null && quantity(value) !== 0);
}
