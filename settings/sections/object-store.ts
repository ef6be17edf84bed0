import { z } from "zod";
import {
  bucketName,
  bytes,
  certificates,
  duration,
  hostPort,
  httpOrigin,
  jsonText,
  nonEmptyText,
  objectName,
  resources,
} from "../values";
import { seconds } from "../units";

/** Object storage: which S3 there is and which buckets are used. */

const common = {
  region: nonEmptyText
    .meta({ example: "us-east-1" })
    .default("us-east-1")
    .describe(
      "S3 region; Loki 3.6 needs one for retention, even if the store ignores it; with kind claim: used if the claim has none, as with Rook",
    ),
};

/** MinIO counts the age of versions, and the period of a lock, in days. */
const wholeDays = duration
  .refine((v) => seconds(v) % 86400 === 0 && seconds(v) > 0, "is not one day or several")
  .meta({ allowed: "whole days: a number and a unit (d, w, y), no spaces", example: "7d" });

const keepDeleted = wholeDays
  .optional()
  .describe(
    "how long the store keeps what Loki and Mimir deleted or overwrote, as S3 versions that only the administrator sees; if not set, buckets keep no versions",
  );

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html */
const objectLock = z
  .strictObject({
    mode: z
      .enum(["governance", "compliance"])
      .describe(
        "who can remove a locked version. governance: an administrator who asks for it explicitly (`mc rm --bypass`); compliance: nobody, and nobody can shorten its period",
      ),
    period: wholeDays
      .meta({ example: "30d" })
      .describe("how long each version is locked, from the time it was written; at most loki.retention"),
  })
  .optional()
  .describe(
    "S3 object lock: until the period of a version is over, nobody can remove it. Needs keepDeleted. Only new buckets can have it, and it can't be undone; also for kind minio, see docs/backup.md#object-lock",
  );

/** MinIO outside the stack, its buckets, users and policies kept by the MinIO provider. */
const minio = z.strictObject({
  kind: z.literal("minio"),
  endpoint: httpOrigin.describe("address that pods use"),
  providerAddress: hostPort.describe("address that the machine running Pulumi uses"),
  providerTls: z.boolean().default(false).describe("whether that address uses TLS"),
  forcePathStyle: z.boolean().default(true).describe("bucket in the path, not in the host name"),
  metrics: z
    .boolean()
    .default(false)
    .describe(
      "scrapes its metrics, for alerts on its space and drives; it must serve them without a token (MINIO_PROMETHEUS_AUTH_TYPE=public)",
    ),
  keepDeleted,
  importBuckets: z.array(bucketName).default([]).describe("existing buckets, which are imported, not created"),
  ...common,
});

/** MinIO inside the cluster, its buckets, users and policies made by a Job. */
const embedded = z.strictObject({
  kind: z.literal("embedded"),
  storage: bytes.default("50Gi").describe("size of its volume, in bytes"),
  storageClass: objectName.optional().describe("storage class of its volume; default: cluster.storageClass"),
  resources: resources({ cpu: "100m", memory: "256Mi", memoryLimit: "1Gi" }),
  keepDeleted,
  objectLock,
  ...common,
});

/** Buckets that exist, with keys from the secret store: any S3. */
const existing = z.strictObject({
  kind: z.literal("existing"),
  endpoint: httpOrigin.describe("address that pods use"),
  forcePathStyle: z.boolean().default(true).describe("bucket in the path, not in the host name"),
  ...common,
});

/**
 * Names of the buckets. Loki's chunks, index, rules and delete requests share one, under prefixes of their own. Mimir's uses may share one too.
 */
export const buckets = z
  .strictObject({
    loki: bucketName
      .default("loki")
      .describe("Loki's chunks, index and rules: one bucket, as Loki keeps an index where its chunks are"),
    mimirBlocks: bucketName.default("mimir-blocks").describe("Mimir's blocks"),
    mimirRuler: bucketName.default("mimir-ruler").describe("Mimir's rules"),
    mimirAlertmanager: bucketName.default("mimir-alertmanager").describe("state of Mimir's Alertmanager"),
  })
  .prefault({});

/** What a bucket is for: a key of the setting `buckets`. */
export type BucketUse = keyof z.output<typeof buckets>;

const uses = ["loki", "mimirBlocks", "mimirRuler", "mimirAlertmanager"] as const satisfies readonly BucketUse[];

/**
 * What a claim asks for beside the bucket. The provisioner refuses what its operator doesn't allow; Rook's allows `maxObjects` and `maxSize`.
 * @see https://rook.io/docs/rook/latest/Storage-Configuration/Object-Storage-RGW/ceph-object-bucket-claim/
 */
const additionalConfig = z.strictObject({
  maxObjects: z.int().min(1).meta({ example: 10_000_000 }).optional().describe("quota of the claim's user, in objects"),
  maxSize: bytes.optional().describe("quota of the claim's user, in bytes"),
  bucketMaxObjects: z
    .int()
    .min(1)
    .meta({ example: 10_000_000 })
    .optional()
    .describe("quota of the bucket itself, in objects; Rook's operator must allow it"),
  bucketMaxSize: bytes.optional().describe("quota of the bucket itself, in bytes; Rook's operator must allow it"),
  bucketLifecycle: jsonText
    .optional()
    .describe(
      "S3 lifecycle rules, as JSON: for old versions and unfinished uploads, never for objects in use; Rook's operator must allow it",
    ),
});

/** Buckets by ObjectBucketClaim: Ceph's RGW by Rook, or any other provisioner of that API. */
const claim = z.strictObject({
  kind: z.literal("claim"),
  bucketClass: objectName
    .meta({
      allowed: "name of a storage class that creates buckets: `kubectl get storageclass` lists them",
      example: "ceph-bucket",
    })
    .describe(
      "storage class of the bucket provisioner: in `kubectl get storageclass`, its provisioner ends with `/bucket`",
    ),
  claims: z
    .partialRecord(z.enum(uses), objectName)
    .meta({ example: { loki: "loki-bucket" } })
    .default({})
    .describe(
      "existing claims in the stack's namespace, which are used, not created: use of the bucket → name of the claim; its name in `buckets` then has no effect",
    ),
  additionalConfig: z
    .partialRecord(z.enum(uses), additionalConfig)
    .meta({ example: { loki: { maxSize: "500Gi" } } })
    .default({})
    .describe("what the claims request in addition to their buckets, by use of the bucket"),
  tls: z.boolean().default(false).describe("whether the store uses TLS: a claim has a host and a port, but no scheme"),
  ca: certificates.optional().describe("certificates of the authority that signed the store's, as PEM; with `tls`"),
  forcePathStyle: z.boolean().default(true).describe("bucket in the path, not in the host name"),
  ...common,
});

/** Why the other kinds don't have object lock, and what to do. */
const noObjectLock = (why: string) => ({ unsupported: { objectLock: `${why}: docs/backup.md#object-lock` } });

/** Settings of the object store. */
export const objectStore = z
  .discriminatedUnion("kind", [
    minio.meta(
      noObjectLock(
        "the MinIO provider can't set the period of a lock. Create the buckets with mc, and name them in importBuckets",
      ),
    ),
    embedded,
    existing.meta(noObjectLock("set it where the buckets are managed")),
    claim.meta(noObjectLock("a claim can't ask for it")),
  ])
  .prefault({ kind: "embedded" });
