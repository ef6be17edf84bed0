import { z } from "zod";
import { bucketName, bytes, hostPort, httpOrigin, nonEmptyText, objectName, resources } from "../values";

/** Object storage: which S3 there is and which buckets are used. */

const common = {
  region: nonEmptyText
    .meta({ example: "us-east-1" })
    .default("us-east-1")
    .describe("S3 region; Loki 3.6 needs one with retention even where the store ignores it"),
};

/** MinIO outside the stack, its buckets, users and policies kept by the MinIO provider. */
const minio = z.strictObject({
  kind: z.literal("minio"),
  endpoint: httpOrigin.describe("address as pods reach it"),
  providerAddress: hostPort.describe("address as the machine that runs Pulumi reaches it"),
  providerTls: z.boolean().default(false).describe("whether that address speaks TLS"),
  forcePathStyle: z.boolean().default(true).describe("bucket in the path, not in the host name"),
  metrics: z
    .boolean()
    .default(false)
    .describe(
      "scrapes its metrics, for alerts on its space and drives; it must give them without a token (MINIO_PROMETHEUS_AUTH_TYPE=public)",
    ),
  importBuckets: z.array(bucketName).default([]).describe("buckets that exist already and are imported, not created"),
  ...common,
});

/** MinIO inside the cluster, its buckets, users and policies made by a Job. */
const embedded = z.strictObject({
  kind: z.literal("embedded"),
  storage: bytes.default("50Gi").describe("size of its volume, in bytes"),
  storageClass: objectName.optional().describe("storage class of its volume; default: cluster.storageClass"),
  resources: resources({ cpu: "100m", memory: "256Mi", memoryLimit: "1Gi" }),
  ...common,
});

/** Buckets that exist, with keys from the secret store: any S3. */
const existing = z.strictObject({
  kind: z.literal("existing"),
  endpoint: httpOrigin.describe("address as pods reach it"),
  forcePathStyle: z.boolean().default(true).describe("bucket in the path, not in the host name"),
  ...common,
});

/** Settings of the object store. */
export const objectStore = z.discriminatedUnion("kind", [minio, embedded, existing]).prefault({ kind: "embedded" });

/** Names of the buckets. Loki's chunks, index, rules and delete requests share one, under prefixes of their own. */
export const buckets = z
  .strictObject({
    loki: bucketName.default("loki").describe("Loki's chunks, index and rules"),
    mimirBlocks: bucketName.default("mimir-blocks").describe("Mimir's blocks"),
    mimirRuler: bucketName.default("mimir-ruler").describe("Mimir's rules"),
    mimirAlertmanager: bucketName.default("mimir-alertmanager").describe("state of Mimir's Alertmanager"),
  })
  .prefault({});
