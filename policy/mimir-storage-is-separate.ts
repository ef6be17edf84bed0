import { settingsOf } from "./lib/config/find";
import { eachOverridden } from "./lib/config/in-force";
import { mimir } from "./lib/mimir/program";
import { sharedStorage, sharedStorageInArguments } from "./lib/mimir/separation";
import { definePolicy } from "./lib/policy";

/**
 * Refuses a Mimir whose rules or Alertmanager state are stored in the same place as its blocks: it doesn't start. A separate bucket is enough,
 * or a separate prefix in the same bucket. Rules and alerts may share one, because they are in separate folders.
 *
 * Buckets may be variables of the pods that mount the file: two that come from two places, such as the ConfigMaps of two bucket claims, are two.
 *
 * Follows `validateBucketConfigs` and `validateFilesystemPaths` in pkg/mimir/mimir.go of Mimir 3.0.
 */
export const mimirStorageIsSeparate = definePolicy({
  name: "mimir-storage-is-separate",
  description:
    "Mimir's rules and Alertmanager state are in a different bucket than its blocks, or under a different prefix.",
  url: "https://grafana.com/docs/mimir/latest/configure/configure-object-storage-backend/",
  severity: "critical",
  *check(resource) {
    const { configs, arguments: lists } = settingsOf(resource, mimir);
    for (const config of configs) yield* sharedStorage(config);
    for (const list of lists) yield* sharedStorageInArguments(list);
  },
  *checkRead(read) {
    yield* eachOverridden(read, mimir, sharedStorage);
  },
});
