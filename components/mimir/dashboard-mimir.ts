import type { Settings } from "../../config/schema";
import { quantityValue } from "../../config/units";
import { rate, sumOrZero } from "../dashboards/promql";
import { dashboard, type Dashboard } from "../grafana/dashboard";
import { logs, stat, table, timeSeries, type Query, type UnplacedPanel } from "../grafana/panels";
import type { Environment } from "../kubernetes/environment";
import { ofWriter, queue } from "../kube-prometheus-stack/series";
import { remoteWriteName } from "../kube-prometheus-stack/remote-write";
import { metricOf, type Metric } from "../loki/series";
import { containerTargets, mimirTargets, volumeTargets } from "./series";

/** What the dashboard is made for. */
export interface MimirDashboardArgs {
  environment: Pick<Environment, "namespace">;
  settings: Pick<Settings["mimir"], "limits" | "resources">;
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
      "Prometheus beside Mimir": beside(mimir),
      remote_write: remoteWrite(),
      Ingestion: ingestion(mimir, settings.limits),
      Queries: queries(mimir),
      "Object store and blocks": storage(mimir),
      Resources: resources(namespace, mimir, settings.resources),
      "Mimir's own log": [
        logs({
          title: "Warnings and errors",
          description: "What Mimir complains about.",
          expr: `{namespace="${namespace}", app="mimir"} |~ "level=(warn|error)"`,
        }),
      ],
    },
  });
}

/** A line for a limit, where there is one. */
const limit = (value: number, legend = "limit"): Query[] => (value === 0 ? [] : [{ expr: `vector(${value})`, legend }]);

/** Metrics of the queue to Mimir. */
const sender = (name: string) => `prometheus_remote_storage_${name}{${queue}}`;
const behind = `time() - max(${sender("queue_highest_sent_timestamp_seconds")} > 0)`;
const lost = `{__name__=~"prometheus_remote_storage_samples_(failed|dropped)_total", ${queue}, reason!="dropped_series"}`;

function now(mimir: Metric, { maxSeries }: MimirDashboardArgs["settings"]["limits"]): UnplacedPanel[] {
  return [
    stat({
      title: "Mimir answers",
      description: "1, or nothing is taken and nothing found. Alert MimirDown.",
      unit: "short",
      queries: [sumOrZero(mimir("up"))],
    }),
    stat({
      title: "Behind",
      description: "Age of the newest sample that Mimir has. Alert PrometheusRemoteWriteBehind.",
      unit: "s",
      queries: [behind],
      steps: bad(120),
    }),
    stat({
      title: "Samples lost in 24 h",
      description: "Refused for good, or dropped before they were sent. Alert PrometheusRemoteStorageFailures.",
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
      description: "Within an hour. Alert MimirObjectStoreErrors.",
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

function beside(mimir: Metric): UnplacedPanel[] {
  return [
    timeSeries({
      title: "Samples",
      description:
        "A second: stored by Prometheus, sent by its remote_write, taken by Mimir. The three are one line but for moments after an outage, when more is sent than stored.",
      unit: "short",
      queries: [
        {
          expr: `sum(${ofWriter(rate("prometheus_tsdb_head_samples_appended_total"))})`,
          legend: "stored by Prometheus",
        },
        { expr: `sum(${rate(sender("samples_total"))})`, legend: "sent" },
        { expr: `sum(${rate(mimir("cortex_ingester_ingested_samples_total"))})`, legend: "taken by Mimir" },
      ],
    }),
    timeSeries({
      title: "Series",
      description:
        "In memory of each. They let go of series that ended at different times, at most two hours apart: the lines cross, and stay near each other.",
      unit: "short",
      queries: [
        { expr: `sum(${ofWriter("prometheus_tsdb_head_series")})`, legend: "Prometheus" },
        { expr: `sum(${mimir("cortex_ingester_memory_series")})`, legend: "Mimir" },
      ],
    }),
  ];
}

function remoteWrite(): UnplacedPanel[] {
  return [
    timeSeries({
      title: "How far behind",
      description:
        "Age of the newest sample that was sent. What waits is in Prometheus's write-ahead log, which keeps at least an hour. Alert PrometheusRemoteWriteBehind.",
      unit: "s",
      queries: [{ expr: behind, legend: "behind" }],
    }),
    timeSeries({
      title: "Samples lost, or sent again",
      description:
        "A second. Failed: refused for good. Dropped: not sent at all. Sent again: Mimir didn't answer or held back; nothing is lost. Alert PrometheusRemoteStorageFailures.",
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
        "Shards: how many send side by side, how many it would take, and the setting kps.remoteWrite.maxShards. Alert PrometheusRemoteWriteDesiredShards.",
      unit: "short",
      queries: [
        { expr: `max(${sender("shards")})`, legend: "there" },
        { expr: `max(${sender("shards_desired")})`, legend: "needed" },
        { expr: `max(${sender("shards_max")})`, legend: "most" },
      ],
    }),
    timeSeries({
      title: "Samples in the queue",
      description:
        "In memory of Prometheus, and how many fit. Full, it reads no further in its write-ahead log: no sample is lost by that.",
      unit: "short",
      queries: [
        { expr: `sum(${sender("samples_pending")})`, legend: "waiting" },
        { expr: `sum(${sender("shards")} * ${sender("shard_capacity")})`, legend: "fit" },
      ],
    }),
    timeSeries({
      title: "Prometheus's write-ahead log",
      description:
        "Cut every two hours, whether Mimir has its samples or not. What it takes doesn't grow while Mimir is away. Alert PrometheusWriteAheadLogGrowing.",
      unit: "bytes",
      queries: [{ expr: `sum(${ofWriter("prometheus_tsdb_wal_storage_size_bytes")})`, legend: "size" }],
    }),
    timeSeries({
      title: "Segments not read yet",
      description:
        "Of that log, by remote_write. 0 but for moments; when the next one is cut off, all that waits is lost.",
      unit: "short",
      queries: [
        {
          expr: `max(prometheus_tsdb_wal_segment_current - on (cluster, namespace, pod, instance) prometheus_wal_watcher_current_segment{consumer="${remoteWriteName}"})`,
          legend: "segments",
        },
      ],
    }),
  ];
}

function ingestion(mimir: Metric, limits: MimirDashboardArgs["settings"]["limits"]): UnplacedPanel[] {
  return [
    timeSeries({
      title: "Samples taken",
      description: "A second, against the setting mimir.limits.ingestionRate.",
      unit: "short",
      queries: [
        { expr: `sum(${rate(mimir("cortex_distributor_received_samples_total"))})`, legend: "received" },
        ...limit(limits.ingestionRate),
      ],
    }),
    timeSeries({
      title: "Samples refused, and why",
      description:
        "A second. rate_limited is sent again; every other reason is a lost sample. Alerts MimirIngestionLimited, MimirSamplesRefused.",
      unit: "short",
      queries: [{ expr: `sum by (reason) (${rate(mimir("cortex_discarded_samples_total"))})`, legend: "{{reason}}" }],
    }),
    timeSeries({
      title: "Series in memory",
      description:
        "Those of the last hours, against the setting mimir.limits.maxSeries. Alert MimirIngesterReachingSeriesLimit.",
      unit: "short",
      queries: [
        { expr: `max(${mimir("cortex_ingester_memory_series")})`, legend: "series" },
        ...limit(limits.maxSeries),
      ],
    }),
    table({
      title: "Series by job",
      description: "Samples of one scrape: who has how many series, the largest first.",
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
      description: "A second, by route.",
      unit: "reqps",
      width: 8,
      queries: [{ expr: count(), legend: "{{route}}" }],
    }),
    timeSeries({
      title: "Queries that failed",
      description: "A second, by route: answers of 500 and above. Alert MimirRequestErrors.",
      unit: "reqps",
      width: 8,
      queries: [{ expr: count(', status_code=~"5.."'), legend: "{{route}}" }],
    }),
    timeSeries({
      title: "Time that queries take",
      description: "99 of 100 are faster, by route.",
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
      description: "A second, by part of Mimir and call.",
      unit: "ops",
      queries: [{ expr: calls("operations_total"), legend }],
    }),
    timeSeries({
      title: "Calls to the object store that failed",
      description: "A second: also no answer, and a refused key. Alert MimirObjectStoreErrors.",
      unit: "ops",
      queries: [{ expr: calls("operation_failures_total"), legend }],
    }),
    timeSeries({
      title: "Time since it was last done",
      description:
        "An upload every two hours (six after a quiet start), a compaction every hour, a look at the bucket and its index every quarter. Alerts MimirIngesterHasUnshippedBlocks, MimirCompactorNotRunningCompaction, MimirStoreGatewayHasNotSyncTheBucket, MimirBucketIndexNotUpdated.",
      unit: "s",
      queries: [
        since("cortex_ingester_shipper_last_successful_upload_timestamp_seconds", "upload"),
        since("cortex_compactor_last_successful_run_timestamp_seconds", "compaction"),
        since("cortex_bucket_stores_blocks_last_successful_sync_timestamp_seconds", "look at the bucket"),
        since("cortex_bucket_index_last_successful_update_timestamp_seconds", "index of the bucket"),
      ],
    }),
    timeSeries({
      title: "Blocks in the bucket",
      description:
        "All; those that are to be deleted, for they were joined into others or are older than mimir.retention; those that an upload left half done.",
      unit: "short",
      queries: [
        { expr: `sum(${mimir("cortex_bucket_blocks_count")})`, legend: "all" },
        { expr: `sum(${mimir("cortex_bucket_blocks_marked_for_deletion_count")})`, legend: "to be deleted" },
        { expr: `sum(${mimir("cortex_bucket_blocks_partials_count")})`, legend: "half done" },
      ],
    }),
    timeSeries({
      title: "Blocks that stay as they are",
      description:
        "In a day, by reason: the compactor gave them up and goes on without them. `critical` is a damaged block; kubectl logs mimir-0 has its name.",
      unit: "short",
      queries: [
        {
          expr: `sum by (reason) (increase(${mimir("cortex_compactor_blocks_marked_for_no_compaction_total")}[1d])) > 0`,
          legend: "{{reason}}",
        },
      ],
    }),
    timeSeries({
      title: "Failures of the log and of blocks",
      description:
        "In an hour: writing the log, cutting it, making blocks of it, uploading these. Alerts MimirIngesterTSDBWALWritesFailed, MimirIngesterTSDBWALTruncationFailed, MimirIngesterTSDBHeadCompactionFailed.",
      unit: "short",
      queries: [
        ["cortex_ingester_tsdb_wal_writes_failed_total", "writing"],
        ["cortex_ingester_tsdb_wal_truncations_failed_total", "cutting"],
        ["cortex_ingester_tsdb_compactions_failed_total", "making blocks"],
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
        "Its own, which only it can give back, and with the files that are mapped; and its limit. Alert MimirAllocatingTooMuchMemory.",
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
        "Write-ahead log, blocks of the last day and what is being compacted; and its size. Alert KubePersistentVolumeFillingUp.",
      unit: "bytes",
      min: 0,
      queries: [
        { expr: `max(kubelet_volume_stats_used_bytes{${volume}})`, legend: "used" },
        { expr: `max(kubelet_volume_stats_capacity_bytes{${volume}})`, legend: "size" },
      ],
    }),
    timeSeries({
      title: "Time since its start",
      description: "A line that falls is a restart. Alert MimirIngesterRestarts.",
      unit: "s",
      queries: [{ expr: `time() - max(${mimir("process_start_time_seconds")})`, legend: "running" }],
    }),
  ];
}
