import { lateGroups } from "./late";
import type { AlertingRule, RuleGroup } from "./types";

/**
 * What goes wrong with monitoring itself.
 * @param jobs label `job` of the targets that every rule here needs; an alert fires when one of these jobs is no longer scraped
 */
export const pipelineRules = (jobs: readonly string[]): RuleGroup[] => [
  { name: "targets", rules: [watchdog, targetDown, ...jobs.map(jobMissing), ...kubeStateMetrics] },
  { name: "prometheus", rules: prometheus },
  { name: "prometheus-operator", rules: operator },
];

const watchdog: AlertingRule = {
  alert: "Watchdog",
  expr: "vector(1)",
  labels: { severity: "none" },
  annotations: {
    summary: "Always fires",
    description: "This alert always fires. A dead man's switch waits for it: if it doesn't arrive, no alerts arrive.",
  },
};

const targetDown: AlertingRule = {
  alert: "TargetDown",
  expr:
    "count by (cluster, job, namespace, service) (up == 0)\n" +
    "/ count by (cluster, job, namespace, service) (up) > 0.1",
  for: "10m",
  labels: { severity: "warning" },
  annotations: {
    summary: "Targets of {{ $labels.job }} don't answer",
    description:
      "{{ $value | humanizePercentage }} of the targets of {{ $labels.namespace }}/{{ $labels.service }} (job {{ $labels.job }}) have not answered a scrape for 10 minutes.",
  },
};

/** A target that is no longer discovered is not “down”, and alerts on its series never fire. */
const jobMissing = (job: string): AlertingRule => ({
  alert: "TargetsMissing",
  expr: `absent(up{job="${job}"} == 1)`,
  for: "15m",
  labels: { severity: "critical", job },
  annotations: {
    summary: `No target of ${job} is being scraped`,
    description: `No target of job ${job} has answered for 15 minutes: alerts on its metrics can't fire.`,
  },
});

/** kube-state-metrics answers scrapes even while it can't read the cluster; its `result` says so. */
const kubeStateMetrics: AlertingRule[] = ["list", "watch"].map((verb) => ({
  alert: "KubeStateMetricsBlind",
  expr:
    `sum by (cluster, resource) (rate(kube_state_metrics_${verb}_total{job="kube-state-metrics",result="error"}[5m]))\n` +
    `/ sum by (cluster, resource) (rate(kube_state_metrics_${verb}_total{job="kube-state-metrics"}[5m])) > 0.01`,
  for: "15m",
  labels: { severity: "critical", verb },
  annotations: {
    summary: "kube-state-metrics can't see {{ $labels.resource }}",
    description: `{{ $value | humanizePercentage }} of its calls to ${verb} {{ $labels.resource }} fail: alerts on these objects can't be trusted.`,
  },
}));

const prometheus: AlertingRule[] = [
  {
    alert: "PrometheusBadConfig",
    expr: "max_over_time(prometheus_config_last_reload_successful[5m]) == 0",
    for: "10m",
    labels: { severity: "critical" },
    annotations: {
      summary: "Prometheus {{ $labels.namespace }}/{{ $labels.pod }} refuses its configuration",
      description:
        "It continues with the last valid one: new targets and rules have no effect. Its log shows what it can't read.",
    },
  },
  {
    alert: "ConfigReloaderSidecarErrors",
    expr: "max_over_time(reloader_last_reload_successful[5m]) == 0",
    for: "10m",
    labels: { severity: "warning" },
    annotations: {
      summary: "A configuration is not being reloaded in {{ $labels.namespace }}/{{ $labels.pod }}",
      description: "Its config-reloader has failed for 10 minutes: the pod runs with an old configuration.",
    },
  },
  {
    alert: "PrometheusNotIngestingSamples",
    expr:
      "sum without (type) (rate(prometheus_tsdb_head_samples_appended_total[5m])) <= 0\n" +
      "and sum without (scrape_job) (prometheus_target_metadata_cache_entries) > 0",
    for: "10m",
    labels: { severity: "critical" },
    annotations: {
      summary: "Prometheus {{ $labels.namespace }}/{{ $labels.pod }} stores nothing",
      description: "It has targets, but has stored no samples for 10 minutes. Is its volume full?",
    },
  },
  {
    alert: "PrometheusRuleFailures",
    expr: "increase(prometheus_rule_evaluation_failures_total[5m]) > 0",
    for: "15m",
    labels: { severity: "critical" },
    annotations: {
      summary: "Rules fail in {{ $labels.namespace }}/{{ $labels.pod }}",
      description:
        '{{ printf "%.0f" $value }} evaluations of group {{ $labels.rule_group }} failed in 5 minutes: its alerts can\'t fire.',
    },
  },
  {
    alert: "PrometheusMissingRuleEvaluations",
    expr: "increase(prometheus_rule_group_iterations_missed_total[5m]) > 0",
    for: "15m",
    labels: { severity: "warning" },
    annotations: {
      summary: "Rules are skipped in {{ $labels.namespace }}/{{ $labels.pod }}",
      description: "Group {{ $labels.rule_group }} takes longer than its interval, and evaluations of it are skipped.",
    },
  },
  {
    alert: "PrometheusRulesLate",
    expr: lateGroups((name) => name, "by (cluster, namespace, pod, rule_group)"),
    for: "10m",
    labels: { severity: "critical" },
    annotations: {
      summary: "Rules are late in {{ $labels.namespace }}/{{ $labels.pod }}",
      description:
        "Group {{ $labels.rule_group }} was last evaluated {{ $value | humanizeDuration }} ago: its alerts come late or not at all.",
    },
  },
  {
    alert: "PrometheusNotConnectedToAlertmanagers",
    expr: "max_over_time(prometheus_notifications_alertmanagers_discovered[5m]) < 1",
    for: "10m",
    labels: { severity: "warning" },
    annotations: {
      summary: "Prometheus {{ $labels.namespace }}/{{ $labels.pod }} has no Alertmanager",
      description: "It has found none for 10 minutes: its alerts are not delivered.",
    },
  },
  {
    alert: "PrometheusErrorSendingAlertsToAnyAlertmanager",
    expr:
      "min without (alertmanager) (rate(prometheus_notifications_errors_total[5m]) / rate(prometheus_notifications_sent_total[5m]))\n" +
      "> 0.03",
    for: "15m",
    labels: { severity: "critical" },
    annotations: {
      summary: "Alerts from {{ $labels.namespace }}/{{ $labels.pod }} get lost",
      description: "{{ $value | humanizePercentage }} of its notifications fail at every Alertmanager.",
    },
  },
  {
    alert: "PrometheusTSDBCompactionsFailing",
    expr: "increase(prometheus_tsdb_compactions_failed_total[3h]) > 0",
    for: "4h",
    labels: { severity: "warning" },
    annotations: {
      summary: "Prometheus {{ $labels.namespace }}/{{ $labels.pod }} can't compact its data",
      description:
        '{{ printf "%.0f" $value }} compactions failed in three hours. Its write-ahead log grows until the volume is full.',
    },
  },
  {
    alert: "PrometheusTSDBReloadsFailing",
    expr: "increase(prometheus_tsdb_reloads_failures_total[3h]) > 0",
    for: "4h",
    labels: { severity: "warning" },
    annotations: {
      summary: "Prometheus {{ $labels.namespace }}/{{ $labels.pod }} can't read its blocks",
      description:
        '{{ printf "%.0f" $value }} reloads of blocks failed in three hours: old data may be missing from queries.',
    },
  },
];

const operator: AlertingRule[] = [
  {
    alert: "PrometheusOperatorRejectedResources",
    expr: 'min_over_time(prometheus_operator_managed_resources{state="rejected"}[5m]) > 0',
    for: "5m",
    labels: { severity: "warning" },
    annotations: {
      summary: "The Prometheus operator rejects {{ $labels.resource }}",
      description:
        "{{ $value }} {{ $labels.resource }} objects are invalid and ignored: what they describe is not scraped or evaluated. The operator's log shows why.",
    },
  },
  {
    alert: "PrometheusOperatorReconcileErrors",
    expr:
      "sum by (cluster, namespace, controller) (rate(prometheus_operator_reconcile_errors_total[5m]))\n" +
      "/ sum by (cluster, namespace, controller) (rate(prometheus_operator_reconcile_operations_total[5m])) > 0.1",
    for: "10m",
    labels: { severity: "warning" },
    annotations: {
      summary: "The Prometheus operator can't reconcile its objects",
      description:
        "{{ $value | humanizePercentage }} of the reconciliations of {{ $labels.controller }} fail. The operator's log shows why.",
    },
  },
];
