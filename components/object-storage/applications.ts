import type { Settings } from "../../config/schema";
import type { SecretRef } from "../secrets/types";
import type { ApplicationStorage, BucketUse, S3Connection } from "./types";

/** Who uses object storage, which buckets are its own, and which Secret brings its key to it. */
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
 * Names of an application's buckets.
 * @param name the application
 * @param names names of all buckets
 */
export function bucketsOf(name: ApplicationName, names: Settings["buckets"]): string[] {
  return applications[name].buckets.map((use) => names[use]);
}

/**
 * What an application is given to use its buckets.
 * @param name the application
 * @param connection how pods reach the server
 * @param names names of all buckets
 * @param credentials the Secret with the application's key
 */
export function storageOf<Name extends ApplicationName>(
  name: Name,
  connection: S3Connection,
  names: Settings["buckets"],
  credentials: SecretRef,
): StorageOf<Name> {
  const buckets = Object.fromEntries(applications[name].buckets.map((use) => [use, names[use]]));
  return { connection, buckets: buckets as StorageOf<Name>["buckets"], credentials };
}
