import { z } from "zod";
import { bytes, duration, durationOrZero, objectName, replicas, resources } from "../values";

/** Mimir: retention, limits, sizes. */

/** Settings of Mimir: everything in one process, in the stages that have it. */
export const mimir = z
  .strictObject({
    replicas: replicas.default(1).describe("replicas, each with a volume; read docs/replicas.md before you change it"),
    replicationFactor: z.int().min(1).default(1).describe("how many replicas hold a sample before it is acknowledged"),
    retention: duration.default("90d").describe("age at which blocks are deleted from the bucket"),
    storage: bytes
      .default("20Gi")
      .describe("size of the volume for write-ahead log, newest blocks and compaction, in bytes"),
    storageClass: objectName.optional().describe("storage class of that volume; default: cluster.storageClass"),
    outOfOrderWindow: durationOrZero
      .default("1h")
      .describe("how much older a sample may be than the newest of its series; 0s: not at all"),
    blockUpload: z
      .boolean()
      .default(false)
      .describe("accepts blocks of Prometheus's history (`npm run backfill`); turn it on only during the upload"),
    limits: z
      .strictObject({
        maxSeries: z
          .int()
          .min(0)
          .default(600_000)
          .describe(
            "maximum number of series in memory; samples of further series are rejected permanently (400); 0: no limit",
          ),
        ingestionRate: z
          .int()
          .min(1)
          .default(50_000)
          .describe("samples accepted per second; Prometheus retries those above it (429)"),
        ingestionBurst: z.int().min(1).default(500_000).describe("burst above that, in samples"),
        maxLabelsPerSeries: z
          .int()
          .min(1)
          .default(60)
          .describe("maximum number of labels of a series; series with more are rejected permanently (400)"),
      })
      .prefault({}),
    resources: resources({ cpu: "200m", memory: "768Mi", memoryLimit: "3Gi" }),
    logLevel: z.enum(["debug", "info", "warn", "error"]).default("info").describe("level of Mimir's own log"),
  })
  .prefault({});
