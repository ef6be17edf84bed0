import { isMap } from "../../engine/json";
import type { Values } from "./release";

/**
 * Paths in the values of kube-prometheus-stack that have no effect any more: this program sets them itself, takes them from settings, or turns off
 * what they belong to (`components/kube-prometheus-stack/values.ts`; a test compares the two).
 */
export const overruled = [
  "crds",
  "defaultRules",
  "customRules",
  "alertmanager",
  "kubernetesServiceMonitors",
  "kubeApiServer",
  "kubelet",
  "kubeControllerManager",
  "coreDns",
  "kubeDns",
  "kubeEtcd",
  "kubeScheduler",
  "kubeProxy",
  "nodeExporter",
  "kubeStateMetrics",
  "prometheus-node-exporter.image",
  "kube-state-metrics.image",
  "grafana.enabled",
  "grafana.defaultDashboardsEnabled",
  "grafana.image",
  "grafana.sidecar.image",
  "grafana.initChownData",
  "grafana.testFramework",
  ...[
    "enabled",
    "image",
    "prometheusConfigReloader.image",
    "prometheusConfigReloader.resources",
    "prometheusConfigReloader.enableProbe",
    "admissionWebhooks",
    "tls",
    "kubeletService",
    "kubeletEndpointsEnabled",
    "resources",
    "affinity",
    "tolerations",
  ].map((key) => `prometheusOperator.${key}`),
  "prometheus.enabled",
  ...[
    "image",
    "replicas",
    "prometheusExternalLabelNameClear",
    "replicaExternalLabelNameClear",
    "scrapeInterval",
    "evaluationInterval",
    "scrapeClasses",
    "alertingEndpoints",
    "retention",
    "retentionSize",
    "resources",
    "affinity",
    "tolerations",
    "storageSpec",
    "persistentVolumeClaimRetentionPolicy",
    ...["serviceMonitor", "podMonitor", "probe", "scrapeConfig", "rule"].flatMap((kind) => [
      `${kind}SelectorNilUsesHelmValues`,
      `${kind}Selector`,
      `${kind}NamespaceSelector`,
    ]),
  ].map((key) => `prometheus.prometheusSpec.${key}`),
] as const;

/** Parts of the release that an adoption can keep, and the values that they use. */
const keepable = {
  keepGrafana: ["grafana"],
  keepExporters: ["prometheus-node-exporter", "kube-state-metrics"],
} as const;

/**
 * The values of a release that keep their effect once it is taken over.
 * @param values what was given to the release
 * @param keep which of its parts stay
 */
export function stayingValues(values: Values, keep: Record<keyof typeof keepable, boolean>): Values {
  const gone = (Object.keys(keepable) as (keyof typeof keepable)[]).filter((part) => !keep[part]);
  const paths = [...overruled, ...gone.flatMap((part) => keepable[part])];
  return paths.reduce((rest, path) => without(rest, path.split(".")), values);
}

function without(values: Values, [key, ...below]: readonly string[]): Values {
  const { [key]: value, ...rest } = values;
  if (value === undefined || (below.length > 0 && !isMap<unknown>(value))) return values;
  if (below.length === 0) return rest;
  const left = without(value as Values, below);
  return Object.keys(left).length > 0 ? { ...values, [key]: left } : rest;
}
