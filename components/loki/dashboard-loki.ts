import { dashboard, type Dashboard } from "../grafana/dashboard";
import { logs, stat, timeSeries, type UnplacedPanel } from "../grafana/panels";
import { memcacheds } from "./caches";
import { lokiTargets, metricOf, type Metric } from "./series";
import type { Modes } from "./topology";

const bad = (from: number) => [{ from, color: "red" }];

/**
 * The state of Loki's processes.
 * @param namespace where Loki is
 * @param settings its modes, and what it has in memcached
 */
export function lokiDashboard(namespace: string, settings: Modes & Parameters<typeof memcacheds>[0]): Dashboard {
  const loki = metricOf(lokiTargets(namespace, settings));
  return dashboard({
    uid: "loki",
    title: "Loki",
    description:
      "Do Loki's processes see each other, accept lines, answer queries, and keep up with their object store?",
    tags: ["logs"],
    rows: {
      Health: health(loki),
      Requests: requests(loki),
      "Writers: memory, write-ahead log, flushes": writers(loki),
      "Object store, compaction, retention": storage(loki),
      ...(memcacheds(settings).length > 0 && { Caches: caches(loki) }),
      "Loki's own log": [
        logs({
          title: "Warnings and errors",
          description: "Log lines of Loki's processes.",
          expr: `{namespace="${namespace}", app="loki"} |~ "level=(warn|error)"`,
        }),
      ],
    },
  });
}

function health(loki: Metric): UnplacedPanel[] {
  return [
    stat({
      title: "Processes that answer",
      description: "Of all known processes.",
      unit: "short",
      queries: [`sum(${loki("up")})`],
    }),
    stat({
      title: "Unhealthy members of a ring",
      description: "Above 0: lines are refused or queries fail. Alert LokiRingUnhealthy.",
      unit: "short",
      queries: [`max(${loki("loki_ring_members", 'state="Unhealthy"')})`],
      steps: bad(1),
    }),
    stat({
      title: "Compactors running",
      description: "There must be exactly one, with any number of replicas.",
      unit: "short",
      queries: [`sum(${loki("loki_boltdb_shipper_compactor_running")})`],
      steps: bad(2),
    }),
    stat({
      title: "Streams in memory",
      description: "The limit is loki.limits.maxStreams times the replication factor.",
      unit: "short",
      queries: [`sum(${loki("loki_ingester_memory_streams")})`],
    }),
    stat({
      title: "Panics in 24 h",
      description: "Each is a bug in Loki.",
      unit: "short",
      decimals: 0,
      queries: [`sum(increase(${loki("loki_panic_total")}[24h]))`],
      steps: bad(1),
    }),
    stat({
      title: "Version",
      description: "If there is more than one, an update is in progress or stuck.",
      unit: "short",
      queries: [{ expr: `count by (version) (${loki("loki_build_info")})`, legend: "{{version}}" }],
    }),
  ];
}

function requests(loki: Metric): UnplacedPanel[] {
  const count = (more: string) =>
    `sum by (route) (rate(${loki("loki_request_duration_seconds_count", `route=~"loki_api_v1_.*|otlp.*"${more}`)}[$__rate_interval]))`;
  return [
    timeSeries({
      title: "Requests",
      description: "Per second, by route.",
      unit: "reqps",
      queries: [{ expr: count(""), legend: "{{route}}" }],
    }),
    timeSeries({
      title: "Failed requests",
      description: "Per second, by route: answers of 500 and above. Alert LokiRequestErrors.",
      unit: "reqps",
      queries: [{ expr: count(', status_code=~"5.."'), legend: "{{route}}" }],
    }),
    timeSeries({
      title: "Request duration",
      description: "99 of 100 requests are faster, by route. A query over a day should take less than a second.",
      unit: "s",
      queries: [
        {
          expr: `histogram_quantile(0.99, sum by (le, route) (rate(${loki("loki_request_duration_seconds_bucket", 'route=~"loki_api_v1_(push|query|query_range|labels|series|patterns|index_volume.*)"')}[$__rate_interval])))`,
          legend: "{{route}}",
        },
      ],
    }),
    timeSeries({
      title: "Queries waiting",
      description: "In the query schedulers' queues: if they grow, readers lack CPU or there are too few.",
      unit: "short",
      queries: [{ expr: `sum by (pod) (${loki("loki_query_scheduler_queue_length")})`, legend: "{{pod}}" }],
    }),
  ];
}

function caches(loki: Metric): UnplacedPanel[] {
  const sum = (name: string, more?: string) => `sum by (name) (rate(${loki(name, more)}[$__rate_interval]))`;
  return [
    timeSeries({
      title: "Found in a cache",
      description:
        "Share of what was looked for, by cache. Few chunks are found while the cache is smaller than what is asked for again.",
      unit: "percentunit",
      queries: [{ expr: `${sum("loki_cache_hits")} / ${sum("loki_cache_fetched_keys")}`, legend: "{{name}}" }],
    }),
    timeSeries({
      title: "Failed requests to memcached",
      description: "Per second, by cache. Queries go on without it. Alert LokiCacheFailing.",
      unit: "reqps",
      queries: [{ expr: sum("loki_memcache_request_duration_seconds_count", 'status_code="500"'), legend: "{{name}}" }],
    }),
    timeSeries({
      title: "Not cached",
      description:
        "Per second, by cache: the queue before it was full, which means that memcached or the network is too slow.",
      unit: "ops",
      queries: [{ expr: sum("loki_cache_dropped_background_writes_total"), legend: "{{name}}" }],
    }),
  ];
}

function writers(loki: Metric): UnplacedPanel[] {
  return [
    timeSeries({
      title: "Chunks in memory",
      description: "By writer. The number grows while the object store accepts none.",
      unit: "short",
      queries: [{ expr: `sum by (pod) (${loki("loki_ingester_memory_chunks")})`, legend: "{{pod}}" }],
    }),
    timeSeries({
      title: "Chunks flushed, by reason",
      description: "Per second. Mostly `full` is good; `idle` and `max_age` are small chunks of quiet streams.",
      unit: "ops",
      stack: true,
      queries: [
        {
          expr: `sum by (reason) (rate(${loki("loki_ingester_chunks_flushed_total")}[$__rate_interval]))`,
          legend: "{{reason}}",
        },
      ],
    }),
    timeSeries({
      title: "Flushes waiting or failed",
      description: "Queue length, and failures per second. Alert LokiFlushFailing.",
      unit: "short",
      queries: [
        { expr: `sum by (pod) (${loki("loki_ingester_flush_queue_length")})`, legend: "{{pod}} waiting" },
        {
          expr: `sum by (pod) (rate(${loki("loki_ingester_chunks_flush_failures_total")}[$__rate_interval]))`,
          legend: "{{pod}} failed",
        },
      ],
    }),
    timeSeries({
      title: "Write-ahead log",
      description: "Bytes per second, by writer, and failures because the disk is full. Alert LokiWriteAheadLogFull.",
      unit: "Bps",
      queries: [
        {
          expr: `sum by (pod) (rate(${loki("loki_ingester_wal_logged_bytes_total")}[$__rate_interval]))`,
          legend: "{{pod}}",
        },
        {
          expr: `sum by (pod) (rate(${loki("loki_ingester_wal_disk_full_failures_total")}[$__rate_interval]))`,
          legend: "{{pod}} disk full",
        },
      ],
    }),
  ];
}

function storage(loki: Metric): UnplacedPanel[] {
  const calls = "loki_s3_request_duration_seconds";
  return [
    timeSeries({
      title: "Failed calls to the object store",
      description: "Per second, by call, including no answer and a refused key. Alert LokiObjectStoreErrors.",
      unit: "ops",
      queries: [
        {
          expr: `sum by (operation) (rate(${loki(`${calls}_count`, 'status_code=~"5.."')}[$__rate_interval]))`,
          legend: "{{operation}}",
        },
      ],
    }),
    timeSeries({
      title: "Duration of calls to the object store",
      description: "99 of 100 calls are faster, by call.",
      unit: "s",
      queries: [
        {
          expr: `histogram_quantile(0.99, sum by (le, operation) (rate(${loki(`${calls}_bucket`)}[$__rate_interval])))`,
          legend: "{{operation}}",
        },
      ],
    }),
    timeSeries({
      title: "Time since the last compaction and retention",
      description:
        "They run every loki.compactionInterval, by default ten minutes. Alerts LokiCompactionStale, LokiRetentionStale.",
      unit: "s",
      queries: [
        {
          expr: `time() - max(${loki("loki_boltdb_shipper_compact_tables_operation_last_successful_run_timestamp_seconds")} > 0)`,
          legend: "compaction",
        },
        {
          expr: `time() - max(${loki("loki_compactor_apply_retention_last_successful_run_timestamp_seconds")} > 0)`,
          legend: "retention",
        },
      ],
    }),
    timeSeries({
      title: "Index tables uploaded",
      description: "Per second, by result. A table that isn't uploaded can't be queried once its writer is gone.",
      unit: "ops",
      queries: [
        {
          expr: `sum by (status) (rate(${loki("loki_tsdb_shipper_tables_upload_operation_total")}[$__rate_interval]))`,
          legend: "{{status}}",
        },
      ],
    }),
  ];
}
