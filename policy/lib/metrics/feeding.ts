import { chartOf } from "../charts/release";
import type { Setting } from "../config/read";
import type { Resource } from "../resource";
import { at, isBlock, type Block } from "../unknown";
import { remoteWritesOf } from "./remote-write";

const prometheusChart = "kube-prometheus-stack";
// Charts of stores, which hold what others write to them, and those without pods.
const still = /mimir|cortex|thanos|victoria-metrics-(single|cluster)|-crds$/;
// An address where metrics are taken: Mimir, Prometheus, VictoriaMetrics, Thanos, and all of them by OTLP.
const push = /https?:\/\/[^\s"'`<>]+?\/(?:api\/v1\/(?:push|write|receive)|otlp|opentelemetry)\b[^\s"'`<>]*/g;
const comment = /^[ \t]*(?:#|\/\/).*$/gm;

/** Whether a resource runs something that scrapes by itself: Prometheus, by its operator or a chart, and not switched off. Of a chart that isn't known it is assumed. */
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

function isOff(values: Block, chart: string | undefined): boolean {
  const own = chart === prometheusChart ? values : values[prometheusChart];
  return at(own, "prometheus.enabled") === false || !isRunning(at(own, "prometheus.prometheusSpec"));
}

function isRunning(spec: unknown): boolean {
  return at(spec, "replicas") !== 0 && at(spec, "paused") !== true;
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return value.includes("://") ? [value] : [];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isBlock(value) ? Object.values(value).flatMap(textsIn) : [];
}
