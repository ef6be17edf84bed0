/**
 * PromQL: how many seconds ago each group of rules was last evaluated, where that is more than three times its interval and a minute.
 * A group that takes too long is skipped, and counted so; one that hangs, or whose evaluator no longer starts any, is only seen by this.
 * @param metric makes a selector of the evaluator's metric of this name, `prometheus_rule_group_…`
 * @param by labels that are kept, `rule_group` among them
 */
export function lateGroups(metric: (name: string) => string, by: string): string {
  const max = (name: string) => `max ${by} (${metric(`prometheus_rule_group_${name}_seconds`)})`;
  return `time() - (${max("last_evaluation_timestamp")} > 0)\n> 3 * ${max("interval")} + 60`;
}
