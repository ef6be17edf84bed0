import { alertmanagerRules } from "./rules/alertmanager";
import { backupRules } from "./rules/backup";
import { chartRules } from "./rules/charts";
import { clusterRules } from "./rules/cluster";
import { grafanaRules } from "./rules/grafana";
import { logRules } from "./rules/logs";
import { lokiRules } from "./rules/loki";
import { metricsRules } from "./rules/metrics";
import { migrationRules } from "./rules/migration";
import { monitorRules } from "./rules/monitors";
import { networkPolicyRules } from "./rules/network-policies";
import { objectStoreRules } from "./rules/object-store";
import { probeRules } from "./rules/probes";
import { resourceRules } from "./rules/resources";
import type { Rule } from "./rules/rule";
import { secretRules } from "./rules/secrets";
import { victoriaMetricsRules } from "./rules/victoria-metrics";

/** How settings must fit together; the schema says what each one may be. */
export const rules: readonly Rule[] = [
  ...migrationRules,
  ...clusterRules,
  ...secretRules,
  ...objectStoreRules,
  ...backupRules,
  ...lokiRules,
  ...logRules,
  ...metricsRules,
  ...victoriaMetricsRules,
  ...monitorRules,
  ...probeRules,
  ...chartRules,
  ...alertmanagerRules,
  ...grafanaRules,
  ...networkPolicyRules,
  ...resourceRules,
];
