import { chartOf } from "./charts/release";
import { makesService } from "./charts/services";
import type { Resource } from "./resource";
import { at, isBlock, type Block } from "./unknown";
import { own } from "./own";

/** A Service of the cluster, as an address names it. */
export interface ServiceName {
  service: string;
  namespace: string;
  /** The port that the address names. */
  port?: number;
}

/**
 * The Service that an address leads to: `http://mimir:9009` from the namespace that it is used in, `mimir.monitoring`,
 * `mimir.monitoring.svc`, `mimir-0.mimir.monitoring.svc.cluster.local`; with or without a scheme.
 *
 * @param address a URL, or host and port
 * @param namespace where it is used
 * @param isNamespace whether a name is that of a namespace of the stack: `nas.home` may as well be a host
 * @returns undefined for an address outside the cluster
 */
export function serviceOf(
  address: string,
  namespace: string | undefined,
  isNamespace: (name: string) => boolean,
): ServiceName | undefined {
  const url = parse(/^[a-z][\w+.-]*:\/\//i.test(address) ? address : `http://${address}`);
  if (!url || !/^[a-z]/.test(url.hostname) || url.hostname === "localhost") return undefined;
  const labels = url.hostname.replace(/\.$/, "").split(".");
  const within = labels.indexOf("svc");
  const port = url.port ? Number(url.port) : url.protocol === "https:" ? 443 : 80;
  if (within >= 2) return { service: labels[within - 2], namespace: labels[within - 1], port };
  if (labels.length === 1 && namespace) return { service: labels[0], namespace, port };
  return labels.length === 2 && isNamespace(labels[1]) ? { service: labels[0], namespace: labels[1], port } : undefined;
}

/** The names of the namespaces in which a stack has something. */
export function namespacesOf(resources: readonly Resource[]): Set<string> {
  return new Set(
    resources.flatMap(({ kind, objectName, namespace }) => (kind === "Namespace" ? objectName : namespace) ?? []),
  );
}

/**
 * What of a stack makes a Service that holds or takes metrics: the Service itself, a chart's release, or a resource for which an operator makes it.
 */
export function makerOf({ service, namespace }: ServiceName, resources: readonly Resource[]): Resource | undefined {
  const there = resources.filter((resource) => resource.namespace === namespace);
  return (
    there.find(({ type, objectName }) => type === "kubernetes:core/v1:Service" && objectName === service) ??
    there.find((resource) => operated(resource).includes(service)) ??
    there.find((resource) => {
      const chart = chartOf(resource);
      return chart && makesService(service, resource, chart);
    })
  );
}

/** The workloads of a stack that a Service leads to. */
export function workloadsBehind({ namespace, props }: Resource, resources: readonly Resource[]): Resource[] {
  const selector = at(props, "spec.selector");
  if (!isBlock(selector) || Object.keys(selector).length === 0) return [];
  return resources.filter(
    (resource) =>
      resource.namespace === namespace &&
      hasLabels(
        at(resource.props, "spec.template.metadata.labels") ?? at(resource.props, "metadata.labels"),
        selector,
      ) &&
      at(resource.props, "spec.template.spec") !== undefined,
  );
}

/** Whether a mapping of labels has these. */
export function hasLabels(labels: unknown, wanted: Block): boolean {
  return Object.entries(wanted).every(([key, value]) => isBlock(labels) && labels[key] === value);
}

// The names that operators give: prometheus-operator and VictoriaMetrics'.
function operated({ kind, objectName, type }: Resource): string[] {
  if (type.startsWith("kubernetes:monitoring.coreos.com/") && kind === "Prometheus") return ["prometheus-operated"];
  const names: Readonly<Record<string, readonly string[]>> = {
    VMSingle: ["vmsingle"],
    VMCluster: ["vmselect", "vminsert"],
    VMAgent: ["vmagent"],
  };
  return (own(names, kind) ?? []).map((prefix) => `${prefix}-${objectName ?? ""}`);
}

function parse(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined;
}
