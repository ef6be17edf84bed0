import type { Stage } from "../../migration/stages";
import { dashboard, type Dashboard } from "../grafana/dashboard";
import { stat, table, timeSeries, type UnplacedPanel } from "../grafana/panels";
import { loki, mimir, objectStoreFree, scraped } from "./stack";

/** What the dashboard is made for. */
export interface CostArgs {
  stage: Pick<Stage, "mimir">;
  /** There are metrics of the object store. */
  objectStore: boolean;
}

/** Bytes of a sample, on disk and in the bucket alike: docs/sizing.md has what was measured. */
const sampleBytes = 3;

/**
 * Who takes how much: series and bytes of metrics by job and namespace, bytes of lines by namespace, claims, the bucket.
 * @param args what the stage has
 */
export function costDashboard({ stage, objectStore }: CostArgs): Dashboard {
  return dashboard({
    uid: "observability-cost",
    title: "Cost",
    description: "Which jobs, namespaces and apps make the series, the lines and the bytes?",
    rows: {
      Now: now(stage, objectStore),
      Metrics: metrics(),
      Logs: lines(),
      Claims: claims(),
    },
  });
}

function now(stage: CostArgs["stage"], objectStore: boolean): UnplacedPanel[] {
  return [
    stat({
      title: "Series",
      description: "In memory, of the last hours.",
      unit: "short",
      queries: [stage.mimir ? `sum(${mimir("cortex_ingester_memory_series")})` : "sum(prometheus_tsdb_head_series)"],
    }),
    stat({
      title: "Lines in a day",
      description: "Bytes that Loki took within 24 hours, before compression.",
      unit: "bytes",
      queries: [`sum(increase(${loki("loki_distributor_bytes_received_total")}[24h]))`],
    }),
    ...(objectStore
      ? [
          stat({
            title: "Object store used",
            description: "All buckets together, and whatever else is in it; MinIO counts about once a day.",
            unit: "bytes",
            queries: ['max(minio_cluster_usage_total_bytes{job="minio"})'],
          }),
          stat({
            title: "Object store free",
            description: "Share of all that can be used. Alert ObjectStoreFillingUp.",
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
    table({
      title: "Series by job",
      description: "Of one scrape, kept ones only.",
      unit: "short",
      decimals: 0,
      width: 8,
      queries: [`topk(20, sum by (namespace, job) (${scraped}))`],
      columns: { namespace: "Namespace", job: "Job" },
      value: "Series",
    }),
    table({
      title: "Bytes a day by job",
      description: `By the samples of the last hour, at ${sampleBytes} bytes each: an estimate, index not counted.`,
      unit: "bytes",
      width: 8,
      queries: [daily("namespace, job")],
      columns: { namespace: "Namespace", job: "Job" },
      value: "A day",
    }),
    table({
      title: "Bytes a day by namespace",
      description:
        "The same by the namespace of the target: what kubelet and kube-state-metrics say of all pods counts for their own.",
      unit: "bytes",
      width: 8,
      queries: [daily("namespace")],
      columns: { namespace: "Namespace" },
      value: "A day",
    }),
    timeSeries({
      title: "Series that are new",
      description: "At a scrape, by job, of the ten with most: names that change with each pod or request cost most.",
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
      description: "In the last hour, before compression.",
      unit: "bytes",
      source: "loki",
      queries: [bytes("namespace")],
      columns: { namespace: "Namespace" },
      value: "An hour",
    }),
    table({
      title: "Bytes of lines by app",
      description: "In the last hour, before compression.",
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
      description: "What was asked for, and what many storage classes set aside at once.",
      unit: "bytes",
      queries: [claim("kubelet_volume_stats_capacity_bytes")],
      columns,
      value: "Size",
    }),
    table({
      title: "Fullest claims",
      description: "What is on them.",
      unit: "bytes",
      queries: [claim("kubelet_volume_stats_used_bytes")],
      columns,
      value: "Used",
    }),
  ];
}
