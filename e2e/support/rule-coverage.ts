import type { AlertingRule } from "../../components/rules/types";

/** The part of promtool's test files that says what is covered. */
export interface RuleTests {
  tests: {
    alert_rule_test?: { alertname: string; exp_alerts?: { exp_labels?: Record<string, string> }[] }[];
  }[];
}

/**
 * What the tests leave open.
 * @param rules every rule
 * @param files what promtool's test files contain
 * @returns a line for each alert without a case in which it fires or one in which it doesn't
 */
export function uncovered(rules: readonly AlertingRule[], files: readonly RuleTests[]): string[] {
  const tests = files.flatMap((file) => file.tests);
  const cases = tests.flatMap((test) => test.alert_rule_test ?? []);

  return rules.flatMap((rule) => {
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
