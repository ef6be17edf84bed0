import { z } from "zod";
import { duration, quantity, replicas, resources } from "../values";

/** Loki: mode, sizes, retention, limits. */

/**
 * A period of Loki's schema.
 * @see https://grafana.com/docs/loki/latest/configure/#period_config
 */
const schemaPeriod = z.looseObject({
  from: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/, "is not a day")
    .meta({ allowed: "YYYY-MM-DD", example: "2024-04-01" })
    .describe("first day of the period"),
  store: z.string().describe("index store: tsdb, or what an older period was written with"),
  object_store: z.string().describe("chunk store: s3"),
  schema: z.string().describe("schema version: v13, or what an older period was written with"),
  index: z.object({ prefix: z.string(), period: z.string() }).describe("prefix and period of the index tables"),
});

const target = (what: string, defaults: { replicas: number; cpu: string; memory: string; memoryLimit: string }) =>
  z
    .strictObject({
      replicas: replicas.default(defaults.replicas).describe(`replicas of ${what}`),
      resources: resources(defaults),
    })
    .prefault({});

/** Settings of Loki. */
export const loki = z
  .strictObject({
    mode: z
      .enum(["single-binary", "simple-scalable"])
      .default("single-binary")
      .describe("one process, or write, read and backend apart"),
    replicationFactor: z.int().min(1).default(1).describe("how many writers hold a line before it is acknowledged"),
    retention: duration.default("720h").describe("age at which lines are deleted"),
    retentionMinimum: duration.default("168h").describe("the stack's minimum: a shorter retention is refused"),
    retentionDeleteDelay: duration.default("2h").describe("how long a chunk stays after its index entry went"),
    retentionDeleteWorkers: z.int().min(1).default(150).describe("workers that delete chunks"),
    compactionInterval: duration.default("10m").describe("how often the compactor runs"),
    schemaConfigs: z
      .array(schemaPeriod)
      .min(1)
      .optional()
      .describe(
        "the schema's periods, word for word, of a Loki that has data; default: one period, tsdb v13, from 2024-04-01",
      ),
    storage: quantity
      .default("10Gi")
      .describe("size of the volume for write-ahead log and index cache, in bytes, of each replica that has one"),
    storageClass: z.string().optional().describe("storage class of those volumes; default: cluster.storageClass"),
    patternIngester: z.boolean().default(true).describe("detects patterns in lines (Grafana's Logs Drilldown)"),
    structuredMetadata: z.boolean().default(true).describe("accepts structured metadata"),
    volume: z.boolean().default(true).describe("answers log-volume queries"),
    limits: z
      .strictObject({
        ingestionRateMb: z.number().positive().default(10).describe("lines accepted a second, in MB"),
        ingestionBurstMb: z.number().positive().default(20).describe("burst above that, in MB"),
        perStreamRateLimit: z
          .string()
          .regex(/^\d+(B|KB|MB|GB)$/, "is not a size")
          .meta({ allowed: "a number with B, KB, MB or GB", example: "5MB" })
          .default("5MB")
          .describe("lines accepted a second in one stream"),
        perStreamRateLimitBurst: z
          .string()
          .regex(/^\d+(B|KB|MB|GB)$/, "is not a size")
          .meta({ allowed: "a number with B, KB, MB or GB", example: "20MB" })
          .default("20MB")
          .describe("burst above that"),
        maxStreams: z.int().min(0).default(10000).describe("most active streams; 0: no limit"),
        maxLineSize: z
          .string()
          .regex(/^\d+(B|KB|MB|GB)$/, "is not a size")
          .meta({ allowed: "a number with B, KB, MB or GB", example: "256KB" })
          .default("256KB")
          .describe("longest line"),
        maxQueryLength: duration.default("721h").describe("longest range of one query"),
        queryTimeout: duration.default("2m").describe("longest time of one query"),
        rejectOldSamplesMaxAge: duration.default("168h").describe("lines older than this are refused"),
      })
      .prefault({}),
    singleBinary: target("the single binary", {
      replicas: 1,
      cpu: "100m",
      memory: "256Mi",
      memoryLimit: "1Gi",
    }).describe("sizes of seed 003"),
    write: target("write", { replicas: 3, cpu: "1", memory: "2Gi", memoryLimit: "4Gi" }).describe("sizes of seed 002"),
    read: target("read", { replicas: 3, cpu: "1", memory: "2Gi", memoryLimit: "4Gi" }).describe("sizes of seed 002"),
    backend: target("backend", { replicas: 3, cpu: "500m", memory: "1Gi", memoryLimit: "2Gi" }).describe(
      "sizes of seed 002",
    ),
    gateway: target("the gateway", { replicas: 2, cpu: "50m", memory: "32Mi", memoryLimit: "128Mi" }),
    canary: z.boolean().default(true).describe("a DaemonSet that writes lines and reads them back"),
    logLevel: z.enum(["debug", "info", "warn", "error"]).default("info").describe("level of Loki's own log"),
  })
  .prefault({});
