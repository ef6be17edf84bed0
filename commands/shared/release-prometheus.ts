import type { MonitoringObject } from "../../components/alloy/unsupported";
import { isMap } from "../../engine/json";
import { prometheusName } from "../../settings/release-values";

/** The parts of the chart's values that are read here. */
interface Values extends Record<string, unknown> {
  prometheus?: { prometheusSpec?: PrometheusValues };
}
interface PrometheusValues extends Record<string, unknown> {
  alertingEndpoints?: unknown[];
  remoteWrite?: unknown[];
  additionalRemoteWrite?: unknown[];
  additionalConfig?: Record<string, unknown>;
}

/**
 * The Prometheus that kube-prometheus-stack renders of its values, some of which have other names (`templates/prometheus/prometheus.yaml`).
 * @param release name of the release
 * @param namespace of the release
 * @param values of the release
 */
export function prometheusOf(release: string, namespace: string, values: Record<string, unknown>): MonitoringObject {
  const { prometheus } = values as Values;
  const { alertingEndpoints, additionalRemoteWrite, additionalConfig, ...spec } = prometheus?.prometheusSpec ?? {};
  const fromSecrets = ["additionalScrapeConfigs", "additionalAlertManagerConfigs", "additionalAlertRelabelConfigs"]
    .map((field) => [field, spec[`${field}Secret`]] as const)
    .filter(([field, secret]) => isMap(secret) && (field === "additionalScrapeConfigs" ? secret.enabled : secret.name));
  return {
    kind: "Prometheus",
    metadata: { name: prometheusName(release, values), namespace },
    spec: {
      ...{ ...spec, ...Object.fromEntries(fromSecrets) },
      alerting: { alertmanagers: alertingEndpoints },
      remoteWrite: [...(spec.remoteWrite ?? []), ...(additionalRemoteWrite ?? [])],
      ...additionalConfig,
    },
  };
}
