import type { RuleGroup } from "../rules/types";

/** What the alerts are made for. */
export interface RuleSyncRulesArgs {
  /** Namespace of the collector. */
  namespace: string;
  /** Value of the label `cluster`, where the stack has one: alerts then keep it. */
  cluster?: string;
}

/**
 * Alerts on what keeps Mimir's rules in step: is it there, does it get on. Metric names are those of Alloy 1.12, read from one that ran.
 * That its pod doesn't answer is told by the base rules, as of every target.
 * @param args where it runs
 */
export function ruleSyncRules({ namespace, cluster }: RuleSyncRulesArgs): RuleGroup[] {
  const own = `job="alloy-rules", namespace="${namespace}"`;
  const pod = cluster === undefined ? "pod" : "cluster, pod";
  return [
    {
      name: "alloy-rules",
      rules: [
        {
          alert: "AlloyRulesAbsent",
          expr: `absent(up{${own}})`,
          for: "15m",
          labels: { severity: "warning" },
          annotations: {
            summary: "What keeps Mimir's rules in step is not being scraped.",
            description: `Rules that are in Mimir go on; a changed PrometheusRule may not get there. kubectl -n ${namespace} get deployment,pod,servicemonitor -l app.kubernetes.io/name=alloy-rules.`,
          },
        },
        {
          alert: "MimirRulesNotInStep",
          expr: `sum by (${pod}, component_id) (increase(mimir_rules_events_failed_total{${own}}[15m])) > 0`,
          for: "10m",
          labels: { severity: "critical" },
          annotations: {
            summary: "Changed PrometheusRules don't get into Mimir: {{ $labels.component_id }}.",
            description: `One that is not valid holds up all others of its component (stack: this program's own; in_…: those of that namespace; cluster: all others); what is in Mimir stays as it is. kubectl -n ${namespace} logs {{ $labels.pod }} | grep mimir.rules.kubernetes names the group and the fault. Correct it, or leave it out: kubectl label prometheusrule NAME observability/rules=off.`,
          },
        },
      ],
    },
  ];
}
