import type { Settings } from "../../settings/schema";
import type { Stage } from "../../stages";
import { quantityValue } from "../../settings/units";
import { rate, sumOrZero } from "../dashboards/promql";
import { seriesByJob, wayShown, wayTo, type ShownWay } from "../dashboards/stack";
import { dashboard, type Dashboard } from "../grafana/dashboard";
import { logs, stat, timeSeries, type Query, type UnplacedPanel } from "../grafana/panels";
import type { Environment } from "../kubernetes/environment";
import { metricOf, type Metric } from "../loki/series";
import { victoriaMetricsTargets, volumeTargets } from "./series";

/** What the dashboard is made for. */
export interface VictoriaMetricsDashboardArgs {
  environment: Pick<Environment, "namespace">;
  settings: Pick<Settings["victoriaMetrics"], "limits" | "resources">;
  stage: Pick<Stage, "kps" | "scraper">;
}

const bad = (from: number) => [{ from, color: "red" }];

/**
 * The way of a sample into VictoriaMetrics, onto its volume, and back to a query.
 * @param args where it is, and its limits
 */
export function victoriaMetricsDashboard(args: VictoriaMetricsDashboardArgs): Dashboard {
  const { namespace } = args.environment;
  const metric = metricOf(victoriaMetricsTargets(namespace));
  const way = wayShown("victoria-metrics", args.stage.scraper);
  return dashboard({
    uid: "victoria-metrics",
    title: "VictoriaMetrics",
    description: "Does every sample get into VictoriaMetrics, is it kept, and can it be queried?",
    tags: ["metrics"],
    rows: {
      Now: now(metric, way),
      Ingestion: ingestion(metric, way, args),
      Queries: queries(metric),
      "Volume and memory": resources(namespace, metric, args.settings.resources),
      "VictoriaMetrics' own log": [
        logs({
          title: "Warnings and errors",
          description: "Log lines of VictoriaMetrics.",
          expr: `{namespace="${namespace}", app="victoria-metrics"} |~ "\\"level\\":\\"(warn|error|panic|fatal)\\""`,
        }),
      ],
    },
  });
}

/** A line for a limit, if there is one. */
const limit = (value: number, legend: string): Query[] => (value === 0 ? [] : [{ expr: `vector(${value})`, legend }]);

function now(metric: Metric, { behind, lost }: ShownWay): UnplacedPanel[] {
  return [
    stat({
      title: "VictoriaMetrics answers",
      description: "1 if it does. If not, it accepts no samples and answers no queries. Alert VictoriaMetricsDown.",
      unit: "short",
      queries: [sumOrZero(metric("up"))],
    }),
    stat({ title: "Behind", ...behind }),
    stat({ title: "Samples lost in 24 h", ...lost }),
    stat({
      title: "Samples dropped in 24 h",
      description: "By its limits: of series, of labels, and of age. Alert VictoriaMetricsSamplesDropped.",
      unit: "short",
      decimals: 0,
      queries: [sumOrZero(`increase(${metric("vm_rows_ignored_total")}[24h])`)],
      steps: bad(1),
    }),
    stat({
      title: "Takes no samples",
      description: "1 if its volume is almost full. Alert VictoriaMetricsReadOnly.",
      unit: "short",
      queries: [sumOrZero(metric("vm_storage_is_read_only"))],
      steps: bad(1),
    }),
    stat({
      title: "Snapshots",
      description: "Kept until they are deleted, or three days old; they hold the space of samples that are deleted.",
      unit: "short",
      queries: [sumOrZero(metric("vm_snapshots"))],
    }),
  ];
}

function ingestion(metric: Metric, way: ShownWay, { stage, settings }: VictoriaMetricsDashboardArgs): UnplacedPanel[] {
  const { maxHourlySeries, maxDailySeries } = settings.limits;
  const { stored } = wayTo("victoria-metrics").samples;
  return [
    timeSeries({
      title: "Samples",
      description: "Per second. Sent and accepted are the same, except for a short time after an outage.",
      unit: "short",
      width: 8,
      queries: [...(stage.kps ? [stored] : []), ...way.samples],
    }),
    timeSeries({
      title: "Samples dropped, by reason",
      description: "Per second. The sender is told that they were taken. Alert VictoriaMetricsSamplesDropped.",
      unit: "short",
      width: 8,
      queries: [{ expr: `sum by (reason) (${rate(metric("vm_rows_ignored_total"))}) > 0`, legend: "{{reason}}" }],
    }),
    timeSeries({ title: "Samples in the queue", width: 8, ...way.waiting }),
    timeSeries({
      title: "Series of the last hour and day",
      description: "And their limits. Alert VictoriaMetricsReachingSeriesLimit.",
      unit: "short",
      width: 8,
      queries: [
        { expr: `sum(${metric("vm_hourly_series_limit_current_series")})`, legend: "hour" },
        { expr: `sum(${metric("vm_daily_series_limit_current_series")})`, legend: "day" },
        ...limit(maxHourlySeries, "hourly limit"),
        ...limit(maxDailySeries, "daily limit"),
      ],
    }),
    timeSeries({
      title: "New series, and slow inserts",
      description: "Per second. Slow inserts for a long time: too little memory for that many series.",
      unit: "short",
      width: 8,
      queries: [
        { expr: `sum(${rate(metric("vm_new_timeseries_created_total"))})`, legend: "new series" },
        { expr: `sum(${rate(metric("vm_slow_row_inserts_total"))})`, legend: "slow inserts" },
      ],
    }),
    seriesByJob(15),
  ];
}

function queries(metric: Metric): UnplacedPanel[] {
  return [
    timeSeries({
      title: "Requests",
      description: "Per second, by path.",
      unit: "reqps",
      queries: [{ expr: `topk(8, sum by (path) (${rate(metric("vm_http_requests_total"))}) > 0)`, legend: "{{path}}" }],
    }),
    timeSeries({
      title: "Failed requests",
      description: "Per second, by path. Alert VictoriaMetricsRequestErrors.",
      unit: "reqps",
      queries: [{ expr: `sum by (path) (${rate(metric("vm_http_request_errors_total"))}) > 0`, legend: "{{path}}" }],
    }),
    timeSeries({
      title: "Queries at once",
      description: "And how many it takes; further ones wait.",
      unit: "short",
      queries: [
        { expr: `sum(${metric("vm_concurrent_select_current")})`, legend: "running" },
        { expr: `sum(${metric("vm_concurrent_select_capacity")})`, legend: "limit" },
      ],
    }),
    timeSeries({
      title: "Slow queries",
      description: "Per second: they took more than five seconds, and are in its log.",
      unit: "ops",
      queries: [{ expr: `sum(${rate(metric("vm_slow_queries_total"))})`, legend: "slow queries" }],
    }),
  ];
}

function resources(
  namespace: string,
  metric: Metric,
  { limits }: VictoriaMetricsDashboardArgs["settings"]["resources"],
): UnplacedPanel[] {
  return [
    timeSeries({
      title: "Volume",
      description: "Used and free, as the kubelet counts, and the space below which nothing is taken.",
      unit: "bytes",
      width: 8,
      queries: [
        { expr: `sum(kubelet_volume_stats_used_bytes{${volumeTargets(namespace)}})`, legend: "used" },
        { expr: `sum(kubelet_volume_stats_available_bytes{${volumeTargets(namespace)}})`, legend: "free" },
        { expr: `sum(${metric("vm_free_disk_space_limit_bytes")})`, legend: "kept free" },
      ],
    }),
    timeSeries({
      title: "Data on the volume",
      description: "Samples and index.",
      unit: "bytes",
      width: 8,
      queries: [{ expr: `sum by (type) (${metric("vm_data_size_bytes")}) > 0`, legend: "{{type}}" }],
    }),
    timeSeries({
      title: "Memory",
      description: "Without files that the kernel can take back. Alert VictoriaMetricsMemoryHigh.",
      unit: "bytes",
      width: 8,
      queries: [
        { expr: `sum(${metric("process_resident_memory_anon_bytes")})`, legend: "used" },
        ...limit(quantityValue(limits.memory), "limit"),
      ],
    }),
  ];
}
