import type { SecretRef } from "../secrets/types";

/** How an S3 server is reached from pods. */
export interface S3Connection {
  /** URL with scheme: Loki 3.6 may need one (grafana/loki#19908). */
  endpoint: string;
  /** Region; never empty (grafana/loki#20158). */
  region: string;
  /** Bucket in the path, not in the host name. */
  forcePathStyle: boolean;
}

/** What one application needs to use its buckets and no others. */
export interface ApplicationStorage<Bucket extends string> {
  connection: S3Connection;
  /** The bucket's use → its name. */
  buckets: Record<Bucket, string>;
  /** Keys `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. */
  credentials: SecretRef;
}

/** Loki's storage. */
export type LokiStorage = ApplicationStorage<"loki">;

/** Mimir's storage. */
export type MimirStorage = ApplicationStorage<"mimirBlocks" | "mimirRuler" | "mimirAlertmanager">;

/** Object storage of a stack, whichever server it is. */
export interface ObjectStorage {
  readonly loki: LokiStorage;
  readonly mimir: MimirStorage;
}
