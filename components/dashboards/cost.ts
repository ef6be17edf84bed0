import { backendOf, type Backend, type Stage } from "../../stages";
import { dashboard, type Dashboard } from "../grafana/dashboard";
import { stat, table, timeSeries, type UnplacedPanel } from "../grafana/panels";
import { mimir, objectStoreFree, scraped, seriesByJob, victoriaMetrics, type Metric } from "./stack";

/** What the dashboard is made for. */
export interface CostArgs {
  stage: Pick<Stage, "mimir" | "victoriaMetrics">;
  /** Whether the object store is scraped. */
  objectStore: boolean;
  /** A metric of Loki. */
  loki: Metric;
}

/** Bytes of a sample, on disk and in the bucket alike: docs/sizing.md has what was measured. */
const sampleBytes = 3;

/**
 * What uses how much: series and bytes of metrics by job and namespace, bytes of lines by namespace, claims, the bucket.
 * @param args what the stage has
 */
export function costDashboard({ stage, objectStore, loki }: CostArgs): Dashboard {
  return dashboard({
    uid: "observability-cost",
    title: "Cost",
    description: "Which jobs, namespaces and apps produce the series, the lines and the bytes?",
    rows: {
      Now: now(stage, objectStore, loki),
      Metrics: metrics(),
      Logs: lines(),
      Claims: claims(),
    },
  });
}

/** Where each counts its series. */
const series: Readonly<Record<Backend | "prometheus", string>> = {
  prometheus: "prometheus_tsdb_head_series",
  mimir: mimir("cortex_ingester_memory_series"),
  "victoria-metrics": victoriaMetrics("vm_hourly_series_limit_current_series"),
};

function now(stage: CostArgs["stage"], objectStore: boolean, loki: Metric): UnplacedPanel[] {
  return [
    stat({
      title: "Series",
      description: "Series in memory, of the last hours.",
      unit: "short",
      queries: [`sum(${series[backendOf(stage) ?? "prometheus"]})`],
    }),
    stat({
      title: "Lines in a day",
      description: "Bytes that Loki stored in 24 hours, before compression.",
      unit: "bytes",
      queries: [`sum(increase(${loki("loki_distributor_bytes_received_total")}[24h]))`],
    }),
    ...(objectStore
      ? [
          stat({
            title: "Object store used",
            description: "All buckets together, and whatever else is on it; MinIO counts about once a day.",
            unit: "bytes",
            queries: ['max(minio_cluster_usage_total_bytes{job="minio"})'],
          }),
          stat({
            title: "Object store free",
            description: "Share of the usable space. Alert ObjectStoreFillingUp.",
            unit: "percentunit",
            queries: [objectStoreFree],
          }),
        ]
      : []),
  ];
}

function metrics(): UnplacedPanel[] {
  const daily = (by: string) => `topk(20, sum by (${by}) (sum_over_time(${scraped}[1h])) * 24 * ${sampleBytes})`;
  return [
    seriesByJob(20),
    table({
      title: "Bytes a day by job",
      description: `Samples of the last hour, at ${sampleBytes} bytes each: an estimate without the index.`,
      unit: "bytes",
      width: 8,
      queries: [daily("namespace, job")],
      columns: { namespace: "Namespace", job: "Job" },
      value: "A day",
    }),
    table({
      title: "Bytes a day by namespace",
      description:
        "The same by the target's namespace: series of kubelet and kube-state-metrics about all pods count for their own namespaces.",
      unit: "bytes",
      width: 8,
      queries: [daily("namespace")],
      columns: { namespace: "Namespace" },
      value: "A day",
    }),
    timeSeries({
      title: "New series",
      description: "Per scrape, for the ten jobs with most. Labels that change with each pod or request cost most.",
      unit: "short",
      width: 24,
      queries: [{ expr: "topk(10, sum by (job) (scrape_series_added))", legend: "{{job}}" }],
    }),
  ];
}

function lines(): UnplacedPanel[] {
  const bytes = (by: string) => `topk(20, sum by (${by}) (bytes_over_time({namespace=~".+"}[1h])))`;
  return [
    table({
      title: "Bytes of lines by namespace",
      description: "Of the last hour, before compression.",
      unit: "bytes",
      source: "loki",
      queries: [bytes("namespace")],
      columns: { namespace: "Namespace" },
      value: "An hour",
    }),
    table({
      title: "Bytes of lines by app",
      description: "Of the last hour, before compression.",
      unit: "bytes",
      source: "loki",
      queries: [bytes("namespace, app")],
      columns: { namespace: "Namespace", app: "App" },
      value: "An hour",
    }),
  ];
}

function claims(): UnplacedPanel[] {
  const kubelet = 'job="kubelet",metrics_path="/metrics"';
  const claim = (metric: string) => `topk(20, max by (namespace, persistentvolumeclaim) (${metric}{${kubelet}}))`;
  const columns = { namespace: "Namespace", persistentvolumeclaim: "Claim" };
  return [
    table({
      title: "Largest claims",
      description: "The requested size, which many storage classes reserve at once.",
      unit: "bytes",
      queries: [claim("kubelet_volume_stats_capacity_bytes")],
      columns,
      value: "Size",
    }),
    table({
      title: "Fullest claims",
      description: "Bytes used.",
      unit: "bytes",
      queries: [claim("kubelet_volume_stats_used_bytes")],
      columns,
      value: "Used",
    }),
  ];
}
