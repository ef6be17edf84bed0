import type { Settings } from "../../settings/schema";
import type { Backend } from "../../stages";
import { kebabCase } from "../kubernetes/names";
import { secretEnv } from "../secrets/env";
import type { SecretRef } from "../secrets/types";
import type { ApplicationStorage, BucketUse, OwnAccess, S3Connection, StoragePod } from "./types";

/** Who uses object storage, which buckets are its own, the one with most of its data first, and which Secret brings its key to it. */
export const applications = {
  loki: { buckets: ["loki"], secret: "lokiObjectStore" },
  mimir: { buckets: ["mimirBlocks", "mimirRuler", "mimirAlertmanager"], secret: "mimirObjectStore" },
} as const satisfies Record<string, { buckets: readonly BucketUse[]; secret: `${string}ObjectStore` }>;

/** Name of an application that uses object storage. */
export type ApplicationName = keyof typeof applications;

/** What an application is given. */
export type StorageOf<Name extends ApplicationName> = ApplicationStorage<
  (typeof applications)[Name]["buckets"][number]
>;

/** Every application's name. */
export const applicationNames = Object.keys(applications) as ApplicationName[];

/**
 * The applications of a stack that have buckets, in whichever stage it is: Mimir only where metrics come to it.
 * @param backend what keeps the stack's metrics
 */
export const applicationsWith = (backend: Backend): ApplicationName[] =>
  applicationNames.filter((name) => name !== "mimir" || backend === "mimir");

/**
 * What the buckets are for that such a stack has.
 * @param backend what keeps the stack's metrics
 */
export const usesWith = (backend: Backend): BucketUse[] =>
  applicationsWith(backend).flatMap((name): readonly BucketUse[] => applications[name].buckets);

/**
 * Names of an application's buckets, each once.
 * @param name the application
 * @param names names of all buckets
 */
export function bucketsOf(name: ApplicationName, names: Settings["buckets"]): string[] {
  return [...new Set(applications[name].buckets.map((use) => names[use]))];
}

/** What an application's storage is made of. */
export interface StorageArgs {
  /** How pods reach the server. */
  connection: S3Connection;
  /** A bucket's name, or a variable with it. */
  bucket: (use: BucketUse) => string;
  /** A bucket's own place and key, where each has one. */
  own?: (use: BucketUse) => OwnAccess;
  pod: StoragePod;
}

/**
 * What an application is given to use its buckets.
 * @param name the application
 * @param args the server, the buckets, and what pods have of them
 */
export function storageOf<Name extends ApplicationName>(
  name: Name,
  { connection, bucket, own, pod }: StorageArgs,
): StorageOf<Name> {
  const uses: readonly BucketUse[] = applications[name].buckets;
  const [first, ...others] = uses;
  const shared = others.filter((use) => bucket(use) === bucket(first));
  const storage = {
    connection,
    buckets: table(uses, bucket),
    ...(shared.length > 0 && { prefixes: table(shared, (use) => prefixOf(name, use)) }),
    ...(own && { own: table(uses, own) }),
    pod,
  };
  return storage as StorageOf<Name>;
}

/**
 * What pods have where one Secret has the application's key.
 * @param name the application
 * @param credentials the Secret
 */
export function podWith(name: ApplicationName, credentials: SecretRef): StoragePod {
  return {
    env: [secretEnv(credentials, "AWS_ACCESS_KEY_ID"), secretEnv(credentials, "AWS_SECRET_ACCESS_KEY")],
    annotations: { [`checksum/${kebabCase(applications[name].secret)}`]: credentials.version },
    volumes: [],
    volumeMounts: [],
  };
}

/** Of letters and digits, as Mimir wants it: `mimirRuler` → `ruler`. */
const prefixOf = (name: ApplicationName, use: BucketUse) => use.slice(name.length).toLowerCase();

const table = <T>(uses: readonly BucketUse[], of: (use: BucketUse) => T) =>
  Object.fromEntries(uses.map((use) => [use, of(use)])) as Record<BucketUse, T>;
