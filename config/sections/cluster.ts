import { z } from "zod";
import { bytes, cpu, hostName, labelKey, labelValue, namespaceName, nonEmptyText, objectName } from "../values";

/** Where the stack goes: cluster, namespace, nodes. */

/** How Pulumi reaches the cluster. */
export const kubernetes = z
  .strictObject({
    kubeconfig: nonEmptyText
      .optional()
      .describe("path of the kubeconfig file; default: KUBECONFIG, then ~/.kube/config"),
    context: nonEmptyText.optional().describe("context in it; default: its current context"),
  })
  .prefault({});

/** The namespace that everything namespaced lives in. */
export const namespace = z
  .strictObject({
    name: namespaceName.default("monitoring").describe("namespace of every component"),
    create: z.boolean().default(true).describe("false: it exists already and is used, not created"),
  })
  .prefault({});

/** A kind of node of the cluster, for placement, policies and the sum of requests. */
export const node = z.strictObject({
  name: nonEmptyText.describe("what you call this kind of node"),
  arch: z.enum(["amd64", "arm64"]).describe("its `kubernetes.io/arch` label"),
  count: z.int().min(1).default(1).describe("how many there are"),
  cpu: cpu.describe("allocatable CPU cores of one"),
  memory: bytes.describe("allocatable memory of one, in bytes"),
  reserved: z
    .strictObject({
      cpu: cpu.optional().describe("CPU cores of one that are kept for it"),
      memory: bytes.optional().describe("memory of one that is kept for it, in bytes"),
    })
    .optional()
    .describe(
      "room on each for what else runs there; without it the offline preview takes a node to be this stack's alone",
    ),
  labels: z
    .record(labelKey, labelValue)
    .default({})
    .describe(
      "labels of these nodes that cluster.nodeSelector names, so that the offline preview knows which it means",
    ),
});

/** The cluster as such. */
export const cluster = z
  .strictObject({
    name: labelValue
      .refine((v) => v !== "", "is empty")
      .meta({ example: "production" })
      .optional()
      .describe("value of the label `cluster` on metrics, logs and alerts; none when left out"),
    nodes: z.array(node).default([]).describe("the kinds of node there are"),
    storageClass: objectName
      .optional()
      .describe("storage class of volumes that name none; default: the cluster's own default class"),
    nodeSelector: z
      .record(labelKey, labelValue)
      .default({})
      .describe("labels of the nodes that may run the stack's workloads (agents run on all)"),
    tolerations: z
      .array(
        z.strictObject({
          key: labelKey.optional().describe("key of the taint; none: every key"),
          operator: z
            .enum(["Exists", "Equal"])
            .optional()
            .describe("whether the taint has to be there, or to have this value; default: Equal"),
          value: labelValue.optional().describe("value of the taint"),
          effect: z
            .enum(["NoSchedule", "PreferNoSchedule", "NoExecute"])
            .optional()
            .describe("effect of the taint; none: every effect"),
          tolerationSeconds: z
            .int()
            .min(0)
            .optional()
            .describe("how long it is tolerated, in seconds; default: for ever"),
        }),
      )
      .default([])
      .describe("taints that the stack's workloads tolerate"),
    dnsDomain: hostName.default("cluster.local").describe("DNS domain of the cluster"),
  })
  .prefault({});
