import type { Settings } from "../../settings/schema";
import type { AlertingRule, RuleGroup } from "./types";

/** Settings by which alerts are chosen. */
export type ChosenBy = Pick<Settings["rules"], "disabled" | "labels" | "overrides">;

/**
 * This program's own alerts, as the settings want them: without those that are switched off, with waiting times, severities and labels from
 * the settings. A group without alerts is left out.
 * @param groups groups of rules
 * @param settings what to choose
 */
export function chosen(groups: readonly RuleGroup[], settings: ChosenBy): RuleGroup[] {
  return groups
    .map((group) => ({
      ...group,
      rules: group.rules
        .filter(({ alert }) => !settings.disabled.includes(alert))
        .map((rule) => adjusted(rule, settings)),
    }))
    .filter(({ rules }) => rules.length > 0);
}

function adjusted(rule: AlertingRule, { labels, overrides }: ChosenBy): AlertingRule {
  const { for: waits, severity } = overrides[rule.alert] ?? {};
  return {
    ...rule,
    ...(waits && { for: waits }),
    labels: { ...rule.labels, ...(severity && { severity }), ...labels },
  };
}
