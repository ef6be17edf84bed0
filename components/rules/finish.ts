import type { Environment } from "../kubernetes/environment";
import type { AlertingRule, RecordingRule, RuleGroup } from "./types";

/** Where every alert has a heading of its own name; relative to this repository, which may be private or renamed. */
const runbooks = "docs/alerts.md";

/**
 * Adds what every alert has in common: the address of its runbook, and the label `cluster` where the stack has one, so that an alert is
 * the same whoever evaluates it: Prometheus adds external labels when it sends, Mimir's ruler has none.
 *
 * Recorded series get no label: they keep the one of the series that they are made from, or none, as those have none in a Prometheus.
 * @param groups groups of rules
 * @param environment the stack's environment
 */
export function finish(groups: readonly RuleGroup[], { cluster }: Pick<Environment, "cluster">): RuleGroup[] {
  const finishRule = (rule: AlertingRule | RecordingRule) =>
    "alert" in rule
      ? {
          ...rule,
          labels: { ...rule.labels, ...(cluster && { cluster }) },
          annotations: { ...rule.annotations, runbook_url: runbook(rule.alert) },
        }
      : rule;
  return groups.map((group) => ({ ...group, rules: group.rules.map(finishRule) }));
}

const runbook = (alert: string) => `${runbooks}#${alert.toLowerCase()}`;
