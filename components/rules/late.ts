/**
 * PromQL: how many seconds ago each group of rules was last evaluated, if that is more than three times its interval plus a minute.
 * A group that takes too long is skipped, and a counter says so; a group that hangs or is no longer started is only found in this way.
 * @param metric returns a selector for the evaluator's metric with this name, `prometheus_rule_group_…`
 * @param by labels that are kept, `rule_group` among them
 */
export function lateGroups(metric: (name: string) => string, by: string): string {
  const max = (name: string) => `max ${by} (${metric(`prometheus_rule_group_${name}_seconds`)})`;
  return `time() - (${max("last_evaluation_timestamp")} > 0)\n> 3 * ${max("interval")} + 60`;
}
