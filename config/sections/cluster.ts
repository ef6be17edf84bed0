import { z } from "zod";
import { objectName, quantity } from "../values";

/** Where the stack goes: cluster, namespace, nodes. */

/** How Pulumi reaches the cluster. */
export const kubernetes = z
  .strictObject({
    kubeconfig: z.string().optional().describe("path of the kubeconfig file; default: KUBECONFIG, then ~/.kube/config"),
    context: z.string().optional().describe("context in it; default: its current context"),
  })
  .prefault({});

/** The namespace that everything namespaced lives in. */
export const namespace = z
  .strictObject({
    name: objectName.default("monitoring").describe("namespace of every component"),
    create: z.boolean().default(true).describe("false: it exists already and is used, not created"),
  })
  .prefault({});

const labelValue = z.record(z.string(), z.string());

/** A kind of node of the cluster, for placement, policies and the sum of requests. */
export const node = z.strictObject({
  name: z.string().describe("what you call this kind of node"),
  arch: z.enum(["amd64", "arm64"]).describe("its `kubernetes.io/arch` label"),
  count: z.int().min(1).default(1).describe("how many there are"),
  cpu: quantity.describe("allocatable CPU cores of one"),
  memory: quantity.describe("allocatable memory of one, in bytes"),
});

/** The cluster as such. */
export const cluster = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-zA-Z0-9_.-]+$/, "is not a label value")
      .optional()
      .meta({ allowed: "letters, digits, '_', '.', '-'", example: "production" })
      .describe("value of the label `cluster` on metrics, logs and alerts; none when left out"),
    nodes: z.array(node).default([]).describe("the kinds of node there are"),
    storageClass: z
      .string()
      .optional()
      .describe("storage class of volumes that name none; default: the cluster's own default class"),
    nodeSelector: labelValue
      .default({})
      .describe("labels of the nodes that may run the stack's workloads (agents run on all)"),
    tolerations: z
      .array(
        z.strictObject({
          key: z.string().optional(),
          operator: z.enum(["Exists", "Equal"]).optional(),
          value: z.string().optional(),
          effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(),
          tolerationSeconds: z.int().optional(),
        }),
      )
      .default([])
      .describe("taints that the stack's workloads tolerate"),
    dnsDomain: z.string().default("cluster.local").describe("DNS domain of the cluster"),
  })
  .prefault({});
