import type { RuleGroup } from "./types";

const kubelet = 'job="kubelet",metrics_path="/metrics"';
const free = `kubelet_volume_stats_available_bytes{${kubelet}} / kubelet_volume_stats_capacity_bytes{${kubelet}}`;
const filesFree = `kubelet_volume_stats_inodes_free{${kubelet}} / kubelet_volume_stats_inodes{${kubelet}}`;
const inUse = `kubelet_volume_stats_used_bytes{${kubelet}} > 0`;
// Ceph and btrfs have no fixed number of inodes, and tell 0.
const hasInodes = `kubelet_volume_stats_inodes_used{${kubelet}} > 0`;

/** A volume that nobody can write to doesn't fill; `excluded_from_alerts: "true"` on a claim says that it may be full. */
const excepted = [
  'unless on (cluster, namespace, persistentvolumeclaim) kube_persistentvolumeclaim_access_mode{access_mode="ReadOnlyMany"} == 1',
  'unless on (cluster, namespace, persistentvolumeclaim) kube_persistentvolumeclaim_labels{label_excluded_from_alerts="true"} == 1',
];

/** What goes wrong with volumes, from the kubelet (used space) and kube-state-metrics (phases). */
export const volumeRules: RuleGroup[] = [
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
          description: "{{ $value | humanizePercentage }} of it is free. What writes to it will fail.",
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
          summary: "Volume {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} is full within four days",
          description:
            "{{ $value | humanizePercentage }} of it is free, and at the pace of the last six hours nothing is left in four days.",
        },
      },
      {
        alert: "KubePersistentVolumeInodesFillingUp",
        expr: [`${filesFree} < 0.05`, `and ${hasInodes}`, ...excepted].join("\n"),
        for: "10m",
        labels: { severity: "warning" },
        annotations: {
          summary: "Volume {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} is almost out of inodes",
          description:
            "{{ $value | humanizePercentage }} of its inodes are free: no file can be made without one, whatever space is left.",
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
          description: "The volume that the claim was bound to is gone, and its data with it unless it comes back.",
        },
      },
    ],
  },
];
