import type { HelmRelease, KubernetesObject } from "../../commands/shared/objects";
import { madeOfAnnotation } from "../../commands/verify/workloads";
import { fullname } from "../../settings/release-values";
import type { UpstreamGroup } from "../../settings/sections/rules";

interface Rule {
  record?: string;
  alert?: string;
  expr: string;
  for?: string;
  labels?: Record<string, string>;
}

const node = 'job="node-exporter"';
const state = 'job="kube-state-metrics"';
const cAdvisor = 'job="kubelet",metrics_path="/metrics/cadvisor",image!=""';

const record = (name: string, ...lines: string[]): Rule => ({ record: name, expr: lines.join("\n") });
const traffic = (what: string) =>
  record(
    `instance:node_network_${what}_excluding_lo:rate5m`,
    `sum without (device) (rate(node_network_${what}_total{${node},device!="lo"}[5m]))`,
  );
const alert = (name: string, severity: string, waits: string | undefined, ...lines: string[]): Rule => ({
  alert: name,
  expr: lines.join("\n"),
  ...(waits && { for: waits }),
  labels: { severity },
});

/** Some of upstream's groups in small: a long group, series that rules after it and in other groups read, and joins. */
const groups: Readonly<Record<string, Rule[]>> = {
  "general.rules": [
    alert(
      "InfoInhibitor",
      "none",
      undefined,
      'ALERTS{severity="info"} == 1',
      'unless on (cluster, namespace) ALERTS{alertname!="InfoInhibitor",alertstate="firing",severity=~"warning|critical"} == 1',
    ),
  ],
  "node-exporter.rules": [
    record("instance:node_num_cpu:sum", `count without (cpu, mode) (node_cpu_seconds_total{${node},mode="idle"})`),
    record(
      "instance:node_cpu_utilisation:rate5m",
      `1 - avg without (cpu) (sum without (mode) (rate(node_cpu_seconds_total{${node},mode=~"idle|iowait|steal"}[5m])))`,
    ),
    record("instance:node_load1_per_cpu:ratio", `node_load1{${node}} / instance:node_num_cpu:sum{${node}}`),
    record(
      "instance:node_memory_utilisation:ratio",
      `1 - node_memory_MemAvailable_bytes{${node}} / node_memory_MemTotal_bytes{${node}}`,
    ),
    record("instance:node_vmstat_pgmajfault:rate5m", `rate(node_vmstat_pgmajfault{${node}}[5m])`),
    ...["receive_bytes", "transmit_bytes", "receive_drop", "transmit_drop"].map(traffic),
  ],
  "node.rules": [
    record(
      "node_namespace_pod:kube_pod_info:",
      `topk by (cluster, namespace, pod) (1, max by (cluster, node, namespace, pod) (kube_pod_info{${state},node!=""}))`,
    ),
    record("node:node_num_cpu:sum", `count by (cluster, node) (node_cpu_seconds_total{${node},mode="idle"})`),
  ],
  "k8s.rules.container-cpu-usage-seconds-total": [
    record(
      "node_namespace_pod_container:container_cpu_usage_seconds_total:sum_rate5m",
      `sum by (cluster, namespace, pod, container) (rate(container_cpu_usage_seconds_total{${cAdvisor}}[5m]))`,
      "* on (cluster, namespace, pod) group_left (node) node_namespace_pod:kube_pod_info:",
    ),
  ],
  "kubernetes-resources": [
    alert(
      "KubeCPUOvercommit",
      "warning",
      "10m",
      // Upstream has comments in its expressions.
      "# Fewer nodes than two have none to spare.",
      `sum by (cluster) (kube_pod_container_resource_requests{${state},resource="cpu"})`,
      `> sum by (cluster) (kube_node_status_allocatable{${state},resource="cpu"})`,
      `and on () count(kube_node_info{${state}}) > 1`,
    ),
  ],
  "node-exporter": [
    alert("NodeCPUHighUsage", "info", "15m", "instance:node_cpu_utilisation:rate5m > 0.9"),
    alert("NodeSystemSaturation", "warning", "15m", "instance:node_load1_per_cpu:ratio > 2"),
  ],
  // Of kube-prometheus-stack itself: they are in its own release.
  prometheus: [
    alert(
      "PrometheusDuplicateTimestamps",
      "warning",
      "10m",
      'rate(prometheus_target_scrapes_sample_duplicate_timestamp_total{job="kube-prometheus-stack-prometheus"}[5m]) > 0',
    ),
  ],
  "prometheus-operator": [
    alert(
      "PrometheusOperatorListErrors",
      "warning",
      "15m",
      "sum by (cluster, controller, namespace) (rate(prometheus_operator_list_operations_failed_total[10m])) > 0",
    ),
  ],
};

/** What the chart's values call them. */
const called: Readonly<Record<string, UpstreamGroup>> = {
  "general.rules": "general",
  "node-exporter.rules": "nodeExporterRecording",
  "node.rules": "node",
  "k8s.rules.container-cpu-usage-seconds-total": "k8sContainerCpuUsageSecondsTotal",
  "kubernetes-resources": "kubernetesResources",
  "node-exporter": "nodeExporterAlerting",
  prometheus: "prometheus",
  "prometheus-operator": "prometheusOperator",
};

/**
 * Rules in the shape of upstream's, where the chart can't be had: enough for whoever evaluates and synchronizes rules. They are of the groups
 * that the release's values switch on, with the labels that these give to alerts, and marked as Helm marks what it makes.
 * @param release the release as the program renders it
 */
export function upstreamShaped({ name: release, namespace, values }: HelmRelease): KubernetesObject[] {
  const { rules: on = {}, additionalRuleGroupLabels: added = {} } = (values as unknown as Values).defaultRules;
  const labelled = (rule: Rule, of: UpstreamGroup) => ({ ...rule, labels: { ...rule.labels, ...added[of] } });
  return Object.entries(groups)
    .filter(([name]) => on[called[name]])
    .map(([name, rules]): KubernetesObject => ({
      ...{ apiVersion: "monitoring.coreos.com/v1", kind: "PrometheusRule" },
      metadata: {
        name: `${fullname(release, values)}-${name}`,
        namespace,
        annotations: {
          [madeOfAnnotation]: "rules in the shape of upstream's, not the chart",
          "meta.helm.sh/release-name": release,
          "meta.helm.sh/release-namespace": namespace,
        },
      },
      spec: { groups: [{ name, rules: rules.map((rule) => (rule.alert ? labelled(rule, called[name]) : rule)) }] },
    }));
}

/** What of a release's values is read. */
interface Values {
  defaultRules: {
    rules?: Partial<Record<UpstreamGroup, boolean>>;
    additionalRuleGroupLabels?: Partial<Record<UpstreamGroup, Record<string, string>>>;
  };
}
