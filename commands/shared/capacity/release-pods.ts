import { isMap } from "../../../engine/json";
import type { Container, PodSpec, WorkloadSpec } from "./pod-spec";

/**
 * What a Helm release starts, from its values: the chart itself can't be read here. A table of the charts that this project installs; of
 * each only what counts for requests, limits and placement.
 */

/** A workload of a chart. */
export interface ChartWorkload {
  kind: "Deployment" | "StatefulSet" | "DaemonSet";
  /** what it is, not what the chart calls it */
  name: string;
  spec: WorkloadSpec;
}

/** Values of a chart: any part may be missing. */
type Values = Record<string, unknown>;

const charts: Readonly<Record<string, (values: Values) => ChartWorkload[]>> = {
  "kube-prometheus-stack": kubePrometheusStack,
  "prometheus-operator-crds": () => [],
};

/**
 * The workloads of a release.
 *
 * @param chart name of the chart
 * @param values the release's values; what they don't say, the chart's defaults do, and those ask for nothing
 * @returns undefined where the chart is not known
 */
export function podsOfRelease(chart: string | undefined, values: Values): ChartWorkload[] | undefined {
  return chart === undefined ? undefined : charts[chart]?.(values);
}

/**
 * Each part is on unless its values say `enabled: false`. The operator makes the StatefulSets and puts its config-reloader into each, once
 * more as an init container; Grafana has a sidecar for dashboards and one for data sources.
 *
 * @see https://github.com/prometheus-community/helm-charts/blob/main/charts/kube-prometheus-stack/values.yaml (88.5)
 */
function kubePrometheusStack(values: Values): ChartWorkload[] {
  const operator = at(values, "prometheusOperator");
  const prometheus = at(at(values, "prometheus"), "prometheusSpec");
  const alertmanager = at(at(values, "alertmanager"), "alertmanagerSpec");
  const grafana = at(values, "grafana");
  const sidecar = container("sidecar", at(grafana, "sidecar"));
  const reloader = container("config-reloader", at(operator, "prometheusConfigReloader"));
  const parts: Record<string, ChartWorkload> = {
    prometheusOperator: {
      kind: "Deployment",
      name: "operator",
      spec: running(operator, [container("operator", operator)]),
    },
    prometheus: { kind: "StatefulSet", name: "prometheus", spec: operated("prometheus", prometheus, reloader) },
    alertmanager: { kind: "StatefulSet", name: "alertmanager", spec: operated("alertmanager", alertmanager, reloader) },
    grafana: {
      kind: "Deployment",
      name: "grafana",
      spec: running(grafana, [container("grafana", grafana), sidecar, sidecar]),
    },
    kubeStateMetrics: { kind: "Deployment", name: "kube-state-metrics", spec: subChart(values, "kube-state-metrics") },
    nodeExporter: { kind: "DaemonSet", name: "node-exporter", spec: subChart(values, "prometheus-node-exporter") },
  };
  return Object.entries(parts).flatMap(([key, part]) => (at(values, key).enabled === false ? [] : [part]));
}

/** A StatefulSet that the operator makes: `containers` of its specification are added, or lie over those of the same name. */
function operated(name: string, spec: Values, reloader: Container): WorkloadSpec {
  const own = [container(name, spec), reloader];
  const given = Array.isArray(spec.containers) ? (spec.containers as Container[]) : [];
  const containers = [
    ...own.map((each) => ({ ...each, ...given.find((other) => other.name === each.name) })),
    ...given.filter((each) => !own.some((other) => other.name === each.name)),
  ];
  const pods = numberOr(spec.replicas, 1) * numberOr(spec.shards, 1);
  return running({ ...spec, replicas: pods }, containers, [{ ...reloader, name: "init-config-reloader" }]);
}

const subChart = (values: Values, name: string): WorkloadSpec =>
  running(at(values, name), [container(name, at(values, name))]);

/** Pods of these containers, where the values say. */
function running(values: Values, containers: Container[], initContainers: Container[] = []): WorkloadSpec {
  const { nodeSelector, affinity } = values as PodSpec;
  return {
    replicas: numberOr(values.replicas, 1),
    template: { spec: { nodeSelector, affinity, containers, initContainers } },
  };
}

const container = (name: string, values: Values): Container => ({
  name,
  resources: values.resources as Container["resources"],
});

const at = (values: Values, key: string): Values => {
  const part = values[key];
  return isMap<unknown>(part) ? part : {};
};

const numberOr = (value: unknown, otherwise: number): number => (typeof value === "number" ? value : otherwise);
