import type { Settings } from "../../config/schema";
import { quantityValue } from "../../config/units";
import type { Environment } from "../kubernetes/environment";
import type { AlertingRule, RuleGroup } from "../rules/types";
import { ofWriter, queue } from "./series";

/** What the alerts are made for. */
export interface RemoteWriteRulesArgs {
  environment: Pick<Environment, "namespace">;
  settings: Pick<Settings["kps"], "storage">;
}

/**
 * Alerts on remote_write to Mimir, as Prometheus 3 sees it. Names are the prometheus-mixin's where it has one that means the same.
 *
 * What waits is in Prometheus's write-ahead log, and nowhere else: the queue in memory holds seconds. The oldest two thirds of that log's
 * segments are deleted every two hours (`truncateWAL` in tsdb/head.go), whether they were sent or not. A segment ends at 128 MiB and at
 * each truncation, so that at least an hour is left with many series, four hours with few. Once the segment that comes next is gone, the
 * reader goes on at the present (`loop` in tsdb/wlog/watcher.go): all that waited is lost, and so it is when Prometheus restarts or its
 * remote_write is changed.
 * @param args where Mimir and Prometheus are, and the size of Prometheus's volume
 * @see https://github.com/prometheus/prometheus/tree/main/documentation/prometheus-mixin
 */
export function remoteWriteRules({ environment, settings }: RemoteWriteRulesArgs): RuleGroup[] {
  return [{ name: "remote-write", rules: [...delay(environment), ...loss, logGrowing(settings)] }];
}

const by = "by (cluster, namespace, pod)";
const log = "kubectl -n {{ $labels.namespace }} logs {{ $labels.pod }} -c prometheus --tail=-1 --since=30m";

function delay({ namespace }: RemoteWriteRulesArgs["environment"]): AlertingRule[] {
  // Not against the highest timestamp of the queue, as in the mixin: a full queue takes nothing, and that timestamp stands still with it.
  const sent = `max_over_time(prometheus_remote_storage_queue_highest_sent_timestamp_seconds{${queue}}[5m]) > 0`;
  return [
    {
      alert: "PrometheusRemoteWriteBehind",
      expr: `time() - max ${by} (${sent}) > 120`,
      for: "15m",
      labels: { severity: "critical" },
      annotations: {
        summary: "{{ $labels.pod }} is {{ $value | humanizeDuration }} behind in writing to Mimir",
        description: `What waits is in its write-ahead log, which keeps at least an hour. Don't restart Prometheus or change its remote_write: it would send only what comes after. kubectl -n ${namespace} get pods -l app.kubernetes.io/name=mimir; ${log} | grep remote_name has what Mimir answers.`,
      },
    },
    {
      alert: "PrometheusRemoteWriteNotSending",
      expr: `absent(${sent})`,
      for: "15m",
      labels: { severity: "critical", namespace },
      annotations: {
        summary: "Prometheus writes nothing to Mimir",
        description:
          "It has no remote_write named mimir, or has sent nothing since its start, or isn't scraped itself: Mimir gets no sample.",
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
        summary: "{{ $labels.pod }} needs more senders to Mimir than it may have",
        description:
          "It would take {{ $value | humanize }} to keep up; the most is the setting kps.remoteWrite.maxShards. Usually Mimir answers slowly: see the dashboard Mimir.",
      },
    },
  ];
}

// Two names in one: refused for good by Mimir, or dropped before, but for what relabelling drops on purpose.
const lost = `sum ${by} (rate({__name__=~"prometheus_remote_storage_samples_(failed|dropped)_total", ${queue}, reason!="dropped_series"}[5m]))`;
const sentRate = `sum ${by} (rate(prometheus_remote_storage_samples_total{${queue}}[5m]))`;

const loss: AlertingRule[] = [
  {
    alert: "PrometheusRemoteStorageFailures",
    expr: `${lost}\n/ (${lost} + ${sentRate}) > 0.01`,
    for: "15m",
    labels: { severity: "critical" },
    annotations: {
      summary: "{{ $value | humanizePercentage }} of the samples of {{ $labels.pod }} don't get into Mimir",
      description: `They were refused and are not sent again. MimirSamplesRefused names the reason; ${log} | grep non-recoverable the series.`,
    },
  },
];

/** The log counts for `retentionSize`, so that Prometheus deletes older blocks for it; a fifth is several times what three hours take. */
const logGrowing = ({ storage }: RemoteWriteRulesArgs["settings"]): AlertingRule => ({
  alert: "PrometheusWriteAheadLogGrowing",
  expr: `${ofWriter("prometheus_tsdb_wal_storage_size_bytes")} > ${Math.floor(quantityValue(storage) / 5)}`,
  for: "30m",
  labels: { severity: "warning" },
  annotations: {
    summary: "The write-ahead log of {{ $labels.pod }} takes {{ $value | humanize1024 }}B, over a fifth of its volume",
    description: `It is cut every two hours, whether Mimir has taken its samples or not: either that fails, or there are too many series for the volume (kps.storage). Older blocks are deleted to make room. ${log} | grep -i -E 'compact|checkpoint|truncat'.`,
  },
});
