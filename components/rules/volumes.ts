import type { Settings } from "../../settings/schema";
import type { AlertingRule, RuleGroup } from "./types";

const kubelet = 'job="kubelet",metrics_path="/metrics"';
const free = `kubelet_volume_stats_available_bytes{${kubelet}} / kubelet_volume_stats_capacity_bytes{${kubelet}}`;
const filesFree = `kubelet_volume_stats_inodes_free{${kubelet}} / kubelet_volume_stats_inodes{${kubelet}}`;
const inUse = `kubelet_volume_stats_used_bytes{${kubelet}} > 0`;
// Ceph and btrfs have no fixed number of inodes, and report 0.
const hasInodes = `kubelet_volume_stats_inodes_used{${kubelet}} > 0`;

/** A read-only volume doesn't fill up; `excluded_from_alerts: "true"` on a claim means that it may be full. */
const excepted = [
  'unless on (cluster, namespace, persistentvolumeclaim) kube_persistentvolumeclaim_access_mode{access_mode="ReadOnlyMany"} == 1',
  'unless on (cluster, namespace, persistentvolumeclaim) kube_persistentvolumeclaim_labels{label_excluded_from_alerts="true"} == 1',
];

/**
 * What goes wrong with volumes, from the kubelet (used space) and kube-state-metrics (phases).
 * @param settings which volumes have a limit of their own
 */
export const volumeRules = ({ volumeLimits }: Pick<Settings["rules"], "volumeLimits">): RuleGroup[] => [
  {
    name: "volumes",
    rules: [
      {
        alert: "KubePersistentVolumeFillingUp",
        expr: [`${free} < 0.03`, `and ${inUse}`, ...excepted].join("\n"),
        for: "1m",
        labels: { severity: "critical" },
        annotations: {
          summary: "Volume {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} is almost full",
          description: "{{ $value | humanizePercentage }} of it is free. Soon nothing can be written to it.",
        },
      },
      {
        alert: "KubePersistentVolumeFillingUp",
        expr: [
          `${free} < 0.15`,
          `and ${inUse}`,
          `and predict_linear(kubelet_volume_stats_available_bytes{${kubelet}}[6h], 4 * 24 * 3600) < 0`,
          ...excepted,
        ].join("\n"),
        for: "1h",
        labels: { severity: "warning" },
        annotations: {
          summary: "Volume {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} will be full within four days",
          description:
            "{{ $value | humanizePercentage }} of it is free; at the rate of the last six hours it will be full within four days.",
        },
      },
      {
        alert: "KubePersistentVolumeInodesFillingUp",
        expr: [`${filesFree} < 0.03`, `and ${hasInodes}`, ...excepted].join("\n"),
        for: "1m",
        labels: { severity: "critical" },
        annotations: {
          summary: "Volume {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} is almost out of inodes",
          description:
            "{{ $value | humanizePercentage }} of its inodes are free: without one no file can be created, even if there is space.",
        },
      },
      {
        alert: "KubePersistentVolumeInodesFillingUp",
        expr: [
          `${filesFree} < 0.15`,
          `and ${hasInodes}`,
          `and predict_linear(kubelet_volume_stats_inodes_free{${kubelet}}[6h], 4 * 24 * 3600) < 0`,
          ...excepted,
        ].join("\n"),
        for: "1h",
        labels: { severity: "warning" },
        annotations: {
          summary:
            "Volume {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} will be out of inodes within four days",
          description:
            "{{ $value | humanizePercentage }} of its inodes are free; at the rate of the last six hours none will be within four days.",
        },
      },
      {
        alert: "KubePersistentVolumeErrors",
        expr: 'kube_persistentvolume_status_phase{job="kube-state-metrics",phase=~"Failed|Pending"} > 0',
        for: "5m",
        labels: { severity: "critical" },
        annotations: {
          summary: "Volume {{ $labels.persistentvolume }} is {{ $labels.phase }}",
          description:
            "The volume has been in phase {{ $labels.phase }} for 5 minutes. `kubectl describe pv` shows why.",
        },
      },
      {
        alert: "KubePersistentVolumeClaimLost",
        expr: 'kube_persistentvolumeclaim_status_phase{job="kube-state-metrics",phase="Lost"} > 0',
        for: "1m",
        labels: { severity: "critical" },
        annotations: {
          summary: "Claim {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} lost its volume",
          description: "The volume that the claim was bound to is gone. Its data is lost unless the volume comes back.",
        },
      },
      ...Object.entries(volumeLimits).map(([claim, percent]) => aboveLimit(claim, percent)),
    ],
  },
];

/** The label distinguishes the alerts of two claims: promtool refuses two rules that differ only in their expression. */
function aboveLimit(claim: string, percent: number): AlertingRule {
  const [namespace, name] = claim.split("/");
  const volume = `${kubelet},namespace="${namespace}",persistentvolumeclaim="${name}"`;
  return {
    alert: "KubePersistentVolumeAboveLimit",
    expr: `kubelet_volume_stats_used_bytes{${volume}} / kubelet_volume_stats_capacity_bytes{${volume}} > ${percent / 100}`,
    for: "5m",
    labels: { severity: "warning", limit: `${claim} ${percent} %` },
    annotations: {
      summary: `Volume ${claim} is fuller than ${percent} %`,
      description: `{{ $value | humanizePercentage }} of it is used. The limit is rules.volumeLimits of the stack's settings.`,
    },
  };
}
