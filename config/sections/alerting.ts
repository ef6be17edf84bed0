import { z } from "zod";
import { bytes, duration, durationOrZero, httpUrl, metricLabel, objectName, resources } from "../values";

/** Alerts: Alertmanager and whom it tells. */
export const alertmanager = z
  .strictObject({
    implementation: z
      .enum(["prometheus", "mimir"])
      .default("prometheus")
      .describe("prometheus: a workload of its own; mimir: the one inside Mimir, in the stages that have it"),
    pushover: z.boolean().default(false).describe("notifies by Pushover (given secret `pushover`)"),
    heartbeat: z
      .boolean()
      .default(false)
      .describe("calls a dead man's switch while Watchdog fires (given secret `heartbeat`)"),
    webhook: httpUrl
      .optional()
      .describe("an http receiver in the cluster that gets every notification, for what is built in and not secret"),
    groupBy: z
      .array(metricLabel)
      .default(["alertname", "namespace", "cluster"])
      .describe("labels that alerts are grouped by"),
    groupWait: durationOrZero.default("30s").describe("how long a new group waits for more alerts"),
    groupInterval: duration.default("5m").describe("how long a group waits before it tells of new alerts in it"),
    repeatInterval: duration.default("12h").describe("how long until a firing group is told again"),
    heartbeatInterval: duration.default("5m").describe("how often the dead man's switch is called"),
    externalUrl: httpUrl
      .optional()
      .describe("address that notifications link to; with implementation mimir its path is /alertmanager"),
    storage: bytes
      .default("1Gi")
      .describe("size of the volume for silences and the notification log, in bytes; Mimir's has them on Mimir's"),
    storageClass: objectName.optional().describe("storage class of that volume; default: cluster.storageClass"),
    resources: resources({ cpu: "20m", memory: "64Mi", memoryLimit: "128Mi" }),
  })
  .prefault({});
