import { posix } from "node:path";
import type { Arguments, Config } from "../config/config";
import { flagOf } from "../config/flags";
import { ofArguments } from "../config/overlay";
import { byOrigin, hasOrigins, unknownParts } from "../config/placeholders";
import { quote, type Setting } from "../config/read";
import { show, unknownOf } from "../config/show";
import type { Finding, Refusal } from "../finding";
import { mimir } from "./program";
import { hasAlertmanager, hasRuler, storageOf, type Storage } from "./storage";

// Below its folder, a store of rules or alerts has folders of its own.
const folders: Readonly<Record<string, readonly string[]>> = {
  ruler_storage: ["rules"],
  alertmanager_storage: ["alerts", "alertmanager"],
};

/** Where the rules or the Alertmanager's state of a Mimir share a place with its blocks, or have a prefix that Mimir doesn't accept. */
export function* sharedStorage(config: Config): Iterable<Finding> {
  const blocks = storageOf(config, "blocks_storage");
  const others = ["ruler_storage", ...(hasAlertmanager(config) ? ["alertmanager_storage"] : [])];
  const all = [blocks, ...others.map((block) => storageOf(config, block))];
  for (const { prefix, paths } of all) {
    if ("value" in prefix && !/^[\da-zA-Z]*$/.test(prefix.value)) yield badPrefix(paths.prefix, prefix.value);
  }
  const rules = hasRuler(config);
  for (const other of all.slice(1)) {
    const runs = other.block === "ruler_storage" ? rules : true;
    if (!runs || isBackend(other, "local")) continue;
    const isInFolders = isBackend(blocks, "filesystem") && isBackend(other, "filesystem");
    const findings = isInFolders ? sharedFolder(blocks, other) : sharedBucket(blocks, other);
    for (const each of findings) yield runs === true ? each : runs;
  }
}

/** The same of arguments alone; nothing where a file beside them may name one of the stores: the whole stack shows both. */
export function* sharedStorageInArguments(list: Arguments): Iterable<Finding> {
  const config = ofArguments(list, mimir);
  if (!config || !isWhole(list, config)) return;
  for (const finding of sharedStorage(config)) {
    // Flags are spelt with dashes.
    yield "error" in finding ? finding : { ...finding, path: finding.path.replaceAll("_", "-") };
  }
}

// A file beside them (`-config.file`) may name the blocks' store or the other.
function isWhole({ words }: Arguments, { content }: Config): boolean {
  const named = Object.keys(content).filter((block) => /storage$|^common$/.test(block) && block !== "ingest_storage");
  const isAlone = "missing" in flagOf(words, "config.file");
  return named.length > 0 && (isAlone || (named.length > 1 && named.includes("blocks_storage")));
}

function* sharedBucket(blocks: Storage, other: Storage): Iterable<Finding> {
  const [one, two] = [blocks, other].map(({ backend, prefix, bucket }) => [backend, prefix, ...bucket]);
  const likeness = one.map((setting, index) => compare(setting, two[index], index > 1));
  if (likeness.includes("different")) return;
  const unread = [...one, ...two].find((setting) => "unreadable" in setting);
  if (!unread || !likeness.includes("untold")) {
    yield same(other);
    return;
  }
  yield unknownOf(unread) ?? maybeSame(other, unread);
}

function* sharedFolder(blocks: Storage, other: Storage): Iterable<Finding> {
  const [dir] = blocks.bucket;
  const [otherDir] = other.bucket;
  const unread = [dir, otherDir, blocks.prefix].find((setting) => !("value" in setting));
  if (unread) {
    yield unknownOf(unread) ?? maybeSameFolder(other, unread);
    return;
  }
  const ofBlocks = posix.join("/", valueOf(dir), valueOf(blocks.prefix));
  const overlaps = folders[other.block].some((folder) => {
    const path = posix.join("/", valueOf(otherDir), folder);
    return path === ofBlocks || isWithin(path, ofBlocks) || isWithin(ofBlocks, path);
  });
  if (overlaps) yield sameFolder(other, valueOf(otherDir));
}

function isWithin(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

function valueOf(setting: Setting<string>): string {
  return "value" in setting ? setting.value : "";
}

// With the same unknown parts in both, the known ones decide: ${BUCKET}-blocks is not ${BUCKET}-ruler. And names that come from two places
// are two, such as those of two claims.
function compare(one: Setting<string>, two: Setting<string>, isName: boolean): "same" | "different" | "untold" {
  if (!("unreadable" in one) && !("unreadable" in two)) {
    return JSON.stringify(one) === JSON.stringify(two) ? "same" : "different";
  }
  const [a, b] = [one, two].map((setting) => {
    if ("value" in setting) return setting.value;
    return "raw" in setting && setting.raw !== undefined ? byOrigin(setting.raw) : undefined;
  });
  if (a === undefined || b === undefined) return "untold";
  if (a === b) return "same";
  const [partsOfOne, partsOfTwo] = [unknownParts(a), unknownParts(b)];
  if (partsOfOne.join() === partsOfTwo.join()) return "different";
  const areTwo = isName && [a, b].every(hasOrigins) && partsOfOne.length > 0 && partsOfTwo.length > 0;
  return areTwo ? "different" : "untold";
}

function isBackend({ backend }: Storage, name: string): boolean {
  return "value" in backend && backend.value === name;
}

const wantedBucket = "a different bucket than blocks_storage, or a different storage_prefix";

function same(other: Storage): Refusal {
  return {
    path: other.paths.bucket,
    found: `${show(other.bucket[0])}, as in blocks_storage, with the same storage_prefix`,
    wanted: wantedBucket,
    why: `Mimir refuses to start: "storage prefix cannot be the same as the one used in blocks storage config".`,
    fix: `Give it a separate bucket, or ${ownPrefix(other)} in ${other.block}.`,
  };
}

function maybeSame(other: Storage, unread: Setting<string>): Refusal {
  return {
    path: other.paths.bucket,
    found: show(unread),
    wanted: wantedBucket,
    why: `It may be the bucket of the blocks. If it is, Mimir refuses to start.`,
    fix: `Write the literal name, or ${ownPrefix(other)} beside it.`,
  };
}

function ownPrefix({ block }: Storage): string {
  return `storage_prefix: ${block.replace("_storage", "")}`;
}

function sameFolder(other: Storage, folder: string): Refusal {
  return {
    path: other.paths.bucket,
    found: folderShown(folder),
    wanted: "a folder outside that of blocks_storage",
    why: `Mimir refuses to start: folders "cannot overlap".`,
    fix: `Give ${other.block} a folder next to that of the blocks.`,
  };
}

function maybeSameFolder(other: Storage, unread: Setting<string>): Refusal {
  return {
    path: other.paths.bucket,
    found: show(unread),
    wanted: "a folder outside that of blocks_storage",
    why: "The folders may overlap. If they do, Mimir refuses to start.",
    fix: "Write both literal folders.",
  };
}

function badPrefix(path: string, found: string): Refusal {
  return {
    path,
    found: quote(found),
    wanted: "letters and digits",
    fix: "Remove all other characters: Mimir refuses to start with them. In its placeholders, the default follows directly after the colon: ${VAR:default}.",
  };
}

// A path is no secret, and longer than a name.
function folderShown(path: string): string {
  return /^[\w./-]{1,80}$/.test(path) ? JSON.stringify(path) : quote(path);
}
