import { z } from "zod";

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
  .min(1)
  .prefault([{ labels: { "kubernetes.io/arch": "arm64", "kubernetes.io/os": "linux" } }])
  .describe("what marks a Pi node; a label that isn't named here may or may not be there");

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
export function nodesOf(groups: z.infer<typeof piNodes>): Node[] {
  return groups.flatMap(({ names, ...node }): Node[] => {
    const labels = { ...older(node.labels), ...node.labels };
    return names.length === 0
      ? [{ ...node, labels }]
      : names.map((name) => ({ ...node, name, labels: { "kubernetes.io/hostname": name, ...labels } }));
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
