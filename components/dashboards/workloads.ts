import { dashboard, type Dashboard } from "../grafana/dashboard";
import { stat, table, timeSeries } from "../grafana/panels";
import { rate, sumOrZero } from "./promql";

const chosen = 'namespace=~"$namespace",pod=~"$pod"';
const state = `job="kube-state-metrics",${chosen}`;
const cadvisor = `job="kubelet",metrics_path="/metrics/cadvisor",${chosen}`;
// A series without a container's name is the pod's pause container, or the sum of the pod.
const container = `${cadvisor},container!=""`;
const byPod = (series: string) => ({ expr: `sum by (namespace, pod) (${series})`, legend: "{{namespace}}/{{pod}}" });

/** Pods of the cluster: what they use, what they request, which fail. From cAdvisor and kube-state-metrics. */
export function workloadsDashboard(): Dashboard {
  return dashboard({
    uid: "observability-workloads",
    title: "Workloads",
    description: "How much CPU, memory and network pods use compared with their requests, and which of them fail.",
    variables: [
      {
        name: "namespace",
        label: "Namespace",
        query: 'label_values(kube_pod_info{job="kube-state-metrics"}, namespace)',
      },
      {
        name: "pod",
        label: "Pod",
        query: 'label_values(kube_pod_info{job="kube-state-metrics",namespace=~"$namespace"}, pod)',
      },
    ],
    rows: {
      Now: [
        stat({
          title: "Pods running",
          description: "Pods in phase Running.",
          unit: "short",
          queries: [sumOrZero(`kube_pod_status_phase{${state},phase="Running"}`)],
        }),
        stat({
          title: "Pods pending",
          description: "Pods that are waiting for a node, a volume or an image.",
          unit: "short",
          queries: [sumOrZero(`kube_pod_status_phase{${state},phase="Pending"}`)],
          steps: [{ from: 1, color: "orange" }],
        }),
        stat({
          title: "Crash-looping",
          description: "Containers that are waiting for their next start after a crash.",
          unit: "short",
          queries: [sumOrZero(`kube_pod_container_status_waiting_reason{${state},reason="CrashLoopBackOff"}`)],
          steps: [{ from: 1, color: "red" }],
        }),
        stat({
          title: "Restarts in an hour",
          description: "Restarts of containers in the last hour.",
          unit: "short",
          decimals: 0,
          queries: [sumOrZero(`increase(kube_pod_container_status_restarts_total{${state}}[1h])`)],
          steps: [{ from: 1, color: "orange" }],
        }),
        stat({
          title: "Out of memory",
          description: "Containers that were last ended because of their memory.",
          unit: "short",
          queries: [sumOrZero(`kube_pod_container_status_last_terminated_reason{${state},reason="OOMKilled"}`)],
          steps: [{ from: 1, color: "orange" }],
        }),
        stat({
          title: "Jobs failed",
          description: "Failed Jobs that still exist.",
          unit: "short",
          queries: [sumOrZero('kube_job_failed{job="kube-state-metrics",namespace=~"$namespace",condition="true"}')],
          steps: [{ from: 1, color: "orange" }],
        }),
      ],
      CPU: [
        timeSeries({
          title: "CPU used",
          description: "Cores that a pod uses.",
          unit: "short",
          min: 0,
          stack: true,
          queries: [byPod(rate(`container_cpu_usage_seconds_total{${container}}`))],
        }),
        timeSeries({
          title: "CPU throttled",
          description:
            "Share of the periods in which a pod was stopped at its CPU limit. Pods without a limit are not shown.",
          unit: "percentunit",
          min: 0,
          max: 1,
          queries: [
            {
              expr:
                `sum by (namespace, pod) (${rate(`container_cpu_cfs_throttled_periods_total{${container}}`)})` +
                ` / sum by (namespace, pod) (${rate(`container_cpu_cfs_periods_total{${container}}`)})`,
              legend: "{{namespace}}/{{pod}}",
            },
          ],
        }),
      ],
      Memory: [
        timeSeries({
          title: "Memory used",
          description: "Memory of a pod that the kernel can't take back, and that counts against its limit.",
          unit: "bytes",
          min: 0,
          stack: true,
          queries: [byPod(`container_memory_working_set_bytes{${container}}`)],
        }),
        timeSeries({
          title: "Memory against its limit",
          description: "Share of its memory limit that a container uses. At 100 % it is killed.",
          unit: "percentunit",
          min: 0,
          max: 1,
          queries: [
            {
              expr:
                `max by (namespace, pod, container) (container_memory_working_set_bytes{${container}})` +
                ` / max by (namespace, pod, container) (kube_pod_container_resource_limits{${state},resource="memory"})`,
              legend: "{{namespace}}/{{pod}} {{container}}",
            },
          ],
        }),
      ],
      Network: [
        timeSeries({
          title: "Received",
          description: "Bytes that a pod receives. Pods on the host network show the node's traffic.",
          unit: "Bps",
          min: 0,
          queries: [byPod(rate(`container_network_receive_bytes_total{${cadvisor}}`))],
        }),
        timeSeries({
          title: "Sent",
          description: "Bytes that a pod sends. Pods on the host network show the node's traffic.",
          unit: "Bps",
          min: 0,
          queries: [byPod(rate(`container_network_transmit_bytes_total{${cadvisor}}`))],
        }),
      ],
      "Room in the cluster": [
        timeSeries({
          title: "CPU requested",
          description: "Share of a node's CPU that its pods request. At 100 % no other pod with a request fits.",
          unit: "percentunit",
          min: 0,
          queries: [{ expr: requested("cpu"), legend: "{{node}}" }],
        }),
        timeSeries({
          title: "Memory requested",
          description: "Share of a node's memory that its pods request.",
          unit: "percentunit",
          min: 0,
          queries: [{ expr: requested("memory"), legend: "{{node}}" }],
        }),
        table({
          title: "Restarts in a day",
          description: "The containers with most restarts in the last day.",
          unit: "short",
          decimals: 0,
          width: 24,
          queries: [
            `topk(20, sum by (namespace, pod, container) (increase(kube_pod_container_status_restarts_total{${state}}[1d])) > 0)`,
          ],
          columns: { namespace: "Namespace", pod: "Pod", container: "Container" },
          value: "Restarts",
        }),
      ],
    },
  });
}

// kube-state-metrics still has the requests of pods that are done, but they no longer count.
function requested(resource: "cpu" | "memory"): string {
  return (
    `sum by (node) (kube_pod_container_resource_requests{job="kube-state-metrics",resource="${resource}"}` +
    ' * on (namespace, pod) group_left () max by (namespace, pod) (kube_pod_status_phase{job="kube-state-metrics",phase=~"Pending|Running"} == 1))' +
    ` / sum by (node) (kube_node_status_allocatable{job="kube-state-metrics",resource="${resource}"})`
  );
}
