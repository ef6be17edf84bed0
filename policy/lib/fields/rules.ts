import type { Program } from "../config/program";
import { isSelector } from "../loki/selector";
import { at, isBlock, type Block } from "../unknown";

/** What a program takes at a place, beyond its kind. */
export interface Rule {
  wanted: string;
  /** What stands there instead, where the value itself doesn't show it. */
  found?: string;
  /** The first version that takes more; every version checks it where none is given. */
  before?: string;
  takes(value: unknown, config: Block): boolean;
}

const oneOf = (...names: string[]): Rule => like(new RegExp(`^(${names.join("|")})$`), ...names);
/** The names that people should write, and all that is taken. */
const like = (all: RegExp, ...names: string[]): Rule => ({
  wanted: `${names.slice(0, -1).join(", ")} or ${names.at(-1)!}`,
  takes: (text) => all.test(String(text)),
});
const atLeast = (least: number): Rule => ({ wanted: `${least} or more`, takes: (value) => Number(value) >= least });

// What isn't known yet counts as given.
const isGiven = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0);
const has = (block: unknown, key: string): boolean => isBlock(block) && isGiven(block[key]);
const needs = (...keys: string[]): Rule => ({
  found: `without ${keys.join(" or ")}`,
  wanted: keys.join(" and "),
  takes: (block) => keys.every((key) => has(block, key)),
});

const selector: Rule = {
  wanted: 'a selector of streams such as {namespace="dev"}',
  takes: (text) => isSelector(String(text)),
};
const encoding = like(
  /^(none|gzip|snappy|flate|zstd|lz4(-(64k|256k|1M))?)$/i,
  ...["snappy", "gzip", "zstd", "lz4", "none"],
);
const otlp: Rule = {
  found: "a block with neither or both of attributes and regex",
  wanted: "one of the two",
  takes: (block) => has(block, "attributes") !== has(block, "regex"),
};
const remoteWrite: Rule = {
  found: "enabled without a client",
  wanted: "clients with at least one that has a url, or enabled: false",
  takes: (block) =>
    !isBlock(block) ||
    block.enabled !== true ||
    isGiven(block.client) ||
    (isGiven(block.clients) && !(isBlock(block.clients) && Object.keys(block.clients).length === 0)),
};
const folder: Rule = {
  wanted: "a prefix that ends with / and doesn't begin with it, such as index/",
  takes: (text) => /^$|^[^/].*\/$/s.test(String(text)),
};
const list: Rule = { before: "3.7", wanted: "a list, such as [loki-memberlist:7946]", takes: Array.isArray };
const compression = like(/^(gzip|snappy|s2)?$/, "gzip", "snappy", "nothing");
const cache = like(/^(memcached|redis)?$/, "memcached", "nothing");
const attribute = oneOf("index_label", "structured_metadata", "drop");
const stores = ["s3", "gcs", "azure", "swift", "filesystem"];
const ofRules = oneOf(...stores, "local");
const store = oneOf(...stores);

// Of dskit, which both have: kv/client.go.
const ring = oneOf("memberlist", "inmemory", "consul", "etcd", "multi");
/** A ring that runs only where another setting has this value; nothing reads its store elsewhere. */
const ringWhere = (key: string, value: unknown): Rule => ({
  ...ring,
  takes: (store, config) => at(config, key) !== value || ring.takes(store, config),
});

/**
 * By dotted keys, or their last two, the settings whose values are checked when the program starts; `*` is an element of a list, or what stands
 * under a name of somebody's own. Only what the programs in all their listed versions
 * refuse (`e2e/support/policy-against-loki.ts`, `policy-against-mimir.ts`).
 */
export const rules: Readonly<Record<Program["name"], Readonly<Record<string, Rule | undefined>>>> = {
  Loki: {
    "limits_config.retention_stream.*.selector": selector,
    "limits_config.deletion_mode": oneOf("disabled", "filter-only", "filter-and-delete"),
    "limits_config.otlp_config.resource_attributes.attributes_config.*": otlp,
    "limits_config.otlp_config.scope_attributes.*": otlp,
    "limits_config.otlp_config.log_attributes.*": otlp,
    "limits_config.otlp_config.resource_attributes.attributes_config.*.action": attribute,
    "limits_config.otlp_config.scope_attributes.*.action": attribute,
    "limits_config.otlp_config.log_attributes.*.action": attribute,
    "limits_config.tsdb_sharding_strategy": oneOf("power_of_two", "bounded"),
    "limits_config.bloom_block_encoding": encoding,
    "limits_config.ruler_remote_write_config.*": needs("url"),
    "ruler.remote_write": remoteWrite,
    "ruler.remote_write.client": needs("url"),
    "ruler.remote_write.clients.*": needs("url"),
    "*.oauth2": needs("client_id", "token_url"),
    "ruler.storage.type": like(
      /^(s3|gcs|azure|swift|local|bos|cos|alibabacloud)?$/,
      ...["s3", "gcs", "azure", "swift", "local"],
    ),
    "schema_config.configs.*.index.path_prefix": folder,
    "memberlist.join_members": list,
    "ingester.flush_op_backoff.max_retries": atLeast(1),
    "compactor.max_compaction_parallelism": atLeast(1),
    "kvstore.store": ring,
    "index_gateway.ring.kvstore.store": ringWhere("index_gateway.mode", "ring"),
    "ingest_limits.lifecycler.ring.kvstore.store": ringWhere("ingest_limits.enabled", true),
    "ingest_limits_frontend.lifecycler.ring.kvstore.store": ringWhere("ingest_limits.enabled", true),
    "pattern_ingester.lifecycler.ring.kvstore.store": ringWhere("pattern_ingester.enabled", true),
    "ruler.ring.kvstore.store": ringWhere("ruler.enable_sharding", true),
    "ingester.chunk_encoding": encoding,
  },
  Mimir: {
    "kvstore.store": ring,
    "alertmanager.sharding_ring.kvstore.store": ringWhere("target", "alertmanager"),
    "distributor.ha_tracker.kvstore.store": ringWhere("distributor.ha_tracker.enable_ha_tracker", true),
    "ingester.partition_ring.kvstore.store": ringWhere("ingest_storage.enabled", true),
    "overrides_exporter.ring.kvstore.store": ringWhere("overrides_exporter.ring.enabled", true),
    "query_scheduler.ring.kvstore.store": ringWhere("query_scheduler.service_discovery_mode", "ring"),
    "common.storage.backend": store,
    "blocks_storage.backend": store,
    "ruler_storage.backend": ofRules,
    "alertmanager_storage.backend": ofRules,
    "frontend.grpc_client_config.grpc_compression": compression,
    "frontend_worker.grpc_client_config.grpc_compression": compression,
    "ingester_client.grpc_client_config.grpc_compression": compression,
    "blocks_storage.bucket_store.index_cache.backend": like(/^(inmemory|memcached|redis)$/, "inmemory", "memcached"),
    "blocks_storage.bucket_store.chunks_cache.backend": cache,
    "blocks_storage.bucket_store.metadata_cache.backend": cache,
    "blocks_storage.tsdb.head_compaction_concurrency": atLeast(1),
    "blocks_storage.tsdb.ship_concurrency": atLeast(1),
    "compactor.compaction_jobs_order": oneOf("smallest-range-oldest-blocks-first", "newest-blocks-first"),
    "compactor.max_opening_blocks_concurrency": atLeast(1),
    "compactor.max_closing_blocks_concurrency": atLeast(1),
    "compactor.symbols_flushers_concurrency": atLeast(1),
    "frontend.query_result_response_format": oneOf("json", "protobuf"),
    "ingester.ring.token_generation_strategy": oneOf("random", "spread-minimizing"),
    "limits.ingest_storage_read_consistency": oneOf("strong", "eventual"),
  },
};
