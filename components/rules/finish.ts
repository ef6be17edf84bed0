import type { Environment } from "../kubernetes/environment";
import type { AlertingRule, RuleGroup } from "./types";

/**
 * Adds what every alert has in common: the address of its runbook and the label `cluster`, if the stack has them. So an alert is
 * the same whichever system evaluates it: Prometheus adds external labels when it sends, Mimir's ruler has none.
 * @param groups groups of rules
 * @param environment the stack's environment
 */
export function finish(
  groups: readonly RuleGroup[],
  { cluster, runbooks }: Pick<Environment, "cluster" | "runbooks">,
): RuleGroup[] {
  const finishRule = (rule: AlertingRule): AlertingRule => ({
    ...rule,
    labels: { ...rule.labels, ...(cluster && { cluster }) },
    annotations: {
      ...rule.annotations,
      ...(runbooks && { runbook_url: `${runbooks}#${rule.alert.toLowerCase()}` }),
    },
  });
  return groups.map((group) => ({ ...group, rules: group.rules.map(finishRule) }));
}
