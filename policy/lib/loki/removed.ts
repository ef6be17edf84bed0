/** A setting that Loki no longer has. */
export interface RemovedSetting {
  /** Where it stood in the configuration: dotted keys; `**.` before a key that stood in several places. */
  path: string;
  /** The version whose upgrade notes mention it. */
  since: string;
  /** What to do instead, as the second half of a sentence that begins with "Remove it". */
  instead: string;
}

/** A flag that Loki no longer has; `*` stands for the rest of a name. */
export interface RemovedFlag {
  flag: string;
  since: string;
  instead: string;
}

const index = "the index is where object_store of its period says";
const indexPrefix = "set index.path_prefix of the period, where it wasn't index/";
const timeout = "set limits_config.query_timeout";
const embedded = "set embedded_cache.enabled and embedded_cache.max_size_mb";
const nothing = "it has no replacement";

/**
 * Settings that Loki 3.6.3 refuses and earlier versions knew. Each was given to `loki -verify-config`, which answers
 * "field … not found in type …".
 *
 * @see https://grafana.com/docs/loki/latest/setup/upgrade/
 */
export const removedSettings: readonly RemovedSetting[] = [
  { path: "limits_config.enforce_metric_name", since: "3.0", instead: nothing },
  { path: "limits_config.ruler_evaluation_delay_duration", since: "3.0", instead: nothing },
  { path: "limits_config.bloom_compactor_enable_compaction", since: "3.2", instead: "see bloom_creation_enabled" },
  { path: "limits_config.bloom_compactor_shard_size", since: "3.2", instead: nothing },
  { path: "storage_config.boltdb_shipper.shared_store", since: "3.0", instead: index },
  { path: "storage_config.boltdb_shipper.shared_store_key_prefix", since: "3.0", instead: indexPrefix },
  { path: "storage_config.tsdb_shipper.shared_store", since: "3.0", instead: index },
  { path: "storage_config.tsdb_shipper.shared_store_key_prefix", since: "3.0", instead: indexPrefix },
  { path: "storage_config.tsdb_shipper.use_boltdb_shipper_as_backup", since: "3.0", instead: nothing },
  { path: "compactor.shared_store", since: "3.0", instead: "set delete_request_store, where retention is on" },
  { path: "compactor.shared_store_key_prefix", since: "3.0", instead: "set delete_request_store_key_prefix" },
  { path: "compactor.deletion_mode", since: "2.7", instead: "set limits_config.deletion_mode" },
  { path: "chunk_store_config.max_look_back_period", since: "3.0", instead: "set limits_config.max_query_lookback" },
  { path: "ingester.max_transfer_retries", since: "3.0", instead: "the write-ahead log (ingester.wal) does it" },
  { path: "ingester.wal.recover", since: "2.2", instead: "the log is always replayed" },
  { path: "querier.query_timeout", since: "3.0", instead: timeout },
  { path: "querier.engine.timeout", since: "3.0", instead: timeout },
  {
    path: "query_range.split_queries_by_interval",
    since: "3.0",
    instead: "set limits_config.split_queries_by_interval",
  },
  {
    path: "query_range.results_cache.max_freshness",
    since: "2.0",
    instead: "set limits_config.max_cache_freshness_per_query",
  },
  { path: "frontend.forward_headers_list", since: "3.0", instead: nothing },
  { path: "frontend_worker.parallelism", since: "3.0", instead: "set querier.max_concurrent" },
  { path: "frontend_worker.match_max_concurrent", since: "3.0", instead: "set querier.max_concurrent" },
  { path: "ruler.storage.configdb", since: "2.7", instead: "take another kind of storage" },
  { path: "bloom_compactor", since: "3.2", instead: "set bloom_build" },
  { path: "usage_report", since: "2.7", instead: "set analytics" },
  { path: "**.sse_encryption", since: "3.0", instead: "set sse.type, where SSE-S3 is not enough" },
  { path: "**.enable_fifocache", since: "2.7", instead: embedded },
  { path: "**.fifocache", since: "2.7", instead: embedded },
  {
    path: "**.async_cache_write_back_concurrency",
    since: "3.0",
    instead: "set background.writeback_goroutines of the cache",
  },
  {
    path: "**.async_cache_write_back_buffer_size",
    since: "3.0",
    instead: "set background.writeback_buffer of the cache",
  },
];

/** Flags that Loki 3.6.3 refuses and earlier versions knew: none of them is in `loki -help`. */
export const removedFlags: readonly RemovedFlag[] = [
  { flag: "validation.enforce-metric-name", since: "3.0", instead: nothing },
  { flag: "boltdb.shipper.shared-store", since: "3.0", instead: index },
  { flag: "boltdb.shipper.shared-store.key-prefix", since: "3.0", instead: indexPrefix },
  { flag: "tsdb.shipper.shared-store", since: "3.0", instead: index },
  { flag: "tsdb.shipper.shared-store.key-prefix", since: "3.0", instead: indexPrefix },
  { flag: "tsdb.shipper.use-boltdb-shipper-as-backup", since: "3.0", instead: nothing },
  { flag: "boltdb.shipper.compactor.*", since: "3.0", instead: "write -compactor. instead of the prefix" },
  {
    flag: "ingester.max-transfer-retries",
    since: "3.0",
    instead: "the write-ahead log (-ingester.wal-enabled) does it",
  },
  { flag: "store.max-look-back-period", since: "3.0", instead: "set -querier.max-query-lookback" },
  { flag: "querier.engine.timeout", since: "3.0", instead: "set -querier.query-timeout" },
  { flag: "querier.worker-parallelism", since: "3.0", instead: "set -querier.max-concurrent" },
  { flag: "frontend.forward-headers-list", since: "3.0", instead: nothing },
  { flag: "frontend.cache-split-interval", since: "3.0", instead: "set -querier.split-queries-by-interval" },
  { flag: "experimental.ruler.enable-api", since: "3.0", instead: "set -ruler.enable-api" },
  { flag: "s3.sse-encryption", since: "3.0", instead: "set -s3.sse.type" },
  { flag: "ruler.evaluation-delay-duration", since: "3.0", instead: nothing },
  { flag: "ruler.wal-cleaer.period", since: "3.0", instead: "set -ruler.wal-cleaner.period" },
  { flag: "bloom-compactor.*", since: "3.2", instead: "see -bloom-build." },
];
