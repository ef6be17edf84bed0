import { unreadable } from "../config/placeholders";
import type { Program } from "../config/program";
import { durationSeconds } from "../duration";
import { isSelector } from "../loki/selector";
import { at, isBlock, Unknown, type Block } from "../unknown";
import { goSeconds, isRegexp, isUrl } from "./go";

/** What a program takes at a place, beyond its kind. */
export interface Rule {
  wanted: string;
  /** What stands there instead, where the value itself doesn't show it. */
  found?: string;
  /** The first version that takes more; every version checks it where none is given. */
  before?: string;
  /** The first version that checks it. Default: all. */
  since?: string;
  /** Whether it asks for another setting, which a chart may add to what its values say. */
  isOfWhole?: true;
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

/** What reads itself out of a text; a block of that name is another setting. */
const textOf = (wanted: string, takes: (text: string) => boolean): Rule => ({
  wanted,
  takes: (value) => typeof value !== "string" || takes(value),
});
const regexp = textOf("a regular expression of Go's (RE2: no lookahead, no backreference)", isRegexp);
const url = textOf("an address such as http://host:9090", isUrl);
const seconds = (wanted: string, takes: (seconds: number) => boolean): Rule => ({
  wanted,
  takes: (value) => takes(goSeconds(value) ?? NaN),
});
const shared = (rule: Rule, ...places: string[]): Readonly<Record<string, Rule>> =>
  Object.fromEntries(places.map((place) => [place, rule]));
/** What several settings of a block are together. */
const together = (found: string, wanted: string, takes: Rule["takes"]): Rule => ({ found, wanted, takes });
/** A block that is whole only with another setting. */
const whole = (...rule: Parameters<typeof together>): Rule => ({ ...together(...rule), isOfWhole: true });

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
const cache = like(/^(memcached)?$/, "memcached", "nothing");
// Of Prometheus: model/relabel.
const relabelling = like(
  /^(replace|keep|drop|keepequal|dropequal|hashmod|labelmap|labeldrop|labelkeep|lowercase|uppercase)$/i,
  ...["replace", "keep", "drop", "hashmod", "labelmap", "labeldrop", "labelkeep", "lowercase", "uppercase"],
);
const lookUp = like(/^(auto|path|virtual-hosted)?$/, "auto", "path", "virtual-hosted");
// Of the SDK of S3: `ObjectStorageClass`.
const storageClass = like(
  /^(STANDARD|REDUCED_REDUNDANCY|STANDARD_IA|ONEZONE_IA|INTELLIGENT_TIERING|GLACIER|GLACIER_IR|DEEP_ARCHIVE|OUTPOSTS|SNOW|EXPRESS_ONEZONE|FSX_\w+)?$/,
  ...["STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "REDUCED_REDUNDANCY"],
);
const only = (byDefault: number): Rule => ({
  wanted: "the key removed: it has no effect",
  takes: (value) => value === byDefault,
});
const signature: Rule = { since: "3.0", wanted: "v4", takes: (text) => text === "v4" };
const prefix: Rule = { wanted: "letters, digits and dashes", takes: (text) => /^[\da-zA-Z-]*$/.test(String(text)) };
// Mimir checks what is set of S3 where its blocks are there.
const ofBlocks = (rule: Rule): Rule => ({
  ...rule,
  takes: (value, config) =>
    (at(config, "blocks_storage.backend") ?? at(config, "common.storage.backend")) !== "s3" ||
    rule.takes(value, config),
});
const window = textOf("a size such as 64KiB", (text) => /^\d/.test(text));
const cacheWithPlace = whole(
  "a block with memcached and no addresses",
  "memcached.addresses",
  (block) => at(block, "backend") !== "memcached" || isGiven(at(block, "memcached.addresses")),
);
/** Two durations of a block, of which the first is the second at most; each with its default. */
const ascending = (low: readonly [key: string, byDefault: string], high: typeof low): Rule =>
  together(`${low[0]} above ${high[0]}`, `${low[0]} of ${high[0]} at most`, (block) => {
    const [least, most] = [low, high].map(([key, byDefault]) => goSeconds(at(block, key) ?? byDefault));
    return least === undefined || most === undefined || least <= most;
  });
const positive = seconds("more than 0, such as 15s", (each) => each > 0);
const isBlockedBy = together("a pattern that is no regular expression", "a regular expression of Go's", (block) => {
  const pattern = at(block, "pattern");
  return at(block, "regex") !== true || typeof pattern !== "string" || isRegexp(pattern);
});
const divisible = together(
  "ranges that aren't multiples of each other",
  "2h, 12h, 24h, or others in such steps",
  (list) => {
    const all = (Array.isArray(list) ? list : []).map(goSeconds);
    return all.every((each, index) => index === 0 || (each ?? 0) % (all[index - 1] ?? 1) === 0);
  },
);
// Of types that read themselves.
const byName = (of: string, takes: (value: unknown) => boolean): Rule => ({
  wanted: `a block of names, each with ${of}`,
  takes: (block) =>
    isBlock(block) && Object.values(block).every((each) => each instanceof Unknown || unreadable(each) || takes(each)),
});
const isNumber = (value: unknown): boolean => typeof value === "number";
const texts = byName("a text", (value) => typeof value !== "object");
const trackers = byName('a selector such as {job="app"}', (value) => {
  const [, inside] = /^\s*\{?([^{}]*)\}?\s*$/.exec(String(value).replace(/"(?:[^"\\]|\\.)*"/g, '""')) ?? [];
  return inside === "" || /[=~]/.test(inside ?? "");
});
const members: Rule = {
  wanted: "a list, such as [mimir-gossip-ring:7946]",
  takes: (value) =>
    Array.isArray(value) ? value.every((each) => !isBlock(each) && !Array.isArray(each)) : !isBlock(value),
};
const tlsVersion = like(/^(TLS1[0-3])?$/, "TLS12", "TLS13", "TLS11", "TLS10");
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
    "limits_config.block_ingestion_until": {
      wanted: "a day such as 2026-11-25, or a time such as 2026-11-25T10:00:00Z",
      takes: (text) => /^(0|\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?(Z|[-+]\d\d:\d\d))?)?)$/.test(String(text)),
    },
    "*.regex": regexp,
    "*.action": relabelling,
    "*.external_url": url,
    "*.s3": url,
    "s3.bucket_lookup_type": lookUp,
    "*.storage_class": storageClass,
    ...shared(
      { ...storageClass, takes: (text, config) => text !== "" && storageClass.takes(text, config) },
      ...["storage_config.aws.storage_class", "ruler.storage.s3.storage_class"],
    ),
    ...shared(
      signature,
      ...["aws.signature_version", "s3.signature_version", "storage_config.named_stores.aws.*.signature_version"],
    ),
    "*.environment": oneOf("AzureGlobal", "AzureChinaCloud", "AzureGermanCloud", "AzureUSGovernment"),
    ...shared(prefix, "object_store.storage_prefix", "ruler_storage.storage_prefix"),
    ...shared(url, "http_client_config.proxy_url", "oauth2.proxy_url"),
    ...shared(url, "ruler.remote_write.client.url", "ruler.remote_write.clients.*.url"),
    "limits_config.ruler_remote_write_config.*.url": url,
    "query_range.index_stats_results_cache.compression": like(/^(snappy)?$/, "snappy", "nothing"),
    "limits_config.ruler_remote_write_headers": texts,
    "memberlist.rejoin_seed_nodes": members,
    ...shared(tlsVersion, "tls_config.min_version", "tls_config.max_version"),
    "ruler.external_labels": { wanted: "a block of labels, such as {cluster: home}", takes: isBlock },
    "ingester.flush_op_backoff": ascending(["min_period", "10s"], ["max_period", "1m"]),
    "distributor.ingester_writes_enabled": {
      wanted: "true, or kafka_writes_enabled: true beside it",
      takes: (value, config) => {
        const kafka = at(config, "distributor.kafka_writes_enabled");
        return value !== false || (isGiven(kafka) && kafka !== false);
      },
    },
    "limits_config.tsdb_max_bytes_per_shard": {
      since: "3.1",
      wanted: "more than 0, such as 600MB",
      takes: (value) => Number.parseInt(String(value)) > 0,
    },
    "limits_config.engine_results_cache_time_bucket_interval": {
      since: "3.7",
      wanted: "1m or more",
      takes: (value) => (durationSeconds(String(value)) ?? 0) >= 60,
    },
    "pattern_ingester.lifecycler.ring.replication_factor": { wanted: "1", takes: (value) => value === 1 },
    pattern_ingester: { ...ascending(["max_chunk_age", "1h"], ["retain_for", "3h"]), since: "3.6" },
    "pattern_ingester.max_chunk_age": { since: "3.6", ...seconds("10s or more", (each) => each >= 10) },
    ...shared(
      { ...positive, since: "3.7" },
      "common.ring.heartbeat_period",
      ...["heartbeat_period", "heartbeat_timeout"].map((key) => `pattern_ingester.lifecycler.${key}`),
    ),
    "bloom_shipper.working_directory": { wanted: "a folder", takes: (text) => text !== "" },
    "memory_management.bloom_page_alloc_type": oneOf("simple", "dynamic", "fixed"),
    "deletion.deletion_manifest_store_prefix": {
      since: "3.7",
      wanted: "a prefix that ends with /, such as __deletion_manifest__/",
      takes: (text) => String(text).endsWith("/"),
    },
    "ingester.wal.checkpoint_duration": {
      wanted: "more than 0, such as 5m",
      takes: (value, config) => at(config, "ingester.wal.enabled") === false || (goSeconds(value) ?? NaN) > 0,
    },
    "ingester.kafka_ingestion": whole(
      "enabled without the topic",
      "kafka_config.topic beside it",
      (block, config) => at(block, "enabled") !== true || isGiven(at(config, "kafka_config.topic")),
    ),
    "schema_config.configs.*.chunks.period": {
      wanted: "a multiple of 24h",
      takes: (period) => (durationSeconds(String(period)) ?? 0) % (24 * 3600) === 0,
    },
    querier: together(
      "a block with query_store_only and query_ingester_only",
      "one of the two",
      (block) => !(at(block, "query_store_only") === true && at(block, "query_ingester_only") === true),
    ),
    frontend_worker: together(
      "a block with frontend_address and scheduler_address",
      "one of the two",
      (block) => !(has(block, "frontend_address") && has(block, "scheduler_address")),
    ),
    bloom_build: whole(
      "enabled without the address of a planner",
      "builder.planner_address",
      (block) => at(block, "enabled") !== true || isGiven(at(block, "builder.planner_address")),
    ),
    bloom_gateway: whole(
      "enabled without addresses",
      "client.addresses",
      (block) => at(block, "enabled") !== true || isGiven(at(block, "client.addresses")),
    ),
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
    ...shared(
      atLeast(1),
      "compactor.max_compaction_parallelism",
      "ingester.index_shards",
      "worker_config.num_sub_workers",
    ),
    "ingester.flush_op_timeout": { since: "3.3", ...seconds("more than 0", (each) => each > 0) },
    ...shared(only(1), "compactor_ring.num_tokens", "compactor_ring.replication_factor", "scheduler_ring.num_tokens"),
    "scheduler_ring.replication_factor": only(2),
    "index_gateway.ring.num_tokens": { ...only(128), since: "3.1" },
    ...shared(window, "*.initial_connection_window_size", "*.initial_stream_window_size"),
    ...shared(
      compression,
      "query_frontend_grpc_client.grpc_compression",
      "query_scheduler_grpc_client.grpc_compression",
    ),
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
    ...shared(
      compression,
      ...["frontend", "frontend_worker", "ingester_client"].map(
        (block) => `${block}.grpc_client_config.grpc_compression`,
      ),
      ...["query_scheduler_grpc_client_config.grpc_compression", "ruler_client.grpc_compression"],
    ),
    "*.regex": regexp,
    "*.action": relabelling,
    "*.external_url": url,
    "limits.blocked_queries.*": isBlockedBy,
    ...shared(members, "memberlist.join_members", "memberlist.rejoin_seed_nodes"),
    ...shared(trackers, "limits.active_series_custom_trackers", "limits.active_series_additional_custom_trackers"),
    ...shared(
      byName("a number", isNumber),
      "limits.alertmanager_notification_rate_limit_per_integration",
      ...["ruler_max_rule_groups_per_tenant_by_namespace", "ruler_max_rules_per_rule_group_by_namespace"].map(
        (key) => `limits.${key}`,
      ),
    ),
    "oauth2.endpoint_params": texts,
    "limits.name_validation_scheme": oneOf("legacy", "utf8"),
    "limits.otel_translation_strategy": like(
      /^(NoUTF8EscapingWithSuffixes|UnderscoreEscapingWithSuffixes|UnderscoreEscapingWithoutSuffixes|NoTranslation)?$/,
      ...["UnderscoreEscapingWithSuffixes", "UnderscoreEscapingWithoutSuffixes", "NoUTF8EscapingWithSuffixes"],
      "NoTranslation",
    ),
    "limits.alertmanager_receivers_firewall_block_cidr_networks": {
      wanted: "networks such as 10.0.0.0/8, apart by commas",
      takes: (text) =>
        String(text)
          .split(",")
          .every((each) => /^$|^[\da-fA-F.:]+\/\d+$/.test(each)),
    },
    "s3.bucket_lookup_type": lookUp,
    ...Object.fromEntries(
      ["common.storage", "blocks_storage"].flatMap((block) => [
        [`${block}.s3.storage_class`, ofBlocks(storageClass)],
        [`${block}.s3.signature_version`, ofBlocks(oneOf("v4", "v2"))],
        [`${block}.s3.sse.type`, ofBlocks(like(/^(SSE-KMS|SSE-S3)?$/, "SSE-KMS", "SSE-S3"))],
      ]),
    ),
    ...shared(window, "*.initial_connection_window_size", "*.initial_stream_window_size"),
    "blocks_storage.bucket_store.index_cache": cacheWithPlace,
    "blocks_storage.bucket_store.chunks_cache": cacheWithPlace,
    "blocks_storage.bucket_store.metadata_cache": cacheWithPlace,
    "frontend.results_cache": {
      ...cacheWithPlace,
      takes: (block, config) => at(config, "frontend.cache_results") !== true || cacheWithPlace.takes(block, config),
    },
    "blocks_storage.bucket_store.streaming_series_batch_size": atLeast(1),
    "blocks_storage.bucket_store.index_cache.backend": oneOf("inmemory", "memcached"),
    "blocks_storage.bucket_store.chunks_cache.backend": cache,
    "blocks_storage.bucket_store.metadata_cache.backend": cache,
    "ruler_storage.cache.backend": cache,
    ...shared(
      atLeast(1),
      ...["head_compaction_concurrency", "ship_concurrency", "wal_segment_size_bytes"].map(
        (key) => `blocks_storage.tsdb.${key}`,
      ),
      ...["max_opening_blocks_concurrency", "max_closing_blocks_concurrency", "symbols_flushers_concurrency"].map(
        (key) => `compactor.${key}`,
      ),
      ...["frontend.remote_execution_batch_size", "memberlist.received_messages_queue_size"],
      ...["per_ingester", "per_store_gateway"].map((from) => `querier.streaming_chunks_${from}_series_buffer_size`),
    ),
    ...shared(
      atLeast(0),
      ...["blocks_storage.tsdb.wal_replay_concurrency", "query_scheduler.max_used_instances"],
      ...["ingestion", "ruler", "store_gateway"].map((part) => `limits.${part}_tenant_shard_size`),
    ),
    "limits.label_value_length_over_limit_strategy": oneOf("error", "truncate", "drop"),
    "blocks_storage.tsdb.stripe_size": {
      wanted: "a power of two, such as 16384",
      takes: (size) => Number(size) > 1 && Number.isInteger(Math.log2(Number(size))),
    },
    "blocks_storage.tsdb.head_compaction_interval": seconds(
      "more than 0, and 15m at most",
      (each) => each > 0 && each <= 900,
    ),
    "compactor.block_ranges": divisible,
    "compactor.compaction_jobs_order": oneOf("smallest-range-oldest-blocks-first", "newest-blocks-first"),
    "frontend.query_result_response_format": oneOf("json", "protobuf"),
    "query_frontend.query_result_response_format": oneOf("json", "protobuf"),
    "querier.query_engine": oneOf("prometheus", "mimir"),
    "query_scheduler.service_discovery_mode": oneOf("dns", "ring"),
    "ingester.error_sample_rate": atLeast(0),
    ingest_storage: whole(
      "enabled without the address or topic of Kafka",
      "kafka.address and kafka.topic",
      (block) =>
        at(block, "enabled") !== true || ["address", "topic"].every((key) => isGiven(at(block, `kafka.${key}`))),
    ),
    "usage_stats.installation_mode": oneOf("custom", "helm", "jsonnet"),
    "ingester.ring.token_generation_strategy": oneOf("random", "spread-minimizing"),
    "limits.ingest_storage_read_consistency": oneOf("strong", "eventual"),
  },
};
