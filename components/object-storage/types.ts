import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings/schema";
import type { Retainable } from "../../settings/sections/removal";
import type { Backend } from "../../stages";
import type { Environment } from "../kubernetes/environment";
import type { BaseTarget } from "../monitors/targets";
import type { RuleGroup } from "../rules/types";
import type { Secrets } from "../secrets/secrets";

/** How an S3 server is reached from pods. A text of it may have a `${variable}` of the pods' environment in it, which no preview knows. */
export interface S3Connection {
  /** URL with scheme, and without a path: Loki 3.6 may need the scheme (grafana/loki#19908). */
  endpoint: string;
  /** Region; never empty (grafana/loki#20158). */
  region: string;
  /** Bucket in the path, not in the host name. */
  forcePathStyle: boolean;
  /** File in the pods with the certificates of the authority that signed the server's; default: those that the image has. */
  caFile?: string;
}

/** Where one bucket of several is, and the key that opens it: texts with a `${variable}` of the pods' environment each. */
export interface OwnAccess extends Pick<S3Connection, "endpoint" | "region"> {
  accessKey: string;
  secretKey: string;
}

/** What pods have of an object store: its key, and what a configuration's variables stand for. */
export interface StoragePod {
  env: types.input.core.v1.EnvVar[];
  /** Checksums: the pods restart when one changes. */
  annotations: Record<string, pulumi.Input<string>>;
  volumes: types.input.core.v1.Volume[];
  volumeMounts: types.input.core.v1.VolumeMount[];
}

/** What a bucket is for: a key of the setting `buckets`. */
export type BucketUse = keyof Settings["buckets"];

/** What one application needs to use its buckets and no others. */
export interface ApplicationStorage<Bucket extends string> {
  connection: S3Connection;
  /** The bucket's use → its name, or a `${variable}` with it. */
  buckets: Record<Bucket, string>;
  /**
   * Of uses that share the first one's bucket: the prefix of each. The first has none, so that what it stored is found whether others come to
   * share its bucket or leave it.
   */
  prefixes?: Partial<Record<Bucket, string>>;
  /** Where each bucket has a place and a key of its own; default: {@link connection}, and one key as the pods' `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. */
  own?: Record<Bucket, OwnAccess>;
  pod: StoragePod;
}

/** Loki's storage. */
export type LokiStorage = ApplicationStorage<"loki">;

/** Mimir's storage. */
export type MimirStorage = ApplicationStorage<"mimirBlocks" | "mimirRuler" | "mimirAlertmanager">;

/** Object storage of a stack, whichever server it is. */
export interface ObjectStorage {
  readonly loki: LokiStorage;
  /** Undefined where the stack's metrics never come to Mimir: it has no buckets, users and keys then. */
  readonly mimir?: MimirStorage;
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
  /** What keeps the stack's metrics: Mimir has buckets only where they come to it. */
  backend: Backend;
  /** Names of the buckets. */
  buckets: Settings["buckets"];
  /** Images of the embedded server and of its client. */
  images: Record<"minio" | "minio-mc", string>;
  secrets: Secrets;
  /** What stays when Pulumi forgets it; default: nothing, everything is protected. */
  retain?: readonly Retainable[];
}
