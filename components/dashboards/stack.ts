import { backendTitles, type Backend, type Stage } from "../../stages";
import { table, type Query, type UnplacedPanel } from "../grafana/panels";
import { jobs, type Modes } from "../loki/topology";
import { ofWriter, queueTo } from "../kube-prometheus-stack/series";
import { rate, sumOrZero } from "./promql";

/** Pieces of queries about the stack's own parts that several dashboards share. */

/** A metric of Mimir's process. */
export const mimir = (name: string, more = ""): string => `${name}{job="mimir"${more && `,${more}`}}`;

/** A metric of VictoriaMetrics' process. */
export const victoriaMetrics = (name: string, more = ""): string =>
  `${name}{job="victoria-metrics"${more && `,${more}`}}`;

/** A metric of some processes. */
export type Metric = (name: string, more?: string) => string;

/**
 * A metric of Loki's processes.
 * @param modes in which it runs
 */
export const lokiIn =
  (modes: Modes): Metric =>
  (name, more = "") =>
    `${name}{job=~"${jobs(modes)}"${more && `,${more}`}}`;

/** Free share of the object store; no series if it isn't scraped. */
export const objectStoreFree =
  'min(minio_cluster_capacity_usable_free_bytes{job="minio"} / minio_cluster_capacity_usable_total_bytes{job="minio"})';

/** Series in a scrape of each target, without dropped ones. */
export const scraped = "scrape_samples_post_metric_relabeling";

/**
 * The panel of the jobs with the most series.
 * @param most how many of them
 */
export const seriesByJob = (most: number): UnplacedPanel =>
  table({
    title: "Series by job",
    description: "Series of one scrape, without dropped ones.",
    unit: "short",
    decimals: 0,
    width: 8,
    queries: [`topk(${most}, sum by (namespace, job) (${scraped}))`],
    columns: { namespace: "Namespace", job: "Job" },
    value: "Series",
  });

/** Samples per second that a backend accepts. */
const taken: Readonly<Record<Backend, string>> = {
  mimir: `sum(${rate(mimir("cortex_ingester_ingested_samples_total"))})`,
  "victoria-metrics": `sum(${rate(victoriaMetrics("vm_rows_inserted_total"))})`,
};

/**
 * Queries about the way of samples to a stack's backend; Prometheus and Alloy use the same names.
 * @param backend the stack's
 */
export function wayTo(backend: Backend) {
  const queue = queueTo(backend);
  const sender = (name: string): string => `prometheus_remote_storage_${name}{${queue}}`;
  return {
    /** A metric of the queue. */
    sender,
    /** Samples that were refused, or dropped before they were sent, without those that relabelling drops on purpose. */
    lostSamples: `{__name__=~"prometheus_remote_storage_samples_(failed|dropped)_total",${queue}, reason!="dropped_series"}`,
    /** Age in seconds of the newest sample sent. */
    behind: `time() - max(${sender("queue_highest_sent_timestamp_seconds")} > 0)`,
    /** Samples per second: stored by the Prometheus that writes to the backend, sent, and accepted. */
    samples: {
      stored: {
        expr: `sum(${ofWriter(rate("prometheus_tsdb_head_samples_appended_total"), backend)})`,
        legend: "stored by Prometheus",
      },
      sent: { expr: `sum(${rate(sender("samples_total"))})`, legend: "sent" },
      taken: { expr: taken[backend], legend: `accepted by ${backendTitles[backend]}` },
    } satisfies Record<string, Query>,
  };
}

/** What a panel about the way of samples shows. */
interface Shown {
  description: string;
  unit: "s" | "bytes" | "short";
  queries: (string | Query)[];
}

/** What panels show of the way of samples to a stack's backend, whoever sends them. */
export interface ShownWay {
  /** How far the sender is behind, and from when on that is bad. */
  behind: Shown & { steps: { from: number; color: "red" }[] };
  /** What was lost in 24 hours. */
  lost: Shown & { decimals: number; steps: { from: number; color: "red" }[] };
  /** Samples a second: sent, and accepted. */
  samples: Query[];
  /** What waits to be sent. */
  waiting: Shown;
}

/**
 * The same for panels of stages with several senders.
 * @param backend the stack's
 * @param scraper who scrapes, and sends
 */
export function wayShown(backend: Backend, scraper: Stage["scraper"]): ShownWay {
  const bad = (from: number) => [{ from, color: "red" as const }];
  const { behind, lostSamples, samples, sender } = wayTo(backend);
  if (scraper !== "vmagent")
    return {
      behind: {
        ...{ description: "Age of the newest sample sent to it. Alerts on remote_write and on the metrics collector." },
        ...{ unit: "s", queries: [behind], steps: bad(120) },
      },
      lost: {
        ...{ description: "Refused, or dropped before they were sent. Alert PrometheusRemoteStorageFailures." },
        ...{ unit: "short", decimals: 0, queries: [sumOrZero(`increase(${lostSamples}[24h])`)], steps: bad(1) },
      },
      samples: [samples.sent, samples.taken],
      waiting: {
        description: "In the sender's memory, and the queue's size. When it is full, nothing is lost yet.",
        unit: "short",
        queries: [
          { expr: `sum(${sender("samples_pending")})`, legend: "waiting" },
          { expr: `sum(${sender("shards")} * ${sender("shard_capacity")})`, legend: "size" },
        ],
      },
    };
  const vmagent = (name: string) => `${name}{job="vmagent"}`;
  const dropped = ["vm_persistentqueue_blocks_dropped_total", "vmagent_remotewrite_packets_dropped_total"];
  const pending = vmagent("vmagent_remotewrite_pending_data_bytes");
  return {
    behind: {
      ...{ description: "Bytes waiting on vmagent's volume. Alert VmagentBehind.", unit: "bytes" },
      ...{ queries: [sumOrZero(pending)], steps: bad(1e7) },
    },
    lost: {
      ...{
        description: "Blocks of up to 10,000 samples, refused or deleted from a full volume. Alert VmagentSamplesLost.",
      },
      ...{ unit: "short", decimals: 0, steps: bad(1) },
      queries: [dropped.map((name) => `(${sumOrZero(`increase(${vmagent(name)}[24h])`)})`).join(" + ")],
    },
    samples: [
      { expr: `sum(${rate(vmagent("vmagent_remotewrite_block_size_rows_sum"))})`, legend: "sent" },
      samples.taken,
    ],
    waiting: {
      ...{ description: "In vmagent's memory and on its volume, until VictoriaMetrics has them.", unit: "bytes" },
      queries: [{ expr: `sum(${pending})`, legend: "waiting" }],
    },
  };
}
