import type { UpstreamGroup } from "../../settings/sections/rules";
import type { Values } from "../kube-prometheus-stack/merge";

interface RecordingRule {
  record: string;
  expr: string;
}

const busy = 'node_cpu_seconds_total{mode!="idle",mode!="iowait",mode!="steal"}';
const cpus = "sum by (cluster, instance, cpu) (node_cpu_seconds_total)";
const record = (name: string, expr: string): RecordingRule => ({ record: name, expr });
const byInstance = (metric: string, seen: string) =>
  record(`instance:${seen}:rate:sum`, `sum by (cluster, instance) (rate(${metric}[3m]))`);

/**
 * Groups of upstream's recorded series that don't work where Mimir's ruler or vmalert gives each series the label `cluster`: upstream's
 * `cluster:node_cpu:ratio` divides a recorded series, which then has it, by a sum without it, and is empty. They record the same names here, in
 * whose expressions `cluster` stays. Measured with the chart 88.5.3: `docs/adoption.md`, rules and dashboards.
 */
const groups: Partial<Record<UpstreamGroup, { name: string; rules: RecordingRule[] }>> = {
  kubePrometheusNodeRecording: {
    name: "kube-prometheus-node-recording.rules",
    rules: [
      byInstance(busy, "node_cpu"),
      byInstance("node_network_receive_bytes_total", "node_network_receive_bytes"),
      byInstance("node_network_transmit_bytes_total", "node_network_transmit_bytes"),
      record(
        "instance:node_cpu:ratio",
        `sum without (cpu, mode) (rate(${busy}[5m])) / on (cluster, instance) group_left () count by (cluster, instance) (${cpus})`,
      ),
      record("cluster:node_cpu:sum_rate5m", `sum by (cluster) (rate(${busy}[5m]))`),
      record("cluster:node_cpu:ratio", `cluster:node_cpu:sum_rate5m / count by (cluster) (${cpus})`),
    ],
  },
};

/** Names of these groups in the chart's values. */
export const withCluster = Object.keys(groups) as UpstreamGroup[];

/**
 * These groups for the chart's value `additionalPrometheusRulesMap`, which makes it render them in the place of upstream's, each in an object of the
 * same name.
 * @param on groups that the stack has
 */
export const withClusterGroups = (on: Readonly<Record<UpstreamGroup, boolean>>): Values =>
  Object.fromEntries(
    withCluster.flatMap((group) => (on[group] ? [[groups[group]!.name, { groups: [groups[group]!] }]] : [])),
  );
