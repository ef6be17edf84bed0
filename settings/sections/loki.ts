import { z } from "zod";
import { httpRoute, ingress } from "./exposure";
import {
  bytes,
  cpu,
  day,
  duration,
  durationOrZero,
  goDuration,
  nonEmptyText,
  objectName,
  positiveNumber,
  replicas,
  resources,
  size,
} from "../values";
import { leastCache } from "../loki-caches";
import { streamSelector } from "../streams";
import { quantityValue, seconds } from "../units";

/** Loki: mode, sizes, retention, limits. */

/** Loki's index is kept by the day; with retention on, less than a day is refused for streams and not kept for tenants. */
const retention = duration
  .refine((v) => seconds(v) >= 86400, "is shorter than a day")
  .meta({ allowed: "a duration of at least 24h: a number and a unit (h, d, w, y), no spaces", example: "30d" });

/**
 * A period of Loki's schema.
 * @see https://grafana.com/docs/loki/latest/configure/#period_config
 */
const schemaPeriod = z.looseObject({
  from: day.describe("first day of the period"),
  store: z
    .enum(["tsdb", "boltdb-shipper"])
    .describe("index store: tsdb; an older period may have been written with boltdb-shipper"),
  object_store: z.enum(["s3", "aws"]).describe("chunk store, by the name under which the data was written"),
  schema: z
    .enum(["v9", "v10", "v11", "v12", "v13"])
    .meta({ example: "v13" })
    .describe("schema version: v13, or what an older period was written with"),
  index: z
    .looseObject({
      prefix: nonEmptyText.meta({ example: "loki_index_" }).describe("prefix of the index tables' names"),
      period: duration
        .refine((v) => seconds(v) % 86400 === 0, "is not a multiple of a day")
        .meta({ allowed: "24h, or what an older period was written with", example: "24h" })
        .describe("how much time an index table covers"),
    })
    .describe("prefix and period of the index tables"),
});

const modes = z.enum(["single-binary", "simple-scalable", "distributed"]);

const target = (what: string, defaults: { replicas: number; cpu: string; memory: string; memoryLimit: string }) =>
  z
    .strictObject({
      replicas: replicas.default(defaults.replicas).describe(`replicas of ${what}`),
      resources: resources(defaults),
    })
    .prefault({});

/** What runs apart in mode `distributed`. Replicas are those of upstream's sizes for up to 3 TB a day, where a dead process must not stop anything. */
const distributed = z
  .strictObject({
    distributor: target("distributors", { replicas: 2, cpu: "500m", memory: "512Mi", memoryLimit: "1Gi" }),
    ingester: target("ingesters", { replicas: 3, cpu: "1", memory: "2Gi", memoryLimit: "4Gi" }),
    querier: target("queriers", { replicas: 3, cpu: "1", memory: "2Gi", memoryLimit: "4Gi" }),
    queryFrontend: target("query frontends", { replicas: 2, cpu: "250m", memory: "512Mi", memoryLimit: "1Gi" }),
    queryScheduler: target("query schedulers", { replicas: 2, cpu: "100m", memory: "128Mi", memoryLimit: "256Mi" }),
    indexGateway: target("index gateways", { replicas: 2, cpu: "250m", memory: "512Mi", memoryLimit: "1Gi" }),
    compactor: target("compactors, of which one is elected", {
      replicas: 1,
      cpu: "250m",
      memory: "512Mi",
      memoryLimit: "2Gi",
    }),
    ruler: target("rulers", { replicas: 1, cpu: "100m", memory: "256Mi", memoryLimit: "512Mi" }),
    patternIngester: target("pattern ingesters, where loki.patternIngester is true", {
      replicas: 1,
      cpu: "100m",
      memory: "256Mi",
      memoryLimit: "512Mi",
    }),
  })
  .prefault({});

const memcached = (of: string, defaultSize: string) =>
  z
    .strictObject({
      size: bytes
        .refine(
          (v) => quantityValue(v) >= quantityValue(leastCache),
          `is less than ${leastCache}: memcached takes no item above half of its memory, and Loki's have up to 5 MiB`,
        )
        .meta({ allowed: `bytes, at least ${leastCache}`, example: defaultSize })
        .default(defaultSize)
        .describe(`memory for ${of}, in bytes, of each replica; its pod gets a fifth more`),
      replicas: replicas.default(1).describe("how many replicas; each holds a different part of the cache"),
      cpu: cpu.default("100m").describe("CPU cores requested"),
    })
    .optional();

/** What is kept in memcached. Where one isn't given, each process of Loki keeps its own in its memory. */
const caches = z
  .strictObject({
    chunks: memcached("chunks", "1Gi").describe(
      "memcached for chunks of the bucket, which every reader uses; `{}` for one of its default size. Not with replicationFactor 1. Default: none, each reader has its own in memory",
    ),
    results: memcached("results", "256Mi").describe(
      "memcached for results of queries, which every query frontend uses; `{}` for one of its default size. Default: none, each has its own in memory",
    ),
  })
  .prefault({});

/** Settings of Loki. */
export const loki = z
  .strictObject({
    mode: modes
      .default("single-binary")
      .describe(
        "one process; write, read and backend as separate workloads; or every component as a separate workload (microservices)",
      ),
    former: z
      .strictObject({
        mode: modes.describe("the mode that Loki had until now"),
        writers: z
          .int()
          .min(0)
          .optional()
          .describe("how many of its writers are left; lower it by one at a time, until it is 0. Default: all"),
      })
      .optional()
      .describe("processes of the former mode that run next to those of `mode` during a change: docs/loki-modes.md"),
    replicationFactor: z.int().min(1).default(1).describe("how many writers hold a line before it is acknowledged"),
    retention: retention.default("720h").describe("age at which lines are deleted"),
    retentionMinimum: retention.default("168h").describe("the stack's minimum: a shorter retention is refused"),
    retentionStreams: z
      .array(
        z.strictObject({
          selector: streamSelector
            .refine(
              (v) => !/[\\$]/.test(v),
              "has a backslash or $ in it, which Loki reads as part of a variable (-config.expand-env)",
            )
            .meta({
              allowed:
                "a stream selector without backslash and $: [.] for \\\\., [0-9] for \\\\d; a regular expression fits whole values anyway",
              example: '{namespace="dev", app=~"web|api"}',
            })
            .describe("which streams"),
          period: retention.describe(
            "age at which their lines are deleted; may be shorter than retentionMinimum. If it is below the minimum of the policy retention-meets-stack-minimum, list its selector in that policy's shortStreams",
          ),
          priority: z.int().min(0).default(1).describe("if several match a stream, the highest wins"),
        }),
      )
      .default([])
      .describe("streams with their own retention; all others have `retention`"),
    retentionDeleteDelay: goDuration
      .default("2h")
      .describe("how long a chunk is kept after its index entry is deleted"),
    retentionDeleteWorkers: z.int().min(1).default(150).describe("workers that delete chunks"),
    compactionInterval: goDuration.default("10m").describe("how often the compactor runs"),
    schemaConfigs: z
      .array(schemaPeriod)
      .min(1)
      .optional()
      .describe("the exact schema periods of a Loki that has data; default: one period, tsdb v13, from 2024-04-01"),
    storage: bytes
      .default("10Gi")
      .describe("size of the volume for write-ahead log and index cache, in bytes, for each replica that has one"),
    storageClass: objectName.optional().describe("storage class of those volumes; default: cluster.storageClass"),
    patternIngester: z
      .boolean()
      .default(false)
      .describe("detects patterns in lines, for Grafana's Logs Drilldown; about 120 MiB more where many lines come in"),
    structuredMetadata: z.boolean().default(true).describe("accepts structured metadata"),
    volume: z.boolean().default(true).describe("answers log-volume queries"),
    logAlerts: z
      .boolean()
      .default(true)
      .describe(
        "alerts on log lines, from ConfigMaps; false: the ruler reads rules from the bucket instead, where Loki's API stores them",
      ),
    limits: z
      .strictObject({
        ingestionRateMb: positiveNumber.default(10).describe("lines accepted per second, in MB"),
        ingestionBurstMb: positiveNumber.default(20).describe("burst above that, in MB"),
        perStreamRateLimit: size.default("5MB").describe("lines accepted per second in one stream"),
        perStreamRateLimitBurst: size.default("20MB").describe("burst above that"),
        maxStreams: z.int().min(0).default(10000).describe("maximum number of active streams; 0: no limit"),
        maxLineSize: size.default("256KB").describe("longest line"),
        maxQueryLength: durationOrZero.default("721h").describe("longest range of one query; 0s: no limit"),
        queryTimeout: duration.default("2m").describe("longest time of one query"),
        rejectOldSamplesMaxAge: duration.default("168h").describe("lines older than this are refused"),
      })
      .prefault({}),
    singleBinary: target("the single binary", {
      replicas: 1,
      cpu: "100m",
      memory: "256Mi",
      memoryLimit: "1Gi",
    }),
    write: target("write", { replicas: 3, cpu: "1", memory: "2Gi", memoryLimit: "4Gi" }),
    read: target("read", { replicas: 3, cpu: "1", memory: "2Gi", memoryLimit: "4Gi" }),
    backend: target("backend", { replicas: 3, cpu: "500m", memory: "1Gi", memoryLimit: "2Gi" }),
    distributed: distributed.describe("sizes of Loki's components in mode `distributed`"),
    caches: caches.describe("memcached, shared by Loki's processes and kept when they restart: docs/loki-modes.md"),
    gateway: target("the gateway", { replicas: 2, cpu: "50m", memory: "32Mi", memoryLimit: "128Mi" }),
    ingress: ingress.describe(
      "how senders and readers of logs outside the cluster reach the gateway, which has no login: put one in front of it",
    ),
    route: httpRoute.describe("the same through the Gateway API: an HTTPRoute"),
    canary: z.boolean().default(true).describe("a DaemonSet that writes lines and reads them back"),
    logLevel: z.enum(["debug", "info", "warn", "error"]).default("info").describe("level of Loki's own log"),
  })
  .prefault({});
