import { z } from "zod";
import { bytes, duration, durationOrZero, objectName, resources } from "../values";

/** Mimir: retention, limits, sizes. */

/** Settings of Mimir: one process, in the stages that have it. */
export const mimir = z
  .strictObject({
    retention: duration.default("90d").describe("age at which blocks are deleted from the bucket"),
    storage: bytes
      .default("20Gi")
      .describe("size of the volume for write-ahead log, newest blocks and compaction, in bytes"),
    storageClass: objectName.optional().describe("storage class of that volume; default: cluster.storageClass"),
    outOfOrderWindow: durationOrZero
      .default("1h")
      .describe("how much older than a series' newest sample one may be; 0s: not at all"),
    limits: z
      .strictObject({
        maxSeries: z
          .int()
          .min(0)
          .default(600_000)
          .describe("most series in memory; samples of further ones are refused for good (400); 0: no limit"),
        ingestionRate: z
          .int()
          .min(1)
          .default(50_000)
          .describe("samples accepted a second; Prometheus sends what is above it (429) again"),
        ingestionBurst: z.int().min(1).default(500_000).describe("samples accepted at once above that"),
        maxLabelsPerSeries: z
          .int()
          .min(1)
          .default(60)
          .describe("most labels of a series; one with more is refused for good (400)"),
      })
      .prefault({}),
    resources: resources({ cpu: "200m", memory: "768Mi", memoryLimit: "3Gi" }),
    logLevel: z.enum(["debug", "info", "warn", "error"]).default("info").describe("level of Mimir's own log"),
  })
  .prefault({});
