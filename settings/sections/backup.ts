import { z } from "zod";
import { duration, httpOrigin, objectName, resources } from "../values";

/** The copy of the buckets by a schedule. */
export const backup = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        "a CronJob backs up Loki's and Mimir's buckets and VictoriaMetrics' samples, and an alert fires when the last backup is too old; for the rest: `npm run backup`",
      ),
    schedule: z
      .string()
      .regex(/^(\S+ ){4}\S+$|^@(hourly|daily|weekly|monthly)$/, "is not a schedule of cron")
      .meta({ allowed: "five fields of cron, or @hourly, @daily, @weekly, @monthly", example: "30 3 * * *" })
      .default("30 3 * * *")
      .describe("when, in the time zone of the cluster's controller manager, usually UTC"),
    to: z
      .string()
      .regex(/^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[A-Za-z0-9._-]+)*$/, "is not a place in a bucket")
      .meta({ allowed: "s3://BUCKET or s3://BUCKET/PREFIX", example: "s3://backup/production" })
      .optional()
      .describe("existing bucket for the backup, and a prefix in it for this stack"),
    endpoint: httpOrigin
      .optional()
      .describe("the S3 server of that bucket, as pods reach it; preferably not the stack's own"),
    secret: objectName
      .meta({ example: "backup-object-store" })
      .optional()
      .describe(
        "existing Secret in the stack's namespace, with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of that bucket; the key must not contain a colon",
      ),
    maxAge: duration.default("26h").describe("alert BackupTooOld, and ✗ in `verify`, when the last backup is older"),
    resources: resources({ cpu: "50m", memory: "128Mi", memoryLimit: "512Mi" }),
  })
  .prefault({});
