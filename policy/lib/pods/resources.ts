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
interface ContainerResources {
  path: string;
  /** Its own. */
  resources: unknown;
  /** Those of its pod, which count where it says nothing. */
  ofPod?: unknown;
}

/** The `resources` of every container of a resource, and of a chart's values; an {@link Unknown} for pods that a preview can't know. */
function* resourcesOf(resource: Resource): Iterable<ContainerResources | Unknown> {
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
 * @returns the value as it stands; undefined for none, and for zero, which counts as none
 */
function demandOf({ resources, ofPod }: ContainerResources, demand: Demand): unknown {
  const limit = demand.replace("requests", "limits");
  return [at(resources, demand), at(resources, limit), at(ofPod, demand), at(ofPod, limit)].find(isGiven);
}

/** What a container lacks of what is demanded of it. */
export interface Shortfall {
  path: string;
  found: string;
  wanted: string;
  /** What is missing; or all of it is, which has one cause; or a request is above its limit, which Kubernetes refuses. */
  fault: Demand | "everything" | "excess";
}

const wanted: Readonly<Record<Demand, string>> = {
  "requests.cpu": "CPU cores, such as 100m",
  "requests.memory": "bytes, such as 256Mi",
  "limits.memory": "bytes, such as 512Mi",
  "limits.cpu": "CPU cores, such as 1",
};

/** What the containers of a resource lack of what is demanded; an {@link Unknown} for what a preview can't know. */
export function* shortfalls(resource: Resource, demand: readonly Demand[]): Iterable<Shortfall | Unknown> {
  for (const container of resourcesOf(resource)) {
    if (container instanceof Unknown) yield container;
    else if (demand.length > 1 && demand.every((each) => demandOf(container, each) === undefined)) {
      const found = `without ${demand.join(", ")}`;
      yield { path: container.path, found, wanted: "all of them", fault: "everything" };
    } else {
      yield* missing(container, demand);
      yield* excesses(container);
    }
  }
}

function* missing(container: ContainerResources, demand: readonly Demand[]): Iterable<Shortfall | Unknown> {
  for (const each of demand) {
    const value = demandOf(container, each);
    const given = at(container.resources, each);
    const found = given === undefined ? "missing" : JSON.stringify(given);
    if (value instanceof Unknown) yield value;
    else if (value === undefined) {
      yield { path: `${container.path}.${each}`, found, wanted: wanted[each], fault: each };
    }
  }
}

function* excesses({ path, resources }: ContainerResources): Iterable<Shortfall> {
  for (const what of ["cpu", "memory"]) {
    const [request, limit] = [at(resources, `requests.${what}`), at(resources, `limits.${what}`)];
    if ((quantity(request) ?? 0) <= (quantity(limit) || Infinity)) continue;
    yield {
      path: `${path}.requests.${what}`,
      found: JSON.stringify(request),
      wanted: `at most limits.${what}, ${JSON.stringify(limit)}`,
      fault: "excess",
    };
  }
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
