import { posix } from "node:path";
import type { Arguments, Config } from "./lib/config/config";
import { settingsOf } from "./lib/config/find";
import { flagOf } from "./lib/config/flags";
import { eachOverridden } from "./lib/config/in-force";
import { ofArguments } from "./lib/config/overlay";
import { unknownParts } from "./lib/config/placeholders";
import { quote, type Setting } from "./lib/config/read";
import { show, unknownOf } from "./lib/config/show";
import { mimir } from "./lib/mimir/program";
import { hasAlertmanager, storageOf, type Storage } from "./lib/mimir/storage";
import { definePolicy, type Finding } from "./lib/policy";

// Below its folder, a store of rules or alerts has folders of its own.
const folders: Readonly<Record<string, readonly string[]>> = {
  ruler_storage: ["rules"],
  alertmanager_storage: ["alerts", "alertmanager"],
};

/**
 * Refuses a Mimir whose rules or Alertmanager's state lie where its blocks are: it doesn't start. A bucket of their own is enough, and so
 * is a prefix in the same bucket. Rules and alerts may share one: they lie in folders of their own.
 *
 * Follows `validateBucketConfigs` and `validateFilesystemPaths` in pkg/mimir/mimir.go of Mimir 3.0.
 */
export const mimirStorageIsSeparate = definePolicy({
  name: "mimir-storage-is-separate",
  description:
    "Mimir's rules and its Alertmanager's state lie in another bucket than its blocks, or under another prefix.",
  url: "https://grafana.com/docs/mimir/latest/configure/configure-object-storage-backend/",
  severity: "critical",
  *check(resource) {
    const { configs, arguments: lists } = settingsOf(resource, mimir);
    for (const config of configs) yield* separate(config);
    for (const list of lists) {
      const config = ofArguments(list, mimir);
      for (const finding of config && isWhole(list, config) ? separate(config) : []) yield asFlag(finding);
    }
  },
  *checkStack(resources) {
    yield* eachOverridden(resources, mimir, separate);
  },
});

// A file beside them (`-config.file`) may name the blocks' store or the other: that shows in the whole stack.
function isWhole({ words }: Arguments, { content }: Config): boolean {
  const named = Object.keys(content).filter((block) => /storage$|^common$/.test(block) && block !== "ingest_storage");
  const isAlone = "missing" in flagOf(words, "config.file");
  return named.length > 0 && (isAlone || (named.length > 1 && named.includes("blocks_storage")));
}

// Flags are spelt with dashes.
function asFlag(finding: Finding): Finding {
  return "error" in finding ? finding : { ...finding, path: finding.path.replaceAll("_", "-") };
}

function* separate(config: Config): Iterable<Finding> {
  const blocks = storageOf(config, "blocks_storage");
  const others = ["ruler_storage", ...(hasAlertmanager(config) ? ["alertmanager_storage"] : [])];
  const all = [blocks, ...others.map((block) => storageOf(config, block))];
  for (const { prefix, paths } of all)
    if ("value" in prefix && !/^[\da-zA-Z]*$/.test(prefix.value)) yield badPrefix(paths.prefix, prefix.value);
  for (const other of all.slice(1)) yield* apart(blocks, other);
}

function* apart(blocks: Storage, other: Storage): Iterable<Finding> {
  if (isBackend(other, "local")) return;
  if (isBackend(blocks, "filesystem") && isBackend(other, "filesystem")) return yield* apartInFolders(blocks, other);
  const [one, two] = [blocks, other].map(({ backend, prefix, bucket }) => [backend, prefix, ...bucket]);
  const likeness = one.map((setting, index) => compare(setting, two[index]));
  if (likeness.includes("different")) return;
  const untold = [...one, ...two].find((setting) => "unreadable" in setting);
  const path = other.paths.bucket;
  const wanted = "another bucket than that of blocks_storage, or another storage_prefix";
  const prefix = `storage_prefix: ${other.block.replace("_storage", "")}`;
  if (untold && likeness.includes("untold")) {
    yield (
      unknownOf(untold) ?? {
        path,
        found: show(untold),
        wanted,
        fix: `Whether it is the bucket of the blocks can't be told; if it is, Mimir refuses to start. Write the name itself, or ${prefix} beside it.`,
      }
    );
  } else {
    yield {
      path,
      found: `${show(other.bucket[0])}, as in blocks_storage, with the same storage_prefix`,
      wanted,
      fix: `Mimir refuses to start: "storage prefix cannot be the same as the one used in blocks storage config". Give it a bucket of its own, or ${prefix} in ${other.block}.`,
    };
  }
}

function* apartInFolders(blocks: Storage, other: Storage): Iterable<Finding> {
  const [dir] = blocks.bucket;
  const [otherDir] = other.bucket;
  const unread = [dir, otherDir, blocks.prefix].find((setting) => !("value" in setting));
  if (unread) {
    return yield (
      unknownOf(unread) ?? {
        path: other.paths.bucket,
        found: show(unread),
        wanted: "a folder that is not that of blocks_storage",
        fix: "Whether the folders overlap can't be told; if they do, Mimir refuses to start. Write both folders themselves.",
      }
    );
  }
  const value = (setting: Setting<string>) => ("value" in setting ? setting.value : "");
  const ofBlocks = posix.join("/", value(dir), value(blocks.prefix));
  const overlaps = folders[other.block].some((folder) => {
    const path = posix.join("/", value(otherDir), folder);
    return path === ofBlocks || path.startsWith(`${ofBlocks}/`.replace("//", "/")) || ofBlocks.startsWith(`${path}/`);
  });
  if (!overlaps) return;
  yield {
    path: other.paths.bucket,
    found: folderShown(value(otherDir)),
    wanted: "a folder that is neither that of blocks_storage nor in it",
    fix: `Mimir refuses to start: folders "cannot overlap". Give ${other.block} a folder beside that of the blocks.`,
  };
}

// With the same unknown parts in both, the known ones decide: ${BUCKET}-blocks is not ${BUCKET}-ruler.
function compare(one: Setting<string>, two: Setting<string>): "same" | "different" | "untold" {
  if (!("unreadable" in one) && !("unreadable" in two)) {
    return JSON.stringify(one) === JSON.stringify(two) ? "same" : "different";
  }
  const [a, b] = [one, two].map((setting) => ("raw" in setting ? setting.raw : undefined));
  if (a === undefined || b === undefined) return "untold";
  if (a === b) return "same";
  return unknownParts(a).join() === unknownParts(b).join() ? "different" : "untold";
}

function isBackend({ backend }: Storage, name: string): boolean {
  return "value" in backend && backend.value === name;
}

function badPrefix(path: string, found: string): Finding {
  return {
    path,
    found: quote(found),
    wanted: "letters and digits",
    fix: "Mimir refuses to start: the prefix has other characters. In Mimir's placeholders the default follows the colon at once: ${VAR:default}.",
  };
}

// A path is no secret, and longer than a name.
function folderShown(path: string): string {
  return /^[\w./-]{1,80}$/.test(path) ? JSON.stringify(path) : quote(path);
}
