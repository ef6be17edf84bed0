import type { AlertingRule, RecordingRule } from "../../components/rules/types";

/** The part of promtool's test files that says what is covered. */
export interface RuleTests {
  tests: {
    alert_rule_test?: { alertname: string; exp_alerts?: { exp_labels?: Record<string, string> }[] }[];
    promql_expr_test?: { expr: string }[];
  }[];
}

/**
 * What the tests leave open.
 * @param rules every rule
 * @param files what promtool's test files contain
 * @returns a line for each alert without a case in which it fires or one in which it doesn't, and each recorded series without a case
 */
export function uncovered(rules: readonly (AlertingRule | RecordingRule)[], files: readonly RuleTests[]): string[] {
  const tests = files.flatMap((file) => file.tests);
  const cases = tests.flatMap((test) => test.alert_rule_test ?? []);
  const queries = tests.flatMap((test) => test.promql_expr_test ?? []).map(({ expr }) => expr);

  return rules.flatMap((rule) => {
    if ("record" in rule) {
      return queries.some((query) => query.includes(rule.record)) ? [] : [`${rule.record} is never queried`];
    }
    const labels = Object.entries(rule.labels);
    const name = `${rule.alert} (${labels.map((label) => label.join(" ")).join(", ")})`;
    const own = cases
      .filter(({ alertname }) => alertname === rule.alert)
      .map(({ exp_alerts = [] }) =>
        exp_alerts.some(({ exp_labels = {} }) => labels.every(([key, value]) => exp_labels[key] === value)),
      );
    return [
      ...(own.includes(true) ? [] : [`${name} never fires`]),
      // What always fires has no other case.
      ...(own.includes(false) || rule.expr === "vector(1)" ? [] : [`${name} never keeps quiet`]),
    ];
  });
}
