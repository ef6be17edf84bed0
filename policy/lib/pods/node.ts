import { z } from "zod";
import type { Resource } from "../resource";
import { clusterNodes } from "../settings";
import { at } from "../unknown";

const taint = z.strictObject({
  key: z.string(),
  value: z.string().default(""),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]),
});

/** A parameter of policies: what is known of the nodes that are Raspberry Pis. */
export const piNodes = z
  .array(
    z.strictObject({
      names: z.array(z.string()).default([]).describe("the nodes' names, where pods name nodes; none: any name"),
      labels: z.record(z.string(), z.string()).default({}).describe("labels that all of these nodes have"),
      withoutLabels: z.array(z.string()).default([]).describe("keys of labels that none of these nodes has"),
      taints: z.array(taint).default([]).describe("taints that all of these nodes have"),
    }),
  )
  .prefault([])
  .describe(
    "names, labels and taints of the Pi nodes; any other label is unknown. Empty: the arm64 nodes of the stack's settings (cluster.nodes); if there are none, the policy does nothing",
  );

/** What the parameter {@link piNodes} says. */
export type PiNodes = z.infer<typeof piNodes>;

/** A taint of a node. */
export type Taint = z.infer<typeof taint>;

/** A node, as far as it is known. */
export interface Node {
  name?: string;
  labels: Readonly<Record<string, string>>;
  /** Labels that it doesn't have. Of any other that `labels` lacks, nothing is known. */
  withoutLabels: readonly string[];
  taints: readonly Taint[];
}

/** The nodes that the parameter describes: one for each name, and one without a name where none is given. */
export function nodesOf(groups: PiNodes): Node[] {
  return groups.flatMap(({ names, ...node }): Node[] => {
    const labels = { ...older(node.labels), ...node.labels };
    return names.length === 0
      ? [{ ...node, labels }]
      : names.map((name) => ({ ...node, name, labels: { "kubernetes.io/hostname": name, ...labels } }));
  });
}

/**
 * The arm64 nodes that the stack's own settings name, as the parameter would describe them.
 *
 * @param resource any resource of the stack
 */
export function arm64NodesOf(resource: Resource): PiNodes {
  const pis = clusterNodes(resource).filter((node) => at(node, "arch") === "arm64");
  return pis.map((node) => {
    const given = Object.entries(at(node, "labels") ?? {}).filter(([, value]) => typeof value === "string");
    const labels = { ...Object.fromEntries(given), "kubernetes.io/arch": "arm64", "kubernetes.io/os": "linux" };
    return { names: [], labels, withoutLabels: [], taints: [] };
  });
}

// The kubelet still gives each node both under their older names as well.
// https://kubernetes.io/docs/reference/labels-annotations-taints/#beta-kubernetes-io-arch-deprecated
function older(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    ["arch", "os"].flatMap((what) =>
      `kubernetes.io/${what}` in labels ? [[`beta.kubernetes.io/${what}`, labels[`kubernetes.io/${what}`]]] : [],
    ),
  );
}
