import { chartOf } from "../charts/release";
import { readersOf } from "../pods/readers";
import type { Resource } from "../resource";
import { at, isBlock, type Block } from "../unknown";
import { dataSourcesOf, hasGrafana, type DataSource } from "./data-sources";

// The label that Grafana's chart looks for unless it is told another.
const byDefault = "grafana_datasource";

/** The data sources that one Grafana is given, by all resources of a stack. */
export type Provisioned = readonly DataSource[];

/**
 * Sorts a stack's data sources by the Grafana that reads them: the workload that mounts the file; the release whose sidecar looks for the
 * file's label in that namespace, or a Grafana outside the stack that looks for it; the release whose values they are; and of a file that
 * nobody is seen to read, one in its namespace.
 */
export function grafanasOf(resources: readonly Resource[]): Provisioned[] {
  const byGrafana = new Map<string, DataSource[]>();
  for (const resource of resources) {
    const { sources } = dataSourcesOf(resource);
    if (sources.length === 0) continue;
    for (const grafana of readBy(resource, resources)) {
      byGrafana.set(grafana, [...(byGrafana.get(grafana) ?? []), ...sources]);
    }
  }
  return [...byGrafana.values()];
}

function readBy(resource: Resource, resources: readonly Resource[]): string[] {
  const chart = chartOf(resource);
  // A release without a Grafana leaves its data source to one that looks for the label (forceDeployDatasources).
  if (chart) return hasGrafana(chart.values) ? [resource.urn] : readersOfLabel(byDefault, resource, resources);
  const mounting = readersOf(resource, resources).map((reader) => reader.resource.urn);
  if (mounting.length > 0) return mounting;
  const labels = at(resource.props, "metadata.labels");
  const label = Object.keys(isBlock(labels) ? labels : {}).find((key) => /data-?sources?/i.test(key));
  return label ? readersOfLabel(label, resource, resources) : [`in ${resource.namespace ?? "default"}`];
}

function readersOfLabel(label: string, { namespace }: Resource, resources: readonly Resource[]): string[] {
  const releases = resources.filter((resource) => {
    const sidecar = sidecarOf(resource);
    return sidecar && (sidecar.label ?? byDefault) === label && searches(sidecar.searchNamespace, namespace, resource);
  });
  return releases.length > 0 ? releases.map(({ urn }) => urn) : [`the label ${label}`];
}

function sidecarOf(resource: Resource): Block | undefined {
  const chart = chartOf(resource);
  if (!chart || !hasGrafana(chart.values)) return undefined;
  const found = at(chart.values, chart.name === "grafana" ? "sidecar.datasources" : "grafana.sidecar.datasources");
  const sidecar = isBlock(found) ? found : {};
  const isOn = sidecar.enabled ?? chart.name === "kube-prometheus-stack";
  return isOn === true ? sidecar : undefined;
}

// One's own namespace, where nothing else is said.
function searches(namespaces: unknown, wanted: string | undefined, { namespace }: Resource): boolean {
  if (namespaces === undefined || namespaces === null) return namespace === wanted;
  return [namespaces].flat().some((each) => each === "ALL" || each === wanted);
}
