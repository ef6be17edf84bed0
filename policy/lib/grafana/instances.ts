import { chartsOf } from "../charts/installed";
import { podsOf } from "../pods/find";
import { readersOf } from "../pods/readers";
import type { Resource } from "../resource";
import { at, isBlock, Unknown, type Block } from "../unknown";
import { dataSourcesOf, hasGrafana, type DataSource } from "./data-sources";

// The label that Grafana's chart looks for by default.
const byDefault = "grafana_datasource";

/** The data sources that one Grafana is given, by all resources of a stack. */
export type Provisioned = readonly DataSource[];

/**
 * Sorts a stack's data sources by the Grafana that reads them: the workload that mounts the file; the release or workload whose sidecar looks
 * for the file's label in that namespace, or a Grafana outside the stack that looks for it; the release whose values they are; and of a file that
 * no Grafana is seen to read, one in its namespace.
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
  const [chart] = chartsOf(resource);
  // A release without a Grafana leaves its data source to one that looks for the label (forceDeployDatasources).
  if (chart) return hasGrafana(chart.values) ? [resource.urn] : readersOfLabel(byDefault, resource, resources);
  const mounting = readersOf(resource, resources).map((reader) => reader.resource.urn);
  if (mounting.length > 0) return mounting;
  const labels = at(resource.props, "metadata.labels");
  const label = Object.keys(isBlock(labels) ? labels : {}).find((key) => /data-?sources?/i.test(key));
  return label ? readersOfLabel(label, resource, resources) : [`in ${resource.namespace ?? "default"}`];
}

function readersOfLabel(label: string, { namespace }: Resource, resources: readonly Resource[]): string[] {
  const readers = resources.filter((resource) =>
    [sidecarOf(resource), ...ownSidecarsOf(resource)].some(
      (sidecar) =>
        sidecar && (sidecar.label ?? byDefault) === label && searches(sidecar.searchNamespace, namespace, resource),
    ),
  );
  return readers.length > 0 ? readers.map(({ urn }) => urn) : [`the label ${label}`];
}

/** The k8s-sidecars of a workload, by their variables: https://github.com/kiwigrid/k8s-sidecar#configuration-environment-variables */
function ownSidecarsOf(resource: Resource): Block[] {
  return podsOf(resource).flatMap((pods) => {
    if (pods instanceof Unknown) return [];
    return pods.containers.flatMap(({ fields }) => {
      const variables = fields instanceof Unknown || !Array.isArray(fields.env) ? [] : fields.env.filter(isBlock);
      const valueOf = (name: string) => variables.find((each) => each.name === name)?.value;
      const [label, searched] = [valueOf("LABEL"), valueOf("NAMESPACE")];
      if (valueOf("FOLDER") === undefined || label === undefined) return [];
      return [{ label, searchNamespace: typeof searched === "string" ? searched.split(",") : searched }];
    });
  });
}

function sidecarOf(resource: Resource): Block | undefined {
  const [chart] = chartsOf(resource);
  if (!chart || !hasGrafana(chart.values)) return undefined;
  const found = at(chart.values, chart.name === "grafana" ? "sidecar.datasources" : "grafana.sidecar.datasources");
  const sidecar = isBlock(found) ? found : {};
  const isOn = sidecar.enabled ?? chart.name === "kube-prometheus-stack";
  return isOn === true ? sidecar : undefined;
}

// One's own namespace, where nothing else is said.
function searches(namespaces: unknown, wanted: string | undefined, { namespace, props }: Resource): boolean {
  const own = at(props, "spec.targetNamespace") ?? at(props, "spec.destination.namespace") ?? namespace;
  if (namespaces === undefined || namespaces === null) return own === wanted;
  return [namespaces].flat().some((each) => each === "ALL" || each === wanted);
}
