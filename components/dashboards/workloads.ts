import { dashboard, type Dashboard } from "../grafana/dashboard";
import { stat, table, timeSeries } from "../grafana/panels";
import { rate, sumOrZero } from "./promql";

const chosen = 'namespace=~"$namespace",pod=~"$pod"';
const state = `job="kube-state-metrics",${chosen}`;
const cadvisor = `job="kubelet",metrics_path="/metrics/cadvisor",${chosen}`;
// Without a container's name it is the pod's pause container, or the sum of the pod.
const container = `${cadvisor},container!=""`;
const byPod = (series: string) => ({ expr: `sum by (namespace, pod) (${series})`, legend: "{{namespace}}/{{pod}}" });

/** What runs in the cluster: what it uses, what it asked for, what fails. From cAdvisor and kube-state-metrics. */
export function workloadsDashboard(): Dashboard {
  return dashboard({
    uid: "observability-workloads",
    title: "Workloads",
    description: "What pods use of CPU, memory and network, against what they asked for, and which of them fail.",
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
          description: "Pods that wait for a node, a volume or an image.",
          unit: "short",
          queries: [sumOrZero(`kube_pod_status_phase{${state},phase="Pending"}`)],
          steps: [{ from: 1, color: "orange" }],
        }),
        stat({
          title: "Crash-looping",
          description: "Containers that wait for their next start after a crash.",
          unit: "short",
          queries: [sumOrZero(`kube_pod_container_status_waiting_reason{${state},reason="CrashLoopBackOff"}`)],
          steps: [{ from: 1, color: "red" }],
        }),
        stat({
          title: "Restarts in an hour",
          description: "Restarts of containers within the last hour.",
          unit: "short",
          decimals: 0,
          queries: [sumOrZero(`increase(kube_pod_container_status_restarts_total{${state}}[1h])`)],
          steps: [{ from: 1, color: "orange" }],
        }),
        stat({
          title: "Out of memory",
          description: "Containers whose last end was a kill for their memory.",
          unit: "short",
          queries: [sumOrZero(`kube_pod_container_status_last_terminated_reason{${state},reason="OOMKilled"}`)],
          steps: [{ from: 1, color: "orange" }],
        }),
        stat({
          title: "Jobs failed",
          description: "Jobs that gave up and are still there.",
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
            "Share of the periods in which a pod was stopped at its CPU limit. Pods without one are not here.",
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
          description: "Memory of a pod that the kernel can't take back: what counts against its limit.",
          unit: "bytes",
          min: 0,
          stack: true,
          queries: [byPod(`container_memory_working_set_bytes{${container}}`)],
        }),
        timeSeries({
          title: "Memory against its limit",
          description: "Share of its memory limit that a container uses. At 1 it is killed.",
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
          description: "Bytes that a pod receives. Pods on the node's network show the node's.",
          unit: "Bps",
          min: 0,
          queries: [byPod(rate(`container_network_receive_bytes_total{${cadvisor}}`))],
        }),
        timeSeries({
          title: "Sent",
          description: "Bytes that a pod sends. Pods on the node's network show the node's.",
          unit: "Bps",
          min: 0,
          queries: [byPod(rate(`container_network_transmit_bytes_total{${cadvisor}}`))],
        }),
      ],
      "Room in the cluster": [
        timeSeries({
          title: "CPU asked for",
          description:
            "Share of a node's CPU that the pods on it have asked for. At 1 no further pod that asks for some fits.",
          unit: "percentunit",
          min: 0,
          queries: [{ expr: requested("cpu"), legend: "{{node}}" }],
        }),
        timeSeries({
          title: "Memory asked for",
          description: "Share of a node's memory that the pods on it have asked for.",
          unit: "percentunit",
          min: 0,
          queries: [{ expr: requested("memory"), legend: "{{node}}" }],
        }),
        table({
          title: "Restarts in a day",
          description: "The containers that restarted most within a day.",
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

// Of pods that are done, the requests stay in kube-state-metrics, but no longer count.
function requested(resource: "cpu" | "memory"): string {
  return (
    `sum by (node) (kube_pod_container_resource_requests{job="kube-state-metrics",resource="${resource}"}` +
    ' * on (namespace, pod) group_left () max by (namespace, pod) (kube_pod_status_phase{job="kube-state-metrics",phase=~"Pending|Running"} == 1))' +
    ` / sum by (node) (kube_node_status_allocatable{job="kube-state-metrics",resource="${resource}"})`
  );
}
