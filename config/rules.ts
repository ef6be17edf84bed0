import { alertmanagerRules } from "./rules/alertmanager";
import { clusterRules } from "./rules/cluster";
import { lokiRules } from "./rules/loki";
import { metricsRules } from "./rules/metrics";
import { migrationRules } from "./rules/migration";
import { objectStoreRules } from "./rules/object-store";
import { resourceRules } from "./rules/resources";
import type { Rule } from "./rules/rule";
import { secretRules } from "./rules/secrets";

/** What settings must be to each other, beside what each must be by itself. */
export const rules: readonly Rule[] = [
  ...migrationRules,
  ...clusterRules,
  ...secretRules,
  ...objectStoreRules,
  ...lokiRules,
  ...metricsRules,
  ...alertmanagerRules,
  ...resourceRules,
];
