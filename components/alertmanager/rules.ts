import type { Environment } from "../kubernetes/environment";
import type { RuleGroup } from "../rules/types";

/**
 * Alerts about Alertmanager. Where it can't deliver them, the dead man's switch raises the alarm: Watchdog no longer keeps it quiet.
 * @param environment where it is
 */
export function alertmanagerRules({ namespace, cluster }: Environment): RuleGroup[] {
  const target = `job="alertmanager",namespace="${namespace}"`;
  const by = ["namespace", "receiver_name", "integration", ...(cluster ? ["cluster"] : [])].join(", ");
  const increase = (counter: string) => `sum by (${by}) (increase(alertmanager_${counter}{${target}}[15m]))`;
  return [
    {
      name: "alertmanager",
      rules: [
        {
          alert: "AlertmanagerDown",
          expr: `absent(up{${target}} == 1)`,
          for: "5m",
          labels: { severity: "critical", namespace, ...(cluster && { cluster }) }, // absent() of a comparison has none

          annotations: {
            summary: "Alertmanager is down: no notifications are being sent",
            description:
              `No Alertmanager in namespace ${namespace} has answered a scrape for 5 minutes. ` +
              `See kubectl -n ${namespace} logs alertmanager-0: it exits if it can't read its configuration or a receiver's file.`,
          },
        },
        {
          alert: "AlertmanagerNotificationsFailing",
          expr: `${increase("notifications_failed_total")}\n  / ${increase("notifications_total")} > 0.05`,
          for: "5m",
          labels: { severity: "critical" },
          annotations: {
            summary: "Alertmanager can't notify {{ $labels.receiver_name }} by {{ $labels.integration }}",
            description:
              "{{ $value | humanizePercentage }} of its notifications failed in the last 15 minutes. " +
              `kubectl -n ${namespace} logs alertmanager-0 shows the reason; a 4xx answer means a wrong token or URL in its Secret.`,
          },
        },
        {
          alert: "AlertmanagerRefusesAlerts",
          expr: `sum by (${["namespace", ...(cluster ? ["cluster"] : [])].join(", ")}) (increase(alertmanager_alerts_invalid_total{${target}}[15m])) > 0`,
          for: "5m",
          labels: { severity: "warning" },
          annotations: {
            summary: "Alertmanager refuses alerts as invalid",
            description:
              "{{ $value | humanize }} alerts were refused in the last 15 minutes and cause no notification. " +
              `kubectl -n ${namespace} logs alertmanager-0 shows which, and why.`,
          },
        },
        {
          alert: "AlertmanagerStateNotSaved",
          expr:
            `increase(alertmanager_silences_maintenance_errors_total{${target}}[1h]) > 0\n` +
            `  or increase(alertmanager_nflog_maintenance_errors_total{${target}}[1h]) > 0`,
          for: "15m",
          labels: { severity: "warning" },
          annotations: {
            summary: "Alertmanager can't save its silences or its notification log",
            description:
              "After a restart, silences are gone and firing alerts are sent again. Its volume is full or not writable: " +
              `kubectl -n ${namespace} get pvc data-alertmanager-0.`,
          },
        },
      ],
    },
  ];
}
