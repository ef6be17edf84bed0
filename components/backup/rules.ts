import { seconds } from "../../settings/units";
import type { RuleGroup } from "../rules/types";

/** Name of the CronJob. */
export const cronJobName = "backup";

/** What the alert is made of. */
export interface BackupRulesArgs {
  namespace: string;
  /** A duration. */
  maxAge: string;
}

/**
 * The alert of a copy that is too old. One that never succeeded is as old as its CronJob.
 * @param args where it is, and how old it may be
 * @see https://github.com/kubernetes/kube-state-metrics/blob/main/docs/metrics/workload/cronjob-metrics.md
 */
export function backupRules({ namespace, maxAge }: BackupRulesArgs): RuleGroup[] {
  const of = (metric: string) => `${metric}{namespace="${namespace}",cronjob="${cronJobName}"}`;
  const last = ["kube_cronjob_status_last_successful_time", "kube_cronjob_created"].map(of).join(" or ");
  return [
    {
      name: "backup",
      rules: [
        {
          alert: "BackupTooOld",
          expr: `time() - (${last}) > ${seconds(maxAge)}`,
          for: "15m",
          labels: { severity: "warning" },
          annotations: {
            summary: "The last scheduled backup is too old",
            description: `It finished {{ $value | humanizeDuration }} ago; ${maxAge} are allowed (backup.maxAge). If the buckets were lost now, everything since then would be lost with them.`,
          },
        },
      ],
    },
  ];
}
