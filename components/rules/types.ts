/**
 * Alerts as Prometheus, Mimir's ruler and Loki's ruler read them.
 * @see https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/
 */

/** An alert. */
export interface AlertingRule {
  /** Its name, in CamelCase. */
  alert: string;
  /** PromQL (or LogQL, for Loki's ruler); each series that it returns is an alert. */
  expr: string;
  /** How long the expression must hold (Prometheus duration). */
  for?: string;
  /** How long the alert stays after the expression stopped holding (Prometheus duration). */
  keep_firing_for?: string;
  /** `severity`, and what else routing needs. */
  labels: { severity: "critical" | "warning" | "info" | "none" } & Record<string, string>;
  /** For the person who is on call: what is wrong, and what to do. */
  annotations: { summary: string; description: string; runbook_url?: string };
}

/** A group of rules, evaluated in order at one interval. */
export interface RuleGroup {
  /** Its name, unique in its object. */
  name: string;
  /** Prometheus duration; default: the evaluator's own interval. */
  interval?: string;
  rules: AlertingRule[];
}
