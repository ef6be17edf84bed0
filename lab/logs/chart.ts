/**
 * What the loki chart configures where its owner configures nothing, as facts. Two values without which it doesn't start as one process are those of its own
 * `monolithic-values.yaml`: the replication factor and the schema. Its two memcached are Loki's embedded caches of the same size here: a cache without
 * a network in between, which is in Loki's own memory. Resources have no default, and therefore `GOMEMLIMIT` has none.
 * @see https://github.com/grafana-community/helm-charts/blob/3386a1156177c6bcd7fdb1ad4c6b1dda094296e0/charts/loki/values.yaml
 */
export const chart = {
  version: "18.11.0",
  config: {
    // `loki.auth_enabled` is true, which needs a header and changes no figure.
    auth_enabled: false,
    server: {
      grpc_server_max_concurrent_streams: 1000,
      grpc_server_max_recv_msg_size: 104857600,
      grpc_server_max_send_msg_size: 104857600,
      http_server_read_timeout: "10m0s",
      http_server_write_timeout: "10m0s",
      log_level: "info",
    },
    // `loki.ingester`: chunks are compressed by Loki's own default, gzip.
    ingester: { wal: { flush_on_shutdown: true } },
    pattern_ingester: { enabled: false },
    limits_config: {
      reject_old_samples: true,
      reject_old_samples_max_age: "168h",
      max_cache_freshness_per_query: "10m",
      split_queries_by_interval: "15m",
      query_timeout: "300s",
      volume_enabled: true,
    },
    query_range: {
      align_queries_with_step: true,
      cache_results: true,
      // `resultsCache.allocatedMemory`
      results_cache: { cache: { embedded_cache: { enabled: true, max_size_mb: 1024 } } },
    },
    // `chunksCache.allocatedMemory`
    chunk_store_config: { chunk_cache_config: { embedded_cache: { enabled: true, max_size_mb: 8192 } } },
    storage_config: { hedging: { at: "250ms", max_per_second: 20, up_to: 3 } },
    index_gateway: { mode: "simple" },
    // `loki.analytics` would report to Grafana.
    analytics: { reporting_enabled: false },
    schema_config: {
      configs: [
        {
          from: "2024-04-01",
          store: "tsdb",
          object_store: "s3",
          schema: "v13",
          index: { prefix: "loki_index_", period: "24h" },
        },
      ],
    },
    common: { path_prefix: "/var/loki", replication_factor: 1, ring: { kvstore: { store: "memberlist" } } },
  },
} as const;
