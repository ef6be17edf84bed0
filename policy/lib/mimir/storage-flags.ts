import type { Flag } from "../config/program";

// By the start of a flag, the block that it sets.
const prefixes: Readonly<Record<string, string>> = {
  "blocks-storage": "blocks_storage",
  "ruler-storage": "ruler_storage",
  "alertmanager-storage": "alertmanager_storage",
  "common.storage": "common.storage",
};
const settings = [
  "backend",
  "storage_prefix",
  "s3.endpoint",
  "s3.bucket_name",
  "gcs.bucket_name",
  "azure.container_name",
  "azure.account_name",
  "filesystem.dir",
];

/** The flags by which Mimir's stores are set. */
export const storageFlags: readonly Flag[] = Object.entries(prefixes).flatMap(([prefix, block]) =>
  settings.map((setting) => ({
    flag: `${prefix}.${setting.replaceAll("_", "-")}`,
    setting: `${block}.${setting}`,
  })),
);
