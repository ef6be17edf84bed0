import type { Environment } from "../kubernetes/environment";
import { metricOf } from "../loki/series";
import type { RuleGroup } from "../rules/types";

/**
 * Alerts on vmalert: does it run, does it evaluate, are its alerts delivered? Metric names are those that a running 1.150.0 exports. Who evaluates
 * them when it doesn't run? Nobody: the dead man's switch misses the Watchdog.
 * @param environment where it is
 */
export function vmalertRules({ namespace }: Pick<Environment, "namespace">): RuleGroup[] {
  const metric = metricOf(`job="vmalert", namespace="${namespace}"`);
  const log = `kubectl -n ${namespace} logs deployment/vmalert -c vmalert`;
  const lost = (name: string, by: string) => `sum by (cluster, namespace${by}) (increase(${metric(name)}[15m])) > 0`;
  return [
    {
      name: "vmalert",
      rules: [
        {
          alert: "VmalertRulesFail",
          // `alertname` is this alert's own: the failing one's gets another name.
          expr: `label_replace(sum by (cluster, namespace, group, alertname) (increase(${metric("vmalert_alerting_rules_errors_total")}[15m])) > 0, "failing", "$1", "alertname", "(.*)")`,
          for: "10m",
          labels: { severity: "critical" },
          annotations: {
            summary: "vmalert can't evaluate the alert {{ $labels.failing }} of group {{ $labels.group }}.",
            description: `It can't fire. ${log} shows VictoriaMetrics' answer.`,
          },
        },
        {
          alert: "VmalertRecordingFails",
          expr: `sum by (cluster, namespace, group, recording) (increase(${metric("vmalert_recording_rules_errors_total")}[15m])) > 0`,
          for: "10m",
          labels: { severity: "warning" },
          annotations: {
            summary: "vmalert can't record {{ $labels.recording }} of group {{ $labels.group }}.",
            description: `Dashboards and alerts that use this series have no data. ${log} shows VictoriaMetrics' answer.`,
          },
        },
        {
          alert: "VmalertEvaluationsMissed",
          expr: lost("vmalert_iteration_missed_total", ", group"),
          for: "10m",
          labels: { severity: "warning" },
          annotations: {
            summary: "vmalert is too slow for the group {{ $labels.group }}.",
            description: `Evaluating it takes longer than its interval. Look for slow queries on the dashboard VictoriaMetrics, or raise the group's interval.`,
          },
        },
        {
          alert: "VmalertAlertsNotSent",
          expr: lost("vmalert_alerts_send_errors_total", ", addr"),
          for: "10m",
          labels: { severity: "critical" },
          annotations: {
            summary: "vmalert can't send alerts to Alertmanager.",
            description: `No notifications are being sent. ${log} shows Alertmanager's answer; kubectl -n ${namespace} get pods -l app.kubernetes.io/name=alertmanager.`,
          },
        },
        {
          alert: "VmalertRecordedSamplesLost",
          expr: lost("vmalert_remotewrite_dropped_rows_total", ""),
          labels: { severity: "critical" },
          annotations: {
            summary: "vmalert has lost recorded samples, or the state of alerts.",
            description: `VictoriaMetrics did not accept them in time. Recorded series have a gap; after a restart of vmalert, pending alerts start waiting again. ${log}.`,
          },
        },
      ],
    },
  ];
}
