import { at, isBlock, Unknown, type Block } from "../unknown";

/** Whose configuration a text can be: the two that are judged, and their relatives, which have blocks of the same names. */
export type Kind = "Loki" | "Mimir" | "Cortex" | "Tempo" | "Pyroscope" | "Promtail";

/** By what a configuration is known. Dotted keys, from its top. */
interface Marks {
  /** Each by itself makes a configuration of this program likely: nothing else of a cluster has it, but for a relative that lists it too. */
  signs: readonly string[];
  /** What this program has and most of its relatives don't; two of them are as good as a sign. */
  hints: readonly string[];
}

// From the configuration structs of Loki 3.7, Mimir 3.1, Cortex 1.19, Tempo 2.8, Pyroscope 1.14 and Promtail 3. Blocks that are also the name of a
// set of pods in chart values (compactor, store_gateway …) stand here with a setting in them.
const marks: Readonly<Record<Kind, Marks>> = {
  Mimir: {
    signs: [
      "multitenancy_enabled",
      "blocks_storage",
      "alertmanager_storage",
      "limits.compactor_blocks_retention_period",
      "store_gateway.sharding_ring",
    ],
    hints: [
      "activity_tracker",
      "usage_stats",
      "ingest_storage",
      "overrides_exporter.ring",
      "tenant_federation.enabled",
      "limits",
      "ruler_storage",
      "common.storage.backend",
      "common.storage.s3.bucket_name",
      "ingester.ring",
      "compactor.data_dir",
      "compactor.sharding_ring",
      "alertmanager.enable_api",
      "alertmanager.data_dir",
      "alertmanager.fallback_config_file",
    ],
  },
  Loki: {
    signs: [
      "schema_config",
      "limits_config",
      "storage_config",
      "chunk_store_config",
      "compactor.retention_enabled",
      "compactor.delete_request_store",
    ],
    hints: [
      "auth_enabled",
      "query_range",
      "pattern_ingester",
      "index_gateway",
      "ruler_storage",
      "common.path_prefix",
      "common.replication_factor",
      "common.compactor_address",
      "common.ring",
      "common.storage.filesystem.chunks_directory",
      "common.storage.s3.bucketnames",
      "compactor.working_directory",
      "compactor.shared_store",
      "ingester.lifecycler",
      "ingester.chunk_idle_period",
      "ingester.chunk_encoding",
      "ingester.max_chunk_age",
      "ruler.storage",
    ],
  },
  Cortex: {
    signs: [
      "blocks_storage",
      "alertmanager_storage",
      "storage.engine",
      "prealloc",
      "compactor.sharding_enabled",
      "store_gateway.sharding_ring",
      "store_gateway.sharding_enabled",
      "distributor.shard_by_all_labels",
    ],
    hints: [
      "auth_enabled",
      "query_range",
      "limits",
      "ruler_storage",
      "configs",
      "purger",
      "resource_monitor",
      "tenant_federation.enabled",
      "ingester.lifecycler",
      "compactor.data_dir",
      "compactor.sharding_ring",
      "ruler.enable_sharding",
      "alertmanager.enable_api",
      "alertmanager.data_dir",
      "alertmanager.sharding_enabled",
      "frontend.max_outstanding_per_tenant",
    ],
  },
  Tempo: {
    signs: [
      "multitenancy_enabled",
      "storage.trace",
      "distributor.receivers",
      "compactor.compaction",
      "metrics_generator",
      "ingester.trace_idle_period",
      "ingester.max_block_duration",
    ],
    hints: ["stream_over_http_enabled", "query_frontend", "overrides.defaults", "usage_report", "internal_server"],
  },
  Pyroscope: {
    signs: ["multitenancy_enabled", "pyroscopedb", "self_profiling", "storage.backend", "store_gateway.sharding_ring"],
    hints: [
      "analytics",
      "limits",
      "metastore",
      "segment_writer",
      "query_backend",
      "embedded_grafana",
      "compactor.data_dir",
    ],
  },
  Promtail: {
    signs: ["limits_config", "scrape_configs", "clients", "positions"],
    hints: ["client", "target_config", "server.http_listen_port"],
  },
};

// Of several that fit as well, the first: one of those that are judged.
const kinds = Object.keys(marks) as Kind[];
const weightOfSign = 2;
// Of mappings that are looked at, most have nothing in common with any of them, or one block without weight, as containers have `limits`.
const roots = new Map(
  [...kinds.flatMap((kind) => marks[kind].hints), ...kinds.flatMap((kind) => marks[kind].signs)].map((key) => [
    rootOf(key),
    kinds.some((kind) => marks[kind].signs.some((sign) => rootOf(sign) === rootOf(key))) ? weightOfSign : 1,
  ]),
);

/**
 * Decides from all signs together whose configuration a mapping is.
 *
 * @param value what may be one, with its blocks at its top
 * @returns undefined for what is no configuration of any of them
 */
export function kindOf(value: unknown): Kind | undefined {
  if (!isBlock(value) || !mayBeOne(value)) return undefined;
  const scores = kinds.map((kind) => scoreOf(value, marks[kind]));
  const best = Math.max(...scores);
  return best < weightOfSign ? undefined : kinds[scores.indexOf(best)];
}

/** Top-level keys by which a text that may be a configuration of Loki or Mimir is recognized before it is parsed. */
export const mentioned: readonly string[] = [
  ...new Set([...marks.Loki.signs, ...marks.Loki.hints, ...marks.Mimir.signs, ...marks.Mimir.hints].map(rootOf)),
];

/**
 * What a text that doesn't parse says at its left margin and one level in, or as keys of JSON: enough to know whose it would be. A line of prose is
 * none of it, though it has a colon.
 */
export function outlineOf(text: string): Block {
  const outline: Block = {};
  // Of Markdown, which shows configurations but isn't one.
  if (/^```/m.test(text)) return outline;
  let block: Block = {};
  for (const [, indent, key, rest] of text.matchAll(/^([ \t]*)["']?([A-Za-z_]\w*)["']?[ \t]*:[ \t]*(.*)$/gm)) {
    const value = valueIn(rest);
    if (value === undefined) continue;
    if (indent !== "") block[key] ??= value;
    else {
      outline[key] = value;
      block = isBlock(value) ? value : {};
    }
  }
  for (const [, key] of text.matchAll(/"([A-Za-z_]\w*)"\s*:\s*[[{]/g)) outline[key] ??= {};
  return outline;
}

// Nothing, the start of a mapping or list, a quote that doesn't end, a word: what follows a key in a configuration. Several words are prose.
function valueIn(rest: string): unknown {
  if (/^(#.*|[[{&*!|><].*|'[^']*|"[^"]*)?$/.test(rest.trim())) return {};
  const [word, more] = rest.trim().split(/\s+#|\s/);
  return more === undefined ? (/^(true|false|yes|no|on|off)$/i.test(word) ? true : word) : undefined;
}

function mayBeOne(value: Block): boolean {
  let most = 0;
  for (const key in value) most += roots.get(key) ?? 0;
  return most >= weightOfSign;
}

// A block counts once, however much of it is known: a few settings of another program may have been copied into it.
function scoreOf(value: Block, { signs, hints }: Marks): number {
  const rootsOf = (keys: readonly string[]) => new Set(keys.filter((key) => isGiven(value, key)).map(rootOf));
  const weighed = [...rootsOf(signs)].map((root) => (value[root] === null ? 1 : weightOfSign));
  return weighed.reduce((total, weight) => total + weight, rootsOf(hints).size);
}

// A switch, a block (an empty one says little), or a setting in a block. A word in the place of a block is prose, or a file's name.
function isGiven(value: Block, key: string): boolean {
  const found = at(value, key);
  if (found === undefined) return false;
  const isInBlock = key.includes(".");
  if (/_enabled$/.test(key) && (typeof found !== "object" || !isInBlock))
    return typeof found === "boolean" || (isInBlock ? likeSwitch : mark).test(String(found));
  if (isInBlock) return !(at(value, rootOf(key)) instanceof Unknown);
  return typeof found === "object";
}

const mark = /[\uE000$]/;
const likeSwitch = /[\uE000$]|^(true|false|yes|no|on|off)$/i;

function rootOf(key: string): string {
  return key.split(".")[0];
}
