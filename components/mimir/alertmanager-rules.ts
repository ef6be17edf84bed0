import type { Environment } from "../kubernetes/environment";
import { metricOf } from "../loki/series";
import type { RuleGroup } from "../rules/types";
import { mimirTargets } from "./series";

/**
 * Alerts about Mimir's Alertmanager: the same as about a separate Alertmanager, and two from the mimir-mixin. Names of series are those of Mimir
 * 3.0.5 (`pkg/alertmanager/alertmanager_metrics.go`): a counter exists from its first event on, and none says which receiver an integration
 * belongs to.
 * @param environment where Mimir is
 * @see https://github.com/grafana/mimir/tree/main/operations/mimir-mixin
 */
export function mimirAlertmanagerRules({
  namespace,
  cluster,
}: Pick<Environment, "namespace" | "cluster">): RuleGroup[] {
  const metric = metricOf(mimirTargets(namespace));
  const by = (...labels: string[]) => `by (${["cluster", "namespace", ...labels].join(", ")})`;
  const increase = (counter: string, window: string, ...labels: string[]) =>
    `sum ${by(...labels)} (increase(${metric(`cortex_alertmanager_${counter}`)}[${window}]))`;
  const log = `kubectl -n ${namespace} logs mimir-0 --tail=-1 --since=1h | grep component=MultiTenantAlertmanager`;
  return [
    {
      name: "mimir-alertmanager",
      rules: [
        {
          alert: "MimirAlertmanagerDown",
          // Only a running Alertmanager has it; 0 if it couldn't read its configuration.
          expr: `absent(${metric("cortex_alertmanager_config_last_reload_successful")} == 1)`,
          for: "5m",
          labels: { severity: "critical", namespace, ...(cluster && { cluster }) }, // absent() of a comparison has none
          annotations: {
            summary: "Mimir's Alertmanager is down: no notifications are being sent",
            description: `Mimir in namespace ${namespace} has not run its Alertmanager for 5 minutes. If MimirDown fires too, the cause is Mimir; otherwise ${log}.`,
          },
        },
        {
          alert: "MimirAlertmanagerNotificationsFailing",
          expr:
            `${increase("notifications_failed_total", "15m", "integration")}\n` +
            `  / ${increase("notifications_total", "15m", "integration")} > 0.05`,
          for: "5m",
          labels: { severity: "critical" },
          annotations: {
            summary: "Mimir's Alertmanager can't send notifications by {{ $labels.integration }}",
            description: `{{ $value | humanizePercentage }} of its notifications failed in the last 15 minutes. For the receiver and the reason: ${log}; a 4xx answer means a wrong token or URL in its Secret.`,
          },
        },
        {
          alert: "MimirAlertmanagerRefusesAlerts",
          expr: `${increase("alerts_invalid_total", "15m")} > 0`,
          for: "5m",
          labels: { severity: "warning" },
          annotations: {
            summary: "Mimir's Alertmanager refuses alerts as invalid",
            description: `{{ $value | humanize }} alerts were refused in the last 15 minutes and cause no notification. To see which, and why: ${log}.`,
          },
        },
        {
          alert: "MimirAlertmanagerStateNotSaved",
          expr:
            `${increase("silences_maintenance_errors_total", "1h")} > 0\n` +
            `  or ${increase("nflog_maintenance_errors_total", "1h")} > 0`,
          for: "15m",
          labels: { severity: "warning" },
          annotations: {
            summary: "Mimir's Alertmanager can't save its silences or its notification log",
            description: `After a restart, silences are gone and firing alerts are sent again. Mimir's volume is full or not writable: kubectl -n ${namespace} get pvc data-mimir-0.`,
          },
        },
        {
          alert: "MimirAlertmanagerSyncConfigsFailing",
          expr: `${increase("sync_configs_failed_total", "5m")} > 0`,
          for: "30m",
          labels: { severity: "warning" },
          annotations: {
            summary: "Mimir's Alertmanager can't read its bucket",
            description: `It continues with what it has, but Mimir would not start after a restart. Does MimirObjectStoreErrors fire? ${log}.`,
          },
        },
        {
          alert: "MimirAlertmanagerPersistStateFailing",
          expr: `${increase("state_persist_failed_total", "1h")} > 0`,
          for: "1h",
          labels: { severity: "warning" },
          annotations: {
            summary: "Mimir's Alertmanager can't write its silences to the bucket",
            description: `They are only on Mimir's volume, and would be lost with it. It tries every 15 minutes. Does MimirObjectStoreErrors fire? ${log}.`,
          },
        },
      ],
    },
  ];
}
