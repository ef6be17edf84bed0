import { placeOf, type Config } from "../config/config";
import { flag, text, type Setting } from "../config/read";
import { unknownOf } from "../config/show";
import { at, isBlock, type Block, type Unknown } from "../unknown";
import { own } from "../own";

/** Where one of Mimir's stores keeps its objects. */
export interface Storage {
  /** Its block, such as `ruler_storage`. */
  block: string;
  backend: Setting<string>;
  prefix: Setting<string>;
  /** What with the backend names a bucket: its name, or account and container. */
  bucket: Setting<string>[];
  /** Paths of the two settings that distinguish stores. */
  paths: { bucket: string; prefix: string };
}

// What distinguishes buckets, by backend: `validateBucketConfig` in pkg/mimir/mimir.go.
const names: Readonly<Record<string, readonly string[]>> = {
  s3: ["bucket_name"],
  gcs: ["bucket_name"],
  azure: ["container_name", "account_name"],
  swift: ["container_name", "project_name"],
  filesystem: ["dir"],
};
const defaultFolders: Readonly<Record<string, string>> = {
  blocks_storage: "blocks",
  ruler_storage: "ruler",
  alertmanager_storage: "alertmanager",
};

/**
 * The store of a block: its own settings, and those of `common.storage` where it has none.
 *
 * @param config Mimir's configuration
 * @param block `blocks_storage`, `ruler_storage` or `alertmanager_storage`
 */
export function storageOf(config: Config, block: string): Storage {
  const stated = at(config.content, block);
  const common = at(config.content, "common.storage");
  const backend = given(text(stated, "backend"), text(common, "backend"), "filesystem");
  const kind = "value" in backend ? backend.value : "s3";
  const keys = own(names, kind) ?? ["bucket_name"];
  const bucket = keys.map((name) =>
    given(
      text(at(stated, kind), name),
      text(at(common, kind), name),
      kind === "filesystem" ? defaultFolders[block] : undefined,
    ),
  );
  return {
    block,
    backend,
    bucket,
    prefix: given(text(stated, "storage_prefix"), { missing: "missing" }, ""),
    paths: {
      bucket: placeOf(config, `${block}.${kind}.${keys[0]}`),
      prefix: placeOf(config, `${block}.storage_prefix`),
    },
  };
}

/** Whether the configuration makes Mimir's Alertmanager run, or has settings for one that does: `-target` is seldom in the file. */
export function hasAlertmanager({ content, chart }: Config): boolean {
  // The chart's file has the settings even where the chart runs none.
  if (at(chart?.values, "alertmanager.enabled") === false) return false;
  const target = text(content, "target");
  if ("value" in target) return /\balertmanager\b/.test(target.value);
  return isBlock(content.alertmanager) || isBlock(content.alertmanager_storage);
}

// `isRulerEnabled` in pkg/mimir/mimir.go; `backend` is a target of Mimir 2.
const withRuler = ["all", "ruler", "backend"];

/**
 * Whether Mimir's ruler runs, and with it the store of its rules is looked at.
 *
 * @returns an {@link Unknown} where the target isn't known yet, or is who reads the file's to say
 */
export function hasRuler({ content, chart }: Config): boolean | Unknown {
  if (at(chart?.values, "ruler.enabled") === false) return false;
  const target = text(content, "target");
  if (!("value" in target)) return unknownOf(target) ?? true;
  return target.value.split(",").some((each) => withRuler.includes(each.trim()));
}

function given(own: Setting<string>, common: Setting<string>, byDefault: string | undefined): Setting<string> {
  const isMissing = (setting: Setting<string>) => "missing" in setting;
  const set = isMissing(own) ? common : own;
  return isMissing(set) && byDefault !== undefined ? { value: byDefault } : set;
}

/** Whether ingestion goes by Kafka, where ingesters have no replication factor. */
export function usesIngestStorage(content: Block): boolean {
  const enabled = flag(content.ingest_storage, "enabled");
  return "value" in enabled && enabled.value;
}
