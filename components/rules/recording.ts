import type { RecordingRule, RuleGroup } from "./types";

/**
 * Series that dashboards of the community read, this program's own among them, under the names and with the labels of the
 * kubernetes-mixin and the node-mixin. `cluster` stands in every clause: a Prometheus has it as an external label only, Mimir on
 * every series.
 * @see https://github.com/kubernetes-monitoring/kubernetes-mixin
 * @see https://github.com/prometheus/node_exporter/tree/master/docs/node-mixin
 */

const nodeExporter = 'job="node-exporter"';
const stateMetrics = 'job="kube-state-metrics"';
const cAdvisor = 'job="kubelet",metrics_path="/metrics/cadvisor",image!=""';

const record = (name: string, ...lines: string[]): RecordingRule => ({ record: name, expr: lines.join("\n") });

const disks = 'device=~"(/dev/)?(mmcblk.p.+|nvme.+|rbd.+|sd.+|vd.+|xvd.+|dm-.+|md.+|dasd.+)"';

const disk = (what: "io_time" | "io_time_weighted"): RecordingRule =>
  record(
    `instance_device:node_disk_${what}_seconds:rate5m`,
    `rate(node_disk_${what}_seconds_total{${nodeExporter},${disks}}[5m])`,
  );

const network = (what: string): RecordingRule =>
  record(
    `instance:node_network_${what}_excluding_lo:rate5m`,
    `sum without (device) (rate(node_network_${what}_total{${nodeExporter},device!="lo"}[5m]))`,
  );

const perInstance: RuleGroup = {
  name: "node-exporter.rules",
  rules: [
    record(
      "instance:node_num_cpu:sum",
      `count without (cpu, mode) (node_cpu_seconds_total{${nodeExporter},mode="idle"})`,
    ),
    record(
      "instance:node_cpu_utilisation:rate5m",
      `1 - avg without (cpu) (sum without (mode) (rate(node_cpu_seconds_total{${nodeExporter},mode=~"idle|iowait|steal"}[5m])))`,
    ),
    record(
      "instance:node_load1_per_cpu:ratio",
      `node_load1{${nodeExporter}} / instance:node_num_cpu:sum{${nodeExporter}}`,
    ),
    record(
      "instance:node_memory_utilisation:ratio",
      `1 - node_memory_MemAvailable_bytes{${nodeExporter}} / node_memory_MemTotal_bytes{${nodeExporter}}`,
    ),
    record("instance:node_vmstat_pgmajfault:rate5m", `rate(node_vmstat_pgmajfault{${nodeExporter}}[5m])`),
    disk("io_time"),
    disk("io_time_weighted"),
    network("receive_bytes"),
    network("transmit_bytes"),
    network("receive_drop"),
    network("transmit_drop"),
  ],
};

const perNode: RuleGroup = {
  name: "node.rules",
  rules: [
    // At most one node a pod, also in the minute in which it moved.
    record(
      "node_namespace_pod:kube_pod_info:",
      `topk by (cluster, namespace, pod) (1, max by (cluster, node, namespace, pod) (kube_pod_info{${stateMetrics},node!=""}))`,
    ),
    record("node:node_num_cpu:sum", `count by (cluster, node) (node_cpu_seconds_total{${nodeExporter},mode="idle"})`),
    record(":node_memory_MemAvailable_bytes:sum", `sum by (cluster) (node_memory_MemAvailable_bytes{${nodeExporter}})`),
    record(
      "node:node_cpu_utilization:ratio_rate5m",
      "avg by (cluster, node) (",
      `  sum without (mode) (rate(node_cpu_seconds_total{${nodeExporter},mode!="idle",mode!="iowait",mode!="steal"}[5m]))`,
      ")",
    ),
    record("cluster:node_cpu:ratio_rate5m", "avg by (cluster) (node:node_cpu_utilization:ratio_rate5m)"),
  ],
};

/** The node that a pod is on, as a label of what is known of its containers. */
const withNode = "* on (cluster, namespace, pod) group_left (node) node_namespace_pod:kube_pod_info:";

const containerCpu = (suffix: string, rate: string): RecordingRule =>
  record(
    `node_namespace_pod_container:container_cpu_usage_seconds_total:${suffix}`,
    `sum by (cluster, namespace, pod, container) (${rate}(container_cpu_usage_seconds_total{${cAdvisor}}[5m]))`,
    withNode,
  );

const containerMemory = (what: string): RecordingRule =>
  record(`node_namespace_pod_container:${what}`, `${what}{${cAdvisor}}`, withNode);

const usage: RuleGroup = {
  name: "k8s.rules.container_usage",
  rules: [
    containerCpu("sum_rate5m", "rate"),
    containerCpu("sum_irate", "irate"),
    containerMemory("container_memory_working_set_bytes"),
    containerMemory("container_memory_rss"),
    containerMemory("container_memory_cache"),
  ],
};

// A pod that is done asks for nothing any more, though its specification still says so.
const active = [
  "* on (cluster, namespace, pod) group_left ()",
  'max by (cluster, namespace, pod) (kube_pod_status_phase{phase=~"Pending|Running"} == 1)',
];

const asked = (resource: "cpu" | "memory", bound: "requests" | "limits"): RecordingRule[] => {
  const metric = `kube_pod_container_resource_${bound}`;
  const series = `${metric}{${stateMetrics},resource="${resource}"}`;
  return [
    record(`cluster:namespace:pod_${resource}:active:${metric}`, series, ...active),
    record(
      `namespace_${resource}:${metric}:sum`,
      "sum by (cluster, namespace) (",
      `  sum by (cluster, namespace, pod) (max by (cluster, namespace, pod, container) (${series}))`,
      ...active.map((line) => `  ${line}`),
      ")",
    ),
  ];
};

const requests: RuleGroup = {
  name: "k8s.rules.container_resource",
  rules: [
    ...asked("cpu", "requests"),
    ...asked("cpu", "limits"),
    ...asked("memory", "requests"),
    ...asked("memory", "limits"),
  ],
};

const ownedBy = (workload_type: string, selector: string, nameLabel = "owner_name"): RecordingRule => ({
  record: "namespace_workload_pod:kube_pod_owner:relabel",
  expr: [
    "max by (cluster, namespace, workload, pod) (",
    `  label_replace(kube_pod_owner{${stateMetrics},${selector}}, "workload", "$1", "${nameLabel}", "(.+)")`,
    ")",
  ].join("\n"),
  labels: { workload_type },
});

/** Of a ReplicaSet that belongs to nobody (then the workload is itself) or to a Deployment. */
const ofReplicaSet = (workload_type: string, ownerKind: string, nameLabel: string): RecordingRule => ({
  record: "namespace_workload_pod:kube_pod_owner:relabel",
  expr: [
    "max by (cluster, namespace, workload, pod) (",
    "  label_replace(",
    `    label_replace(kube_pod_owner{${stateMetrics},owner_kind="ReplicaSet"}, "replicaset", "$1", "owner_name", "(.+)")`,
    "    * on (cluster, namespace, replicaset) group_left (owner_name)",
    "    max by (cluster, namespace, replicaset, owner_name) (",
    `      kube_replicaset_owner{${stateMetrics},owner_kind="${ownerKind}"}`,
    "    ),",
    `    "workload", "$1", "${nameLabel}", "(.+)"`,
    "  )",
    ")",
  ].join("\n"),
  labels: { workload_type },
});

const owners: RuleGroup = {
  name: "k8s.rules.pod_owner",
  rules: [
    ofReplicaSet("replicaset", "", "replicaset"),
    ofReplicaSet("deployment", "Deployment", "owner_name"),
    ownedBy("daemonset", 'owner_kind="DaemonSet"'),
    ownedBy("statefulset", 'owner_kind="StatefulSet"'),
    ownedBy("job", 'owner_kind="Job"'),
    ownedBy("barepod", 'owner_kind=""', "pod"),
    ownedBy("staticpod", 'owner_kind="Node"', "pod"),
  ],
};

const targets: RuleGroup = {
  name: "kube-prometheus-general.rules",
  rules: [
    record("count:up1", "count without (instance, pod, node) (up == 1)"),
    record("count:up0", "count without (instance, pod, node) (up == 0)"),
  ],
};

/** Recorded series, in groups that are each evaluated in order. */
export const recordingRules: RuleGroup[] = [perInstance, perNode, usage, requests, owners, targets];
