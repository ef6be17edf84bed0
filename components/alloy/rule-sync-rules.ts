import type { RuleGroup } from "../rules/types";

/** What the alerts are made for. */
export interface RuleSyncRulesArgs {
  /** Namespace of the collector. */
  namespace: string;
  /** Value of the label `cluster`, where the stack has one: alerts then keep it. */
  cluster?: string;
}

/**
 * Alerts on alloy-rules, which copies rules to Mimir: does it run, and does it succeed? Metric names are those of Alloy 1.18; 1.12's, which are the same, were read from one that ran.
 * If its pod doesn't answer, the base rules report it, as for every target.
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
            summary: "alloy-rules, which copies rules to Mimir, is not being scraped.",
            description: `Rules in Mimir are still evaluated; a changed PrometheusRule may not get there. kubectl -n ${namespace} get deployment,pod,servicemonitor -l app.kubernetes.io/name=alloy-rules.`,
          },
        },
        {
          alert: "MimirRulesNotInStep",
          expr: `sum by (${pod}, component_id) (increase(mimir_rules_events_failed_total{${own}}[15m])) > 0`,
          for: "10m",
          labels: { severity: "critical" },
          annotations: {
            summary: "Changed PrometheusRules don't get into Mimir: {{ $labels.component_id }}.",
            description: `One invalid PrometheusRule blocks all others of its component (stack: this program's own; in_…: those of that namespace; cluster: all others); the rules in Mimir stay as they are. kubectl -n ${namespace} logs {{ $labels.pod }} | grep mimir.rules.kubernetes shows the group and the fault. Correct it, or exclude it: kubectl label prometheusrule NAME observability/rules=off.`,
          },
        },
      ],
    },
  ];
}
