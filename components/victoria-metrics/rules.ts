import type { Settings } from "../../settings/schema";
import { quantityValue } from "../../settings/units";
import type { Environment } from "../kubernetes/environment";
import { metricOf } from "../loki/series";
import type { AlertingRule, RuleGroup } from "../rules/types";
import { victoriaMetricsTargets } from "./series";

/** What the alerts are made for. */
export interface VictoriaMetricsRulesArgs {
  environment: Pick<Environment, "namespace">;
  settings: Pick<Settings["victoriaMetrics"], "resources">;
}

/**
 * Alerts on VictoriaMetrics: is it up, does it accept samples, and does it keep all of them? Metric names are those that a running 1.150.0
 * exports. A full volume, a crash loop or a container killed for its memory is reported by the base rules.
 * @param args where it is, and how much memory it has
 * @see https://github.com/VictoriaMetrics/VictoriaMetrics/tree/master/deployment/docker/rules
 */
export function victoriaMetricsRules({ environment, settings }: VictoriaMetricsRulesArgs): RuleGroup[] {
  const { namespace } = environment;
  const metric = metricOf(victoriaMetricsTargets(namespace));
  const log = `kubectl -n ${namespace} logs victoria-metrics-0 --tail=-1 --since=1h`;
  const dropped = `sum by (cluster, namespace, reason) (increase(${metric("vm_rows_ignored_total")}[15m])) > 0`;
  const share = (period: string) =>
    `label_replace(${metric(`vm_${period}_series_limit_current_series`)} / (${metric(`vm_${period}_series_limit_max_series`)} > 0), "period", "${period}", "", "")`;
  const failed = (name: string) => `sum by (cluster, namespace) (rate(${metric(name)}[5m]))`;
  const rules: AlertingRule[] = [
    {
      alert: "VictoriaMetricsDown",
      expr: `absent(${metric("up")} == 1)`,
      for: "5m",
      labels: { severity: "critical", namespace },
      annotations: {
        summary: "VictoriaMetrics doesn't answer",
        description: `For 5 minutes it has accepted no samples and answered no queries. Samples wait in the sender's write-ahead log, which keeps at least an hour. kubectl -n ${namespace} describe pod victoria-metrics-0; a crash loop's reason is in kubectl logs --previous.`,
      },
    },
    {
      alert: "VictoriaMetricsRestarts",
      // KubePodCrashLooping misses a pod that runs for ten minutes between crashes.
      expr: `changes(${metric("process_start_time_seconds")}[1h]) > 2`,
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $labels.pod }} started {{ $value | humanize }} times within an hour",
        description: `If it is killed, the samples of its last 5 seconds are lost. kubectl -n ${namespace} logs victoria-metrics-0 --previous --tail=20 shows why it ended; if it was killed for its memory, KubeContainerOutOfMemory fires.`,
      },
    },
    {
      alert: "VictoriaMetricsReadOnly",
      expr: `${metric("vm_storage_is_read_only")} == 1`,
      for: "5m",
      labels: { severity: "critical" },
      annotations: {
        summary: "{{ $labels.pod }} accepts no samples: its volume is almost full",
        description:
          "Less than victoriaMetrics.minFreeSpace is free. Samples wait in the sender's write-ahead log, which keeps at least an hour. Shorten victoriaMetrics.retention, or grow the volume: docs/growing-a-volume.md.",
      },
    },
    {
      alert: "VictoriaMetricsSamplesDropped",
      expr: dropped,
      labels: { severity: "critical" },
      annotations: {
        summary: "VictoriaMetrics drops samples: {{ $labels.reason }}",
        description: `{{ $value | humanize }} in 15 minutes. The sender gets the answer that they were accepted, and doesn't send them again. ${log} | grep -E 'limit|ignor|label' shows the series; the limits are victoriaMetrics.limits.`,
      },
    },
    {
      alert: "VictoriaMetricsReachingSeriesLimit",
      expr: `${share("hourly")} > 0.85\nor\n${share("daily")} > 0.85`,
      for: "15m",
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $labels.pod }} has {{ $value | humanizePercentage }} of its {{ $labels.period }} limit of series",
        description:
          "At the limit it drops all new series. The dashboard VictoriaMetrics shows Series by job: reduce them, or raise victoriaMetrics.limits.",
      },
    },
    {
      alert: "VictoriaMetricsRequestErrors",
      expr: `${failed("vm_http_request_errors_total")}\n/ ${failed("vm_http_requests_total")} > 0.1`,
      for: "15m",
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $value | humanizePercentage }} of the requests to VictoriaMetrics fail",
        description: `${log} | grep -E '"level":"(warn|error)"' shows which. Writes are retried; queries are not.`,
      },
    },
    {
      alert: "VictoriaMetricsMemoryHigh",
      expr: `${metric("process_resident_memory_anon_bytes")} / ${quantityValue(settings.resources.limits.memory)} > 0.85`,
      for: "30m",
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $labels.pod }} uses {{ $value | humanizePercentage }} of its memory limit",
        description:
          "At the limit it is killed. Series use most of it: the dashboard VictoriaMetrics shows Series by job. Reduce them, or raise victoriaMetrics.resources.limits.memory.",
      },
    },
  ];
  return [{ name: "victoria-metrics", rules }];
}
