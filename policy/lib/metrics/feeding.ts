import { chartOf } from "../charts/release";
import type { Setting } from "../config/read";
import { podSpecOf } from "../pods/find";
import { mountsOf } from "../pods/readers";
import type { Resource } from "../resource";
import { at, isBlock, type Block } from "../unknown";
import { remoteWritesOf } from "./remote-write";

const prometheusChart = "kube-prometheus-stack";
// Charts of stores, which hold what others write to them, and those without pods.
const still = /mimir|cortex|thanos|victoria-metrics-(single|cluster)|-crds$/;
// An address where metrics are taken: Mimir, Prometheus, VictoriaMetrics, Thanos, and all of them by OTLP.
const push = /https?:\/\/[^\s"'`<>]+?\/(?:api\/v1\/(?:push|write|receive)|otlp|opentelemetry)\b[^\s"'`<>]*/g;
const ofKubernetes =
  /^kubernetes:[\w.]*(core|apps|batch|rbac\.authorization\.k8s\.io|policy)\/|^kubernetes:monitoring\.coreos\.com\/\w+:(ServiceMonitor|PrometheusRule)/;
const comment = /^[ \t]*(?:#|\/\/).*$/gm;

/** Whether a resource runs something that scrapes: Prometheus, by its operator or a chart, and not switched off. Of a chart that isn't known it is assumed. */
export function scrapes(resource: Resource): boolean {
  const chart = chartOf(resource);
  if (chart) return !still.test(chart.name ?? "") && !isOff(chart.values, chart.name);
  return (
    resource.type.startsWith("kubernetes:monitoring.coreos.com/") &&
    resource.kind === "Prometheus" &&
    isRunning(resource.props.spec)
  );
}

/**
 * The addresses that a resource makes metrics be written to: every `remote_write`, and in whatever text addresses where metrics are taken
 * (Vector, the OpenTelemetry collector).
 *
 * @returns none for a chart whose Prometheus is switched off
 */
export function writesOf(resource: Resource): Setting<string>[] {
  const chart = chartOf(resource);
  if (!resource.type.startsWith("kubernetes:") || (chart && isOff(chart.values, chart.name))) return [];
  if (!chart && at(resource.props, "spec.replicas") === 0) return [];
  const urls = textsIn(resource.props).flatMap((text) => text.replace(comment, "").match(push) ?? []);
  return [...remoteWritesOf(resource).map(({ url }) => url), ...urls.map((value) => ({ value }))];
}

/**
 * Whether something runs what a resource says: of a ConfigMap or Secret a workload that mounts it, and has pods; or a chart or another custom
 * resource that names it. Any other resource speaks for itself.
 */
export function isAtWork(file: Resource, resources: readonly Resource[]): boolean {
  const { kind, objectName, namespace } = file;
  if (kind !== "ConfigMap" && kind !== "Secret") return true;
  const there = resources.filter((resource) => resource.namespace === namespace && resource.kind !== kind);
  const mounting = there.filter(({ props }) => {
    const mounts = mountsOf(podSpecOf(props)?.spec);
    return mounts.some((mount) => mount.kind === kind && mount.name === objectName);
  });
  if (mounting.length > 0) return mounting.some(({ props }) => at(props, "spec.replicas") !== 0);
  return there.some(({ type, props }) => !ofKubernetes.test(type) && namesIn(props).includes(objectName ?? ""));
}

function isOff(values: Block, chart: string | undefined): boolean {
  const own = chart === prometheusChart ? values : values[prometheusChart];
  return at(own, "prometheus.enabled") === false || !isRunning(at(own, "prometheus.prometheusSpec"));
}

function isRunning(spec: unknown): boolean {
  return at(spec, "replicas") !== 0 && at(spec, "paused") !== true;
}

function namesIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(namesIn) : [];
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return value.includes("://") ? [value] : [];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isBlock(value) ? Object.values(value).flatMap(textsIn) : [];
}
