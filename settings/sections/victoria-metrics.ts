import { z } from "zod";
import { seconds } from "../units";
import { bytes, durationOrZero, objectName, resources } from "../values";

/** VictoriaMetrics: retention, limits, sizes. */

const retention = z
  .string()
  .refine((v) => /^\d+[hdwy]$/.test(v) && seconds(v) >= 86_400, "is not a retention of VictoriaMetrics")
  .meta({ allowed: "a whole number and a unit (h, d, w, y), at least 1d", example: "14d" });

/** Settings of VictoriaMetrics: one process, in the stages that have it. */
export const victoriaMetrics = z
  .strictObject({
    retention: retention.default("14d").describe("age at which samples are deleted"),
    storage: bytes.default("20Gi").describe("size of the volume with all samples and their index, in bytes"),
    storageClass: objectName
      .optional()
      .describe("storage class of that volume, preferably on the node's own disk; default: cluster.storageClass"),
    minFreeSpace: bytes
      .default("1Gi")
      .describe("free space on the volume below which samples are refused (503, and sent again later), in bytes"),
    dedupInterval: durationOrZero
      .default("1ms")
      .describe(
        "keeps only the last sample of a series in each such interval: 1ms removes samples that were sent twice; 0s: keeps all",
      ),
    limits: z
      .strictObject({
        maxHourlySeries: z
          .int()
          .min(0)
          .default(300_000)
          .describe(
            "maximum number of series with samples in an hour; samples of further series are dropped; 0: no limit",
          ),
        maxDailySeries: z
          .int()
          .min(0)
          .default(600_000)
          .describe("the same in a day, to catch labels that change with each pod; 0: no limit"),
        maxLabelsPerSeries: z
          .int()
          .min(1)
          .default(60)
          .describe("maximum number of labels of a series; samples of series with more are dropped"),
      })
      .prefault({}),
    resources: resources({ cpu: "100m", memory: "384Mi", memoryLimit: "1Gi" }),
    logLevel: z.enum(["info", "warn", "error"]).default("info").describe("level of VictoriaMetrics' own log"),
  })
  .prefault({});
