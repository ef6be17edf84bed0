import type { Query } from "../grafana/panels";
import { ofWriter, queue } from "../kube-prometheus-stack/series";
import { rate } from "./promql";

/** Pieces of queries about the stack's own parts, which several dashboards share. */

/** A metric of the queue to Mimir, whoever sends: Prometheus's and Alloy's are called alike. */
export const sender = (name: string): string => `prometheus_remote_storage_${name}{${queue}}`;

/** Samples that were refused for good, or dropped before they were sent, but for what relabelling drops on purpose. */
export const lostSamples = `{__name__=~"prometheus_remote_storage_samples_(failed|dropped)_total",${queue}, reason!="dropped_series"}`;

/** Seconds since the newest sample that Mimir was sent. */
export const behind = `time() - max(${sender("queue_highest_sent_timestamp_seconds")} > 0)`;

/** A metric of Mimir's process. */
export const mimir = (name: string, more = ""): string => `${name}{job="mimir"${more && `,${more}`}}`;

/** A metric of Loki's processes, in both modes. */
export const loki = (name: string, more = ""): string =>
  `${name}{job=~"loki|loki-write|loki-read|loki-backend"${more && `,${more}`}}`;

/** Share of the object store that is free; nothing where it isn't scraped. */
export const objectStoreFree =
  'min(minio_cluster_capacity_usable_free_bytes{job="minio"} / minio_cluster_capacity_usable_total_bytes{job="minio"})';

/** Series that a scrape of each target gave, kept ones only. */
export const scraped = "scrape_samples_post_metric_relabeling";

/** Samples a second: that the Prometheus that writes to Mimir stored, that were sent, and that Mimir took. */
export const samples = {
  stored: {
    expr: `sum(${ofWriter(rate("prometheus_tsdb_head_samples_appended_total"))})`,
    legend: "stored by Prometheus",
  },
  sent: { expr: `sum(${rate(sender("samples_total"))})`, legend: "sent" },
  taken: { expr: `sum(${rate(mimir("cortex_ingester_ingested_samples_total"))})`, legend: "taken by Mimir" },
} satisfies Record<string, Query>;
