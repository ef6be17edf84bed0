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

/** The levels of the Pod Security Standards, the strictest last: https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
export const podSecurityLevels = ["privileged", "baseline", "restricted"] as const;

const podSecurityLevel = z.enum(podSecurityLevels).optional();

/** The namespace that everything namespaced lives in. */
export const namespace = z
  .strictObject({
    name: namespaceName.default("monitoring").describe("namespace of every component"),
    create: z.boolean().default(true).describe("false: it already exists and is used, not created"),
    podSecurity: z
      .strictObject({
        enforce: podSecurityLevel.describe(
          "level of the Pod Security Standards that pods must meet; default: the strictest that all pods of the stack meet, which is privileged if any of them reads its node",
        ),
        warn: podSecurityLevel.describe(
          "level below which the API server warns about pods and records them in its audit log; default: restricted",
        ),
      })
      .prefault({})
      .describe("labels of the created namespace: which pods it accepts"),
  })
  .prefault({});

/** A kind of node of the cluster, for placement, policies and the sum of requests. */
const node = z.strictObject({
  name: nonEmptyText.describe("what you call this kind of node"),
  arch: z.enum(["amd64", "arm64"]).describe("its `kubernetes.io/arch` label"),
  count: z.int().min(1).default(1).describe("how many there are"),
  cpu: cpu.describe("allocatable CPU cores of each"),
  memory: bytes.describe("allocatable memory of each, in bytes"),
  reserved: z
    .strictObject({
      cpu: cpu.optional().describe("CPU cores of each node reserved for it"),
      memory: bytes.optional().describe("memory of each node reserved for it, in bytes"),
    })
    .optional()
    .describe("reserved on each node for other workloads; without it the offline preview assumes that there are none"),
  labels: z
    .record(labelKey, labelValue)
    .default({})
    .describe("labels of these nodes that cluster.nodeSelector uses, for the offline preview"),
});

/** The cluster as such. */
export const cluster = z
  .strictObject({
    name: labelValue
      .refine((v) => v !== "", "is empty")
      .meta({ example: "production" })
      .optional()
      .describe("value of the label `cluster` on metrics, logs and alerts; if not set, there is no such label"),
    nodes: z.array(node).default([]).describe("the kinds of node in the cluster"),
    headroom: z
      .number()
      .min(0)
      .lt(100)
      .meta({ allowed: "per cent, from 0 and below 100", example: 30 })
      .default(0)
      .describe(
        "percentage of each node that must stay free, for the offline preview: 30 leaves room for growth and for a node that is down",
      ),
    storageClass: objectName
      .optional()
      .describe("storage class of volumes without a setting for it; default: the cluster's own default class"),
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
            .describe("Exists: the taint may have any value; Equal: it must have this value; default: Equal"),
          value: labelValue.optional().describe("value of the taint"),
          effect: z
            .enum(["NoSchedule", "PreferNoSchedule", "NoExecute"])
            .optional()
            .describe("effect of the taint; none: every effect"),
          tolerationSeconds: z
            .int()
            .min(0)
            .optional()
            .describe("how long it is tolerated, in seconds; default: forever"),
        }),
      )
      .default([])
      .describe("taints that the stack's workloads tolerate"),
    dnsDomain: hostName.default("cluster.local").describe("DNS domain of the cluster"),
  })
  .prefault({});
