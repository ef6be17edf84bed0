import { dashboard, type Dashboard } from "../grafana/dashboard";
import { stat, table, timeSeries } from "../grafana/panels";

const claim = 'namespace=~"$namespace",persistentvolumeclaim=~"$claim"';
const kubelet = `job="kubelet",metrics_path="/metrics",${claim}`;
const used = `kubelet_volume_stats_used_bytes{${kubelet}} / kubelet_volume_stats_capacity_bytes{${kubelet}}`;
const available = `kubelet_volume_stats_available_bytes{${kubelet}}`;
const legend = "{{namespace}}/{{persistentvolumeclaim}}";
const columns = { namespace: "Namespace", persistentvolumeclaim: "Claim" };

/** Volumes: how full they are, and when they will be full. From the kubelet and kube-state-metrics. */
export function volumesDashboard(): Dashboard {
  return dashboard({
    uid: "observability-volumes",
    title: "Volumes",
    description:
      "How full each claim's volume is, and when it will be full. Only volumes that a running pod has mounted and whose driver reports usage are shown.",
    variables: [
      {
        name: "namespace",
        label: "Namespace",
        query: 'label_values(kube_persistentvolumeclaim_info{job="kube-state-metrics"}, namespace)',
      },
      {
        name: "claim",
        label: "Claim",
        query:
          'label_values(kube_persistentvolumeclaim_info{job="kube-state-metrics",namespace=~"$namespace"}, persistentvolumeclaim)',
      },
    ],
    rows: {
      Now: [
        stat({
          title: "Fullest",
          description: "Used share of the fullest volume.",
          unit: "percentunit",
          queries: [`max(${used})`],
          steps: [
            { from: 0.85, color: "orange" },
            { from: 0.97, color: "red" },
          ],
        }),
        stat({
          title: "Claims without a volume",
          description: "Claims that are Pending or Lost: pods that mount them can't start.",
          unit: "short",
          queries: [
            `sum(kube_persistentvolumeclaim_status_phase{job="kube-state-metrics",${claim},phase!="Bound"}) or vector(0)`,
          ],
          steps: [{ from: 1, color: "red" }],
        }),
        stat({
          title: "Volumes left over",
          description: "Volumes whose claim is gone, in the whole cluster: kept on purpose, or forgotten.",
          unit: "short",
          queries: [
            'sum(kube_persistentvolume_status_phase{job="kube-state-metrics",phase=~"Released|Failed"}) or vector(0)',
          ],
          steps: [{ from: 1, color: "orange" }],
        }),
      ],
      Space: [
        timeSeries({
          title: "Used",
          description: "Used share of a volume.",
          unit: "percentunit",
          min: 0,
          max: 1,
          queries: [{ expr: used, legend }],
        }),
        timeSeries({
          title: "Free",
          description: "Free bytes.",
          unit: "bytes",
          min: 0,
          queries: [{ expr: available, legend }],
        }),
        table({
          title: "Full within a year",
          description: "Days until a volume is full, at the rate of the last day.",
          unit: "d",
          decimals: 0,
          queries: [`${available} / (-deriv(${available}[1d]) > 0) / 86400 < 365`],
          columns,
          value: "Days left",
        }),
        table({
          title: "Sizes",
          description: "Size of each volume.",
          unit: "bytes",
          queries: [`kubelet_volume_stats_capacity_bytes{${kubelet}}`],
          columns,
          value: "Size",
        }),
      ],
      Files: [
        timeSeries({
          title: "Inodes used",
          description:
            "Used share of a volume's inodes. Without a free one, no file can be created. Ceph and btrfs have no fixed number.",
          unit: "percentunit",
          min: 0,
          max: 1,
          width: 24,
          queries: [
            {
              expr: `kubelet_volume_stats_inodes_used{${kubelet}} / (kubelet_volume_stats_inodes{${kubelet}} > 0)`,
              legend,
            },
          ],
        }),
      ],
    },
  });
}
