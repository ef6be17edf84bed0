import type { Settings } from "../../settings/schema";
import { quantityValue } from "../../settings/units";
import { rate, sumOrZero } from "../dashboards/promql";
import { dashboard, type Dashboard } from "../grafana/dashboard";
import { logs, stat, table, timeSeries, type Query, type UnplacedPanel } from "../grafana/panels";
import { ofWriter as ofWriterTo, queueTo } from "../kube-prometheus-stack/series";
import type { Environment } from "../kubernetes/environment";
import { metricOf, type Metric } from "../loki/series";
import { containerTargets, mimirTargets, volumeTargets } from "./series";

/** What the dashboard is made for. */
export interface MimirDashboardArgs {
  environment: Pick<Environment, "namespace">;
  settings: Pick<Settings["mimir"], "limits" | "resources" | "replicationFactor">;
}

const bad = (from: number) => [{ from, color: "red" }];

/**
 * The way of a sample from Prometheus into Mimir, into the bucket, and back.
 * @param args where Mimir is, and its limits
 */
export function mimirDashboard({ environment: { namespace }, settings }: MimirDashboardArgs): Dashboard {
  const mimir = metricOf(mimirTargets(namespace));
  return dashboard({
    uid: "mimir",
    title: "Mimir",
    description: "Does every sample get from Prometheus into Mimir, is it kept, and can it be queried?",
    tags: ["metrics"],
    rows: {
      Now: now(mimir, settings.limits),
      "Prometheus and Mimir": beside(mimir, settings.replicationFactor),
      remote_write: remoteWrite(),
      Ingestion: ingestion(mimir, settings.limits),
      Queries: queries(mimir),
      "Object store and blocks": storage(mimir),
      Resources: resources(namespace, mimir, settings.resources),
      "Mimir's own log": [
        logs({
          title: "Warnings and errors",
          description: "Log lines of Mimir.",
          expr: `{namespace="${namespace}", app="mimir"} |~ "level=(warn|error)"`,
        }),
      ],
    },
  });
}

/** A line for a limit, if there is one. */
const limit = (value: number, legend = "limit"): Query[] => (value === 0 ? [] : [{ expr: `vector(${value})`, legend }]);

const queue = queueTo("mimir");
const ofWriter = (expr: string) => ofWriterTo(expr, "mimir");

/** Metrics of the queue to Mimir. */
const sender = (name: string) => `prometheus_remote_storage_${name}{${queue}}`;
const behind = `time() - max(${sender("queue_highest_sent_timestamp_seconds")} > 0)`;
const lost = `{__name__=~"prometheus_remote_storage_samples_(failed|dropped)_total", ${queue}, reason!="dropped_series"}`;

function now(mimir: Metric, { maxSeries }: MimirDashboardArgs["settings"]["limits"]): UnplacedPanel[] {
  return [
    stat({
      title: "Mimir answers",
      description:
        "How many replicas do. If none does, no samples are accepted and no queries answered. Alert MimirDown.",
      unit: "short",
      queries: [sumOrZero(mimir("up"))],
    }),
    stat({
      title: "Behind",
      description: "Age of the newest sample in Mimir. Alert PrometheusRemoteWriteBehind.",
      unit: "s",
      queries: [behind],
      steps: bad(120),
    }),
    stat({
      title: "Samples lost in 24 h",
      description: "Refused, or dropped before they were sent. Alert PrometheusRemoteStorageFailures.",
      unit: "short",
      decimals: 0,
      queries: [sumOrZero(`increase(${lost}[24h])`)],
      steps: bad(1),
    }),
    stat({
      title: "Series in memory",
      description: maxSeries
        ? "Share of the setting mimir.limits.maxSeries. Alert MimirIngesterReachingSeriesLimit."
        : "They have no limit (mimir.limits.maxSeries).",
      unit: maxSeries ? "percentunit" : "short",
      queries: [`max(${mimir("cortex_ingester_memory_series")})${maxSeries ? ` / ${maxSeries}` : ""}`],
      steps: maxSeries ? bad(0.8) : [],
    }),
    stat({
      title: "Failed calls to the object store",
      description: "In the last hour. Alert MimirObjectStoreErrors.",
      unit: "short",
      decimals: 0,
      queries: [`sum(increase(${mimir("thanos_objstore_bucket_operation_failures_total")}[1h]))`],
      steps: bad(1),
    }),
    stat({
      title: "Version",
      description: "Of Mimir.",
      unit: "short",
      queries: [{ expr: `count by (version) (${mimir("mimir_build_info")})`, legend: "{{version}}" }],
    }),
  ];
}

function beside(mimir: Metric, factor: number): UnplacedPanel[] {
  const once = (expr: string) => (factor > 1 ? `${expr} / ${factor}` : expr);
  return [
    timeSeries({
      title: "Samples",
      description:
        "Per second: stored by Prometheus, sent by its remote_write, accepted by Mimir. All three are the same, except after an outage, when more is sent than stored.",
      unit: "short",
      queries: [
        {
          expr: `sum(${ofWriter(rate("prometheus_tsdb_head_samples_appended_total"))})`,
          legend: "stored by Prometheus",
        },
        { expr: `sum(${rate(sender("samples_total"))})`, legend: "sent" },
        { expr: once(`sum(${rate(mimir("cortex_ingester_ingested_samples_total"))})`), legend: "accepted by Mimir" },
      ],
    }),
    timeSeries({
      title: "Series",
      description:
        "In memory. They forget ended series at different times, at most two hours apart, so the two lines cross but stay close.",
      unit: "short",
      queries: [
        { expr: `sum(${ofWriter("prometheus_tsdb_head_series")})`, legend: "Prometheus" },
        { expr: once(`sum(${mimir("cortex_ingester_memory_series")})`), legend: "Mimir" },
      ],
    }),
  ];
}

function remoteWrite(): UnplacedPanel[] {
  return [
    timeSeries({
      title: "How far behind",
      description:
        "Age of the newest sample sent. Unsent samples wait in Prometheus's write-ahead log, which keeps at least an hour. Alert PrometheusRemoteWriteBehind.",
      unit: "s",
      queries: [{ expr: behind, legend: "behind" }],
    }),
    timeSeries({
      title: "Samples lost or sent again",
      description:
        "Per second. Failed: refused by Mimir. Dropped: not sent. Sent again: Mimir didn't answer or limited the rate; nothing is lost. Alert PrometheusRemoteStorageFailures.",
      unit: "short",
      queries: [
        { expr: `sum(${rate(sender("samples_failed_total"))})`, legend: "failed" },
        {
          expr: `sum by (reason) (${rate(`prometheus_remote_storage_samples_dropped_total{${queue}, reason!="dropped_series"}`)})`,
          legend: "dropped: {{reason}}",
        },
        { expr: `sum(${rate(sender("samples_retried_total"))})`, legend: "sent again" },
      ],
    }),
    timeSeries({
      title: "Senders",
      description:
        "Shards: how many send in parallel, how many are needed, and the limit kps.remoteWrite.maxShards. Alert PrometheusRemoteWriteDesiredShards.",
      unit: "short",
      queries: [
        { expr: `max(${sender("shards")})`, legend: "running" },
        { expr: `max(${sender("shards_desired")})`, legend: "needed" },
        { expr: `max(${sender("shards_max")})`, legend: "limit" },
      ],
    }),
    timeSeries({
      title: "Samples in the queue",
      description:
        "In Prometheus's memory, and the queue's size. When it is full, reading from the write-ahead log pauses; no sample is lost.",
      unit: "short",
      queries: [
        { expr: `sum(${sender("samples_pending")})`, legend: "waiting" },
        { expr: `sum(${sender("shards")} * ${sender("shard_capacity")})`, legend: "size" },
      ],
    }),
    timeSeries({
      title: "Prometheus's write-ahead log",
      description:
        "Truncated every two hours, whether Mimir has its samples or not. It doesn't grow while Mimir is down. Alert PrometheusWriteAheadLogGrowing.",
      unit: "bytes",
      queries: [{ expr: `sum(${ofWriter("prometheus_tsdb_wal_storage_size_bytes")})`, legend: "size" }],
    }),
    timeSeries({
      title: "Segments not read yet",
      description:
        "Segments of that log that remote_write has not read. Usually 0; if the next one is truncated, all unsent samples are lost.",
      unit: "short",
      queries: [
        {
          expr: `max(prometheus_tsdb_wal_segment_current - on (cluster, namespace, pod, instance) prometheus_wal_watcher_current_segment{consumer="mimir"})`,
          legend: "segments",
        },
      ],
    }),
  ];
}

function ingestion(mimir: Metric, limits: MimirDashboardArgs["settings"]["limits"]): UnplacedPanel[] {
  return [
    timeSeries({
      title: "Samples received",
      description: "Per second, and the limit mimir.limits.ingestionRate.",
      unit: "short",
      queries: [
        { expr: `sum(${rate(mimir("cortex_distributor_received_samples_total"))})`, legend: "received" },
        ...limit(limits.ingestionRate),
      ],
    }),
    timeSeries({
      title: "Samples refused, by reason",
      description:
        "Per second. rate_limited samples are sent again; with every other reason the sample is lost. Alerts MimirIngestionLimited, MimirSamplesRefused.",
      unit: "short",
      queries: [{ expr: `sum by (reason) (${rate(mimir("cortex_discarded_samples_total"))})`, legend: "{{reason}}" }],
    }),
    timeSeries({
      title: "Series in memory",
      description:
        "Series of the last hours, and the limit mimir.limits.maxSeries. Alert MimirIngesterReachingSeriesLimit.",
      unit: "short",
      queries: [
        { expr: `max(${mimir("cortex_ingester_memory_series")})`, legend: "series" },
        ...limit(limits.maxSeries),
      ],
    }),
    table({
      title: "Series by job",
      description: "Samples of one scrape by job, the largest first.",
      unit: "short",
      decimals: 0,
      queries: ["topk(15, sum by (namespace, job) (scrape_samples_post_metric_relabeling))"],
      columns: { namespace: "Namespace", job: "Job" },
      value: "Series",
    }),
  ];
}

function queries(mimir: Metric): UnplacedPanel[] {
  const route = 'route=~"prometheus_api_v1_.*"';
  const count = (more = "") =>
    `sum by (route) (${rate(mimir("cortex_request_duration_seconds_count", `${route}${more}`))})`;
  return [
    timeSeries({
      title: "Queries",
      description: "Per second, by route.",
      unit: "reqps",
      width: 8,
      queries: [{ expr: count(), legend: "{{route}}" }],
    }),
    timeSeries({
      title: "Failed queries",
      description: "Per second, by route: answers of 500 and above. Alert MimirRequestErrors.",
      unit: "reqps",
      width: 8,
      queries: [{ expr: count(', status_code=~"5.."'), legend: "{{route}}" }],
    }),
    timeSeries({
      title: "Query duration",
      description: "99 of 100 queries are faster, by route.",
      unit: "s",
      width: 8,
      queries: [
        {
          expr: `histogram_quantile(0.99, sum by (le, route) (${rate(mimir("cortex_request_duration_seconds_bucket", route))}))`,
          legend: "{{route}}",
        },
      ],
    }),
  ];
}

function storage(mimir: Metric): UnplacedPanel[] {
  const calls = (name: string) =>
    `sum by (component, operation) (${rate(mimir(`thanos_objstore_bucket_${name}`))}) > 0`;
  const since = (metric: string, legend: string): Query => ({ expr: `time() - max(${mimir(metric)} > 0)`, legend });
  const legend = "{{component}} {{operation}}";
  return [
    timeSeries({
      title: "Calls to the object store",
      description: "Per second, by component of Mimir and call.",
      unit: "ops",
      queries: [{ expr: calls("operations_total"), legend }],
    }),
    timeSeries({
      title: "Failed calls to the object store",
      description: "Per second, including no answer and a refused key. Alert MimirObjectStoreErrors.",
      unit: "ops",
      queries: [{ expr: calls("operation_failures_total"), legend }],
    }),
    timeSeries({
      title: "Time since the last run",
      description:
        "Uploads run every two hours (the first up to six hours after the start), compaction every hour, the sync of the bucket and its index every 15 minutes. Alerts MimirIngesterHasUnshippedBlocks, MimirCompactorNotRunningCompaction, MimirStoreGatewayHasNotSyncTheBucket, MimirBucketIndexNotUpdated.",
      unit: "s",
      queries: [
        since("cortex_ingester_shipper_last_successful_upload_timestamp_seconds", "upload"),
        since("cortex_compactor_last_successful_run_timestamp_seconds", "compaction"),
        since("cortex_bucket_stores_blocks_last_successful_sync_timestamp_seconds", "sync of the bucket"),
        since("cortex_bucket_index_last_successful_update_timestamp_seconds", "index of the bucket"),
      ],
    }),
    timeSeries({
      title: "Blocks in the bucket",
      description:
        "All; those to be deleted, because they were compacted into others or are older than mimir.retention; and those whose upload is incomplete.",
      unit: "short",
      queries: [
        { expr: `sum(${mimir("cortex_bucket_blocks_count")})`, legend: "all" },
        { expr: `sum(${mimir("cortex_bucket_blocks_marked_for_deletion_count")})`, legend: "to be deleted" },
        { expr: `sum(${mimir("cortex_bucket_blocks_partials_count")})`, legend: "incomplete" },
      ],
    }),
    timeSeries({
      title: "Blocks not compacted",
      description:
        "Per day, by reason: the compactor skips them. `critical` is a damaged block; kubectl logs mimir-0 shows its name.",
      unit: "short",
      queries: [
        {
          expr: `sum by (reason) (increase(${mimir("cortex_compactor_blocks_marked_for_no_compaction_total")}[1d])) > 0`,
          legend: "{{reason}}",
        },
      ],
    }),
    timeSeries({
      title: "Failures of the write-ahead log and of blocks",
      description:
        "Per hour: writing the log, truncating it, writing blocks, uploading blocks. Alerts MimirIngesterTSDBWALWritesFailed, MimirIngesterTSDBWALTruncationFailed, MimirIngesterTSDBHeadCompactionFailed.",
      unit: "short",
      queries: [
        ["cortex_ingester_tsdb_wal_writes_failed_total", "writing"],
        ["cortex_ingester_tsdb_wal_truncations_failed_total", "truncating"],
        ["cortex_ingester_tsdb_compactions_failed_total", "writing blocks"],
        ["cortex_ingester_shipper_upload_failures_total", "uploading"],
      ].map(([metric, legend]) => ({ expr: `sum(increase(${mimir(metric)}[1h]))`, legend })),
    }),
  ];
}

function resources(
  namespace: string,
  mimir: Metric,
  { limits }: MimirDashboardArgs["settings"]["resources"],
): UnplacedPanel[] {
  const container = containerTargets(namespace);
  const volume = volumeTargets(namespace);
  return [
    timeSeries({
      title: "Memory",
      description:
        "Its own memory, the same with mapped files, which the kernel can take back, and the limit. Alert MimirAllocatingTooMuchMemory.",
      unit: "bytes",
      min: 0,
      queries: [
        { expr: `max(container_memory_rss{${container}})`, legend: "own" },
        { expr: `max(container_memory_working_set_bytes{${container}})`, legend: "with files" },
        ...limit(quantityValue(limits.memory)),
      ],
    }),
    timeSeries({
      title: "CPU",
      description: "Cores in use.",
      unit: "short",
      min: 0,
      queries: [{ expr: `sum(${rate(`container_cpu_usage_seconds_total{${container}}`)})`, legend: "cores" }],
    }),
    timeSeries({
      title: "Volume",
      description:
        "Used by write-ahead log, blocks of the last day and compaction, and the volume's size. Alert KubePersistentVolumeFillingUp.",
      unit: "bytes",
      min: 0,
      queries: [
        { expr: `max(kubelet_volume_stats_used_bytes{${volume}})`, legend: "used" },
        { expr: `max(kubelet_volume_stats_capacity_bytes{${volume}})`, legend: "size" },
      ],
    }),
    timeSeries({
      title: "Uptime",
      description: "A falling line is a restart. Alert MimirIngesterRestarts.",
      unit: "s",
      queries: [{ expr: `time() - max(${mimir("process_start_time_seconds")})`, legend: "running" }],
    }),
  ];
}
