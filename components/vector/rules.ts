import { counted } from "../rules/counted";
import type { AlertingRule, RuleGroup } from "../rules/types";

/** What the alerts are made for. */
export interface VectorRulesArgs {
  /** Namespace of the collector. */
  namespace: string;
  /** Value of the label `cluster`, where the stack has one: alerts then keep it. */
  cluster?: string;
}

/**
 * Alerts on Vector: is it there, does it read, does it get rid of what it read. Metric names are those of Vector 0.57's source `internal_metrics`.
 * @param args where it runs
 * @see https://vector.dev/docs/reference/configuration/sources/internal_metrics/
 */
export function vectorRules({ namespace, cluster }: VectorRulesArgs): RuleGroup[] {
  const own = `job="vector", namespace="${namespace}"`;
  const pod = cluster === undefined ? "node, pod" : "cluster, node, pod";
  const sent = `sum by (${pod}) (rate(vector_component_sent_events_total{${own}, component_id="loki"}[10m]))`;
  const rules: AlertingRule[] = [
    {
      alert: "VectorAbsent",
      expr: `absent(up{${own}})`,
      for: "15m",
      labels: { severity: "critical" },
      annotations: {
        summary: "No Vector is being scraped.",
        description: `Prometheus has no target for the Service vector, so nobody knows whether logs arrive. Look at kubectl -n ${namespace} get daemonset,servicemonitor vector.`,
      },
    },
    {
      alert: "VectorDown",
      expr: `max by (${pod}) (up{${own}}) == 0`,
      for: "10m",
      labels: { severity: "warning" },
      annotations: {
        summary: "Vector on {{ $labels.node }} does not answer.",
        description: `While it is down, no logs of that node arrive; they wait in its files until the kubelet deletes them. kubectl -n ${namespace} describe pod {{ $labels.pod }}.`,
      },
    },
    {
      alert: "VectorLinesDropped",
      expr: `sum by (${pod}, component_id) ${counted(`vector_component_discarded_events_total{${own}, intentional="false"}`, "15m")} > 0`,
      labels: { severity: "warning" },
      annotations: {
        summary: "Vector on {{ $labels.node }} lost lines in {{ $labels.component_id }}.",
        description: `About {{ $value | humanize }} lines in 15 minutes: Loki refused them (component loki), or a program couldn't parse them (pod_lines, journal_lines, lines). kubectl -n ${namespace} logs {{ $labels.pod }} shows why.`,
      },
    },
    {
      alert: "VectorCannotSend",
      expr: `sum by (${pod}) (vector_buffer_size_events{${own}, component_id="loki"}) > 0 and ${sent} == 0`,
      for: "15m",
      labels: { severity: "critical" },
      annotations: {
        summary: "No lines from {{ $labels.node }} reach Loki.",
        description:
          "Vector keeps trying; lines wait in its buffer on the node (logs.vector.buffer), then in the node's files, of which the kubelet deletes old ones. Is Loki ready? Does it answer 429 or 5xx? See the dashboard Log pipeline.",
      },
    },
    {
      alert: "VectorErrors",
      expr: `sum by (${pod}, component_id, error_type) ${counted(`vector_component_errors_total{${own}}`, "15m")} > 10`,
      for: "15m",
      labels: { severity: "warning" },
      annotations: {
        summary: "Vector on {{ $labels.node }} reports errors of {{ $labels.component_id }}: {{ $labels.error_type }}.",
        description: `For example, a journal that can't be read, or requests that Loki doesn't answer. kubectl -n ${namespace} logs {{ $labels.pod }} shows which.`,
      },
    },
  ];
  return [{ name: "vector", rules }];
}
