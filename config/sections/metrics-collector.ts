import { z } from "zod";
import { seconds } from "../units";
import { bytes, duration, namespacedName, namespaceName, objectName, resources } from "../values";
import { remoteWriteQueue } from "./metrics";

/** The metrics collector: Grafana Alloy, from stage `mimir-default` on. */
export const metrics = z
  .strictObject({
    storage: bytes
      .default("5Gi")
      .describe(
        "size of the volume for the write-ahead log, in bytes: 6.6 a sample for three times mimirOutage (450,000 series every 30 s with the defaults)",
      ),
    storageClass: objectName.optional().describe("storage class of that volume; default: cluster.storageClass"),
    mimirOutage: duration
      .refine((v) => seconds(v) >= 600, "is shorter than 10 minutes")
      .meta({ allowed: "a duration of at least 10 minutes: a number and a unit (m, h, d), no spaces", example: "4h" })
      .default("4h")
      .describe("how long Mimir may be away without a sample being lost"),
    remoteWrite: remoteWriteQueue.describe(
      "the queue of remote_write to Mimir; what doesn't fit waits in the write-ahead log",
    ),
    rulesSyncInterval: duration
      .default("5m")
      .describe(
        "how often Mimir's rules are compared with the cluster's; a changed PrometheusRule is taken over at once",
      ),
    ruleNamespaces: z
      .array(namespaceName)
      .default([])
      .describe(
        "namespaces whose PrometheusRules are kept in step by themselves: one that is not valid then stops those of its namespace only",
      ),
    secrets: z
      .array(namespacedName)
      .default([])
      .describe(
        "Secrets that monitors name (basicAuth, authorization, TLS): the collector may read these and no others",
      ),
    configMaps: z.array(namespacedName).default([]).describe("ConfigMaps that monitors name, likewise"),
    resources: resources({ cpu: "200m", memory: "768Mi", memoryLimit: "2Gi" }),
    rulesResources: resources({ cpu: "20m", memory: "128Mi", memoryLimit: "384Mi" }),
  })
  .prefault({});
