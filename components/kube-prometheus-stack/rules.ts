import type { Settings } from "../../settings/schema";
import { quantityValue } from "../../settings/units";
import { backendTitles, type Backend } from "../../stages";
import type { Environment } from "../kubernetes/environment";
import type { AlertingRule, RuleGroup } from "../rules/types";
import { ofWriter, queueTo } from "./series";

/** What the alerts are made for. */
export interface RemoteWriteRulesArgs {
  environment: Pick<Environment, "namespace">;
  settings: Pick<Settings["kps"], "storage">;
  /** What Prometheus writes to. */
  backend: Backend;
}

/**
 * Alerts on remote_write to the stack's backend, as Prometheus 3 sees it. Names are the prometheus-mixin's where it has one that means the same.
 *
 * Unsent samples are in Prometheus's write-ahead log and nowhere else: the queue in memory holds seconds. The oldest two thirds of that log's
 * segments are deleted every two hours (`truncateWAL` in tsdb/head.go), sent or not. A segment ends at 128 MiB and at
 * each truncation, so at least an hour is left with many series, and four hours with few. Once the next segment is gone, the
 * reader continues at the present (`loop` in tsdb/wlog/watcher.go): all unsent samples are lost. The same happens if Prometheus restarts or its
 * remote_write is changed.
 * @param args where both are, which backend it is, and the size of Prometheus's volume
 * @see https://github.com/prometheus/prometheus/tree/main/documentation/prometheus-mixin
 */
export function remoteWriteRules(args: RemoteWriteRulesArgs): RuleGroup[] {
  return [{ name: "remote-write", rules: [...delay(args), loss(args), logGrowing(args)] }];
}

const by = "by (cluster, namespace, pod)";
const possessive = (title: string) => (title.endsWith("s") ? `${title}'` : `${title}'s`);
const log = "kubectl -n {{ $labels.namespace }} logs {{ $labels.pod }} -c prometheus --tail=-1 --since=30m";

function delay({ environment: { namespace }, backend }: RemoteWriteRulesArgs): AlertingRule[] {
  const [queue, title] = [queueTo(backend), backendTitles[backend]];
  // Not against the highest timestamp of the queue, as in the mixin: a full queue takes nothing, and that timestamp stands still with it.
  const sent = `max_over_time(prometheus_remote_storage_queue_highest_sent_timestamp_seconds{${queue}}[5m]) > 0`;
  return [
    {
      alert: "PrometheusRemoteWriteBehind",
      expr: `time() - max ${by} (${sent}) > 120`,
      for: "15m",
      labels: { severity: "critical" },
      annotations: {
        summary: `{{ $labels.pod }} is {{ $value | humanizeDuration }} behind in writing to ${title}`,
        description: `Unsent samples wait in its write-ahead log, which keeps at least an hour. Don't restart Prometheus or change its remote_write until it has caught up: afterwards it sends only new samples. kubectl -n ${namespace} get pods -l app.kubernetes.io/name=${backend}; ${log} | grep remote_name shows ${possessive(title)} answers.`,
      },
    },
    {
      alert: "PrometheusRemoteWriteNotSending",
      expr: `absent(${sent})`,
      for: "15m",
      labels: { severity: "critical", namespace },
      annotations: {
        summary: `Prometheus writes nothing to ${title}`,
        description: `It has no remote_write named ${backend}, has sent nothing since its start, or isn't scraped itself: ${title} gets no samples.`,
      },
    },
    {
      alert: "PrometheusRemoteWriteDesiredShards",
      expr:
        `max ${by} (max_over_time(prometheus_remote_storage_shards_desired{${queue}}[5m]))\n` +
        `> max ${by} (max_over_time(prometheus_remote_storage_shards_max{${queue}}[5m]))`,
      for: "15m",
      labels: { severity: "warning" },
      annotations: {
        summary: `{{ $labels.pod }} needs more senders to ${title} than its limit allows`,
        description: `It needs {{ $value | humanize }} to keep up; the limit is kps.remoteWrite.maxShards. The usual cause is a slow ${title}: see the dashboard ${title}.`,
      },
    },
  ];
}

// Two names in one: refused for good by the backend, or dropped before, but for what relabelling drops on purpose.
const lost = (queue: string) =>
  `sum ${by} (rate({__name__=~"prometheus_remote_storage_samples_(failed|dropped)_total", ${queue}, reason!="dropped_series"}[5m]))`;
const sentRate = (queue: string) => `sum ${by} (rate(prometheus_remote_storage_samples_total{${queue}}[5m]))`;

/** The alert of each backend that has the reason. */
const reasons: Readonly<Record<Backend, string>> = {
  mimir: "MimirSamplesRefused",
  "victoria-metrics": "VictoriaMetricsSamplesDropped",
};

function loss({ backend }: RemoteWriteRulesArgs): AlertingRule {
  const queue = queueTo(backend);
  return {
    alert: "PrometheusRemoteStorageFailures",
    expr: `${lost(queue)}\n/ (${lost(queue)} + ${sentRate(queue)}) > 0.01`,
    for: "15m",
    labels: { severity: "critical" },
    annotations: {
      summary: `{{ $value | humanizePercentage }} of the samples from {{ $labels.pod }} don't get into ${backendTitles[backend]}`,
      description: `They were refused and are not sent again. ${reasons[backend]} has the reason; ${log} | grep non-recoverable shows the series.`,
    },
  };
}

/** The log counts towards `retentionSize`, so Prometheus deletes older blocks to make room for it; a fifth is several times what three hours need. */
const logGrowing = ({ settings: { storage }, backend }: RemoteWriteRulesArgs): AlertingRule => ({
  alert: "PrometheusWriteAheadLogGrowing",
  expr: `${ofWriter("prometheus_tsdb_wal_storage_size_bytes", backend)} > ${Math.floor(quantityValue(storage) / 5)}`,
  for: "30m",
  labels: { severity: "warning" },
  annotations: {
    summary: "The write-ahead log of {{ $labels.pod }} uses {{ $value | humanize1024 }}B, over a fifth of its volume",
    description: `It is truncated every two hours, whether ${backendTitles[backend]} has its samples or not: either truncating fails, or there are too many series for the volume (kps.storage). Older blocks are deleted to make room. ${log} | grep -i -E 'compact|checkpoint|truncat'.`,
  },
});
