import type { Settings } from "../../settings/schema";
import type { AlertingRule, RuleGroup } from "../rules/types";
import { remoteWriteName } from "./metrics-config";

/** What the alerts are made for. */
export interface MetricsRulesArgs {
  /** Namespace of the collector. */
  namespace: string;
  /** Value of the label `cluster`, where the stack has one: alerts then keep it. */
  cluster?: string;
  settings: Pick<Settings["metrics"], "mimirOutage">;
}

/**
 * Alerts on the metrics collector: is it there, does what it scrapes get into Mimir.
 * Metric names are those of Alloy 1.18; 1.12's, which are the same, were read from one that ran.
 *
 * Its own metrics take the same way as all others: what interrupts it also stops the series of these alerts, and only `absent` is
 * left. If Mimir itself is down, nothing here fires: then the dead man's switch is no longer called.
 * @param args where it runs, and what it does
 */
export function metricsRules(args: MetricsRulesArgs): RuleGroup[] {
  return [{ name: "alloy-metrics", rules: [...presence(args), ...scraping(args)] }];
}

const job = "alloy-metrics";

const keep = ({ cluster }: MetricsRulesArgs) => (cluster === undefined ? "pod" : "cluster, pod");

function presence(args: MetricsRulesArgs): AlertingRule[] {
  const { namespace } = args;
  const own = `job="${job}", namespace="${namespace}"`;
  const pod = keep(args);
  return [
    {
      alert: "AlloyMetricsAbsent",
      expr: `absent(up{${own}})`,
      for: "5m",
      labels: { severity: "critical" },
      annotations: {
        summary: "The metrics collector's own metrics are missing.",
        description: `It scrapes the whole cluster and itself: probably no metrics arrive at all, and alerts that need a series don't fire. kubectl -n ${namespace} get statefulset,pod,servicemonitor -l app.kubernetes.io/name=${job}; kubectl -n ${namespace} logs ${job}-0 | grep -E 'level=(warn|error)'.`,
      },
    },
    {
      alert: "AlloyMetricsDown",
      expr: `max by (${pod}) (up{${own}}) == 0`,
      for: "10m",
      labels: { severity: "critical" },
      annotations: {
        summary: "{{ $labels.pod }} does not answer.",
        description: `kubectl -n ${namespace} describe pod {{ $labels.pod }}. When it starts it reads its write-ahead log, which can take minutes; its log shows the progress.`,
      },
    },
    {
      alert: "AlloyMetricsUnhealthyComponents",
      expr: `sum by (${pod}) (alloy_component_controller_running_components{${own}, health_type!="healthy"}) > 0`,
      for: "15m",
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $value }} components of {{ $labels.pod }} are unhealthy.",
        description: `kubectl -n ${namespace} port-forward {{ $labels.pod }} 12345, then open http://localhost:12345: it shows which, and why.`,
      },
    },
  ];
}

function scraping(args: MetricsRulesArgs): AlertingRule[] {
  const { namespace, settings } = args;
  const own = `job="${job}", namespace="${namespace}"`;
  const queue = `${own}, remote_name="${remoteWriteName}"`;
  const pod = keep(args);
  const log = `kubectl -n ${namespace} logs {{ $labels.pod }} --since=30m | grep remote_name`;
  const lost = `sum by (${pod}) (rate({__name__=~"prometheus_remote_storage_samples_(failed|dropped)_total", ${queue}, reason!="dropped_series"}[5m]))`;
  const sent = `sum by (${pod}) (rate(prometheus_remote_storage_samples_total{${queue}}[5m]))`;
  const refused = [
    "scrape_pools_failed",
    "sync_failed",
    "scrape_pool_exceeded_target_limit",
    "scrape_pool_exceeded_label_limits",
    "scrapes_exceeded_sample_limit",
  ].map((what) => `sum by (${pod}, component_id) (increase(prometheus_target_${what}_total{${own}}[15m])) > 0`);
  return [
    {
      alert: "AlloyMetricsBehind",
      // An hour: its own metrics are as late as all others.
      expr: `time() - max by (${pod}) (max_over_time(prometheus_remote_storage_queue_highest_sent_timestamp_seconds{${queue}}[1h]) > 0) > 120`,
      for: "15m",
      labels: { severity: "critical" },
      annotations: {
        summary: "{{ $labels.pod }} is {{ $value | humanizeDuration }} behind in writing to Mimir.",
        description: `Unsent samples wait in its write-ahead log, which is sized for ${settings.mimirOutage} (metrics.mimirOutage). Don't restart it or change its settings until it has caught up: after a restart it sends only new samples. ${log} shows Mimir's answers.`,
      },
    },
    {
      alert: "AlloyMetricsSamplesLost",
      expr: `${lost}\n/ (${lost} + ${sent}) > 0.01`,
      for: "15m",
      labels: { severity: "critical" },
      annotations: {
        summary: "{{ $value | humanizePercentage }} of the samples from {{ $labels.pod }} don't get into Mimir.",
        description: `They were refused and are not sent again. MimirSamplesRefused has the reason; ${log} | grep non-recoverable shows the series.`,
      },
    },
    {
      alert: "AlloyMetricsNeedsMoreSenders",
      expr:
        `max by (${pod}) (max_over_time(prometheus_remote_storage_shards_desired{${queue}}[5m]))\n` +
        `> max by (${pod}) (max_over_time(prometheus_remote_storage_shards_max{${queue}}[5m]))`,
      for: "15m",
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $labels.pod }} needs more senders to Mimir than its limit allows.",
        description:
          "It needs {{ $value | humanize }} to keep up; the limit is metrics.remoteWrite.maxShards. The usual cause is a slow Mimir: see the dashboard Mimir.",
      },
    },
    {
      alert: "AlloyMetricsLogGrowing",
      expr: `max by (${args.cluster === undefined ? "" : "cluster, "}persistentvolumeclaim) (kubelet_volume_stats_used_bytes{namespace="${namespace}", persistentvolumeclaim="data-${job}-0"} / kubelet_volume_stats_capacity_bytes{namespace="${namespace}", persistentvolumeclaim="data-${job}-0"}) > 0.75`,
      for: "15m",
      labels: { severity: "warning" },
      annotations: {
        summary: "The metrics collector's volume is {{ $value | humanizePercentage }} full.",
        description:
          "Its write-ahead log needs room for three times metrics.mimirOutage, at 6.6 bytes a sample. Once the volume is full, no more samples are stored. Enlarge metrics.storage (docs/growing-a-volume.md), shorten metrics.mimirOutage, or scrape fewer series.",
      },
    },
    {
      alert: "AlloyMetricsTargetsRefused",
      expr: refused.join("\nor\n"),
      for: "15m",
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $labels.component_id }} drops targets or samples.",
        description: `A limit of a monitor is exceeded (sampleLimit, targetLimit, labelLimit …), or its targets can't be found. kubectl -n ${namespace} logs {{ $labels.pod }} shows which. A monitor that Alloy can't read at all appears only in its log: "error generating scrapeconfig".`,
      },
    },
  ];
}
