/**
 * The order in which an engine would make resources: what depends on nothing first, then what waits only for that, and so on.
 */

/** A node of the resource graph. */
export interface Node {
  urn: string;
  /** URN of the parent: a child is registered only after its parent. */
  parent?: string;
  /** URNs that it waits for. */
  dependsOn: readonly string[];
}

/**
 * Sorts a graph into waves; within a wave nothing waits for anything else.
 * @param nodes in order of registration, in which a node's parent and dependencies stand before it
 * @throws Error when one of them does not
 */
export function waves<T extends Node>(nodes: readonly T[]): T[][] {
  const wave = new Map<string, number>();
  const result: T[][] = [];
  for (const node of nodes) {
    const before = [...node.dependsOn, ...(node.parent ? [node.parent] : [])].map((urn) => {
      const known = wave.get(urn);
      if (known === undefined) throw new Error(`${node.urn} waits for ${urn}, which is not registered before it`);
      // A child comes with its parent, a dependant after what it depends on.
      return urn === node.parent && !node.dependsOn.includes(urn) ? known : known + 1;
    });
    const own = Math.max(0, ...before);
    wave.set(node.urn, own);
    (result[own] ??= []).push(node);
  }
  return result.filter((w) => w !== undefined);
}
