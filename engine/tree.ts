import { Graph, Resource } from "./graph";

/**
 * The graph as a list: parents before their children, siblings by type and then by name. A program registers in whatever
 * order its promises resolve; this order is the same in every run.
 */
export function inTreeOrder(graph: Graph): Resource[] {
  const children = new Map<string | undefined, Resource[]>();
  for (const resource of graph.values()) {
    children.set(resource.parent, [...(children.get(resource.parent) ?? []), resource]);
  }
  const below = (parent: string | undefined): Resource[] =>
    (children.get(parent) ?? []).sort(bySiblings).flatMap((resource) => [resource, ...below(resource.urn)]);
  return below(undefined);
}

const bySiblings = (a: Resource, b: Resource): number => compare(a.type, b.type) || compare(a.name, b.name);

/** By code unit: `localeCompare` depends on the machine's locale. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
