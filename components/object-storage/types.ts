import type { Settings } from "../../config/schema";
import type { Environment } from "../kubernetes/environment";
import type { BaseTarget } from "../monitors/targets";
import type { RuleGroup } from "../rules/types";
import type { Secrets } from "../secrets/secrets";
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

/** What a bucket is for: a key of the setting `buckets`. */
export type BucketUse = keyof Settings["buckets"];

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
  /** Alerts on the server, where its metrics are scraped. */
  readonly rules: RuleGroup[];
  /** The server as something to scrape, where no monitor of the cluster's finds it. */
  readonly targets: readonly BaseTarget[];
}

/** Which server there is: the setting `objectStore.kind`. */
export type Kind = Settings["objectStore"]["kind"];

/** Arguments of an implementation; each sees the settings of its own kind. */
export interface ObjectStorageArgs<OfKind extends Kind = Kind> {
  environment: Environment;
  settings: Extract<Settings["objectStore"], { kind: OfKind }>;
  /** Names of the buckets. */
  buckets: Settings["buckets"];
  /** Images of the embedded server and of its client. */
  images: Record<"minio" | "minio-mc", string>;
  secrets: Secrets;
}
