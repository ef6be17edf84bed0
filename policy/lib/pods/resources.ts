import { at, isBlock, Unknown, type Block } from "../unknown";
import type { Container, Pods } from "./find";
import { quantity } from "./quantity";

/** A resource that a container asks for or is held to. */
export const demands = ["requests.cpu", "requests.memory", "limits.memory", "limits.cpu"] as const;

/** One of {@link demands}. */
export type Demand = (typeof demands)[number];

/**
 * What counts for a container, as Kubernetes fills it in: its own value, its limit where a request is missing, or the pod's.
 *
 * @returns the value as it stands; undefined for none, and for zero, which is none
 */
export function demandOf(resources: unknown, demand: Demand, ofPod?: unknown): unknown {
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

/** The containers of pods that must say what they need: not those that something else completes, and not those for debugging. */
export function demanding({ containers }: Pods): (Container & { fields: Block })[] {
  return containers.filter((each): each is Container & { fields: Block } => {
    const { fields, list, isPartial } = each;
    return isBlock(fields) && list !== "ephemeralContainers" && !isPartial;
  });
}

function isGiven(value: unknown): boolean {
  return value instanceof Unknown || (value !== undefined && value !== null && quantity(value) !== 0);
}
