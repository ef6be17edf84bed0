import type { AlertingRule, RuleGroup } from "../rules/types";

/** What the alerts are made for. */
export interface AlloyRulesArgs {
  /** Namespace of the collector. */
  namespace: string;
  /** Value of the label `cluster`, where the stack has one: alerts then keep it. */
  cluster?: string;
}

/**
 * Alerts on the log collector: is it there, does it read, does it get rid of what it read.
 * A node without a collector's pod is `KubeDaemonSetRolloutStuck`, of upstream's rules.
 * Metric names are those of Alloy 1.18 ("Debug metrics" of each component's reference, and its mixin).
 * @param args where it runs
 */
export function alloyRules({ namespace, cluster }: AlloyRulesArgs): RuleGroup[] {
  const own = `job="alloy", namespace="${namespace}"`;
  const pod = cluster === undefined ? "node, pod" : "cluster, node, pod";
  const rules: AlertingRule[] = [
    {
      alert: "AlloyAbsent",
      expr: `absent(up{${own}})`,
      for: "15m",
      labels: { severity: "critical" },
      annotations: {
        summary: "No log collector is being scraped.",
        description: `Prometheus has no target for the Service alloy: logs may still arrive, or not. Look at kubectl -n ${namespace} get daemonset,servicemonitor alloy.`,
      },
    },
    {
      alert: "AlloyDown",
      expr: `max by (${pod}) (up{${own}}) == 0`,
      for: "10m",
      labels: { severity: "warning" },
      annotations: {
        summary: "The log collector on {{ $labels.node }} does not answer.",
        description: `While it is down, no logs of that node arrive; they wait in its files until the kubelet deletes them. kubectl -n ${namespace} describe pod {{ $labels.pod }}.`,
      },
    },
    {
      alert: "AlloyUnhealthyComponents",
      expr: `sum by (${pod}) (alloy_component_controller_running_components{${own}, health_type!="healthy"}) > 0`,
      for: "15m",
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $value }} components of {{ $labels.pod }} on {{ $labels.node }} are unhealthy.",
        description: `For example, a source that can't read: no journal in that folder, or no permission. kubectl -n ${namespace} port-forward {{ $labels.pod }} 12345, then open http://localhost:12345: it shows which, and why.`,
      },
    },
    {
      alert: "AlloyLinesDropped",
      expr: `sum by (${pod}, reason) (increase(loki_write_dropped_entries_total{${own}}[15m])) > 0`,
      labels: { severity: "warning" },
      annotations: {
        summary: "Loki refused lines from {{ $labels.node }}: {{ $labels.reason }}.",
        description: `About {{ $value | humanize }} lines were lost in 15 minutes. Whole batches are counted, so some of the lines may have been stored. kubectl -n ${namespace} logs {{ $labels.pod }} shows Loki's answer ("final error sending batch").`,
      },
    },
    {
      alert: "AlloyCannotSend",
      expr: `sum by (${pod}) (rate(loki_write_batch_retries_total{${own}}[10m])) > 0 and sum by (${pod}) (rate(loki_write_sent_entries_total{${own}}[10m])) == 0`,
      for: "15m",
      labels: { severity: "critical" },
      annotations: {
        summary: "No lines from {{ $labels.node }} reach Loki.",
        description:
          "The collector keeps trying and the lines wait in the node's files, but the kubelet deletes old ones (over 10 MiB a container by default). Is Loki ready? Does it answer 429 or 5xx? See the dashboard Log pipeline.",
      },
    },
    {
      alert: "AlloySendErrors",
      expr: `sum by (${pod}) (rate(loki_write_request_duration_seconds_count{${own}, status_code!~"2.."}[10m])) / sum by (${pod}) (rate(loki_write_request_duration_seconds_count{${own}}[10m])) > 0.1`,
      for: "15m",
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $value | humanizePercentage }} of the requests from {{ $labels.node }} to Loki fail.",
        description:
          "Status 429 is a limit in Loki (rate, streams), 5xx is an error in Loki, -1 is no answer. Lines are late but not lost, unless AlloyLinesDropped fires too.",
      },
    },
    {
      alert: "AlloyReadsTooSlowly",
      expr: `sum by (${pod}) (loki_source_file_file_bytes_total{${own}} - loki_source_file_read_bytes_total{${own}}) > 10 * 1024 * 1024`,
      for: "15m",
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $value | humanize1024 }}B of log files on {{ $labels.node }} have not been read yet.",
        description:
          "The collector can't keep up with what containers write: Loki accepts too little (see AlloyCannotSend, AlloySendErrors), the collector lacks CPU, or one container writes without end. What the kubelet deletes before it is read is lost.",
      },
    },
  ];
  return [{ name: "alloy", rules }];
}
