import { isMap as isYamlMap, parseAllDocuments } from "yaml";
import { groupBy } from "../shared/group-by";
import type { Release } from "./release";

/** An object that a release has because its own values ask for it. */
export interface Added {
  /** Kind, namespace and name, such as `HTTPRoute monitoring/kps-prometheus`. */
  name: string;
  /** Where the values have it. */
  values: string;
  /** What to do before it goes. */
  how: string;
  /** It goes with the first update, not in stage kps-removed. */
  first?: true;
}

const again = "create it yourself before that stage; until then adopt.kps.values keeps it";
const toMetrics = "create your own for the Service metrics, port 9090";
const ofThanos =
  "from then on nothing uploads blocks or answers Thanos: before that, copy what you need into the stack (docs/backfill.md), or do without";
const alertmanager = { how: "the stack's Alertmanager is the Service alertmanager: create what you need for that one" };

/**
 * The templates of the chart (88.5.3) that render what only a user's values ask for, and that no other list of an adoption has by name. Left out
 * is what concerns nothing but the pods that go: budgets, network policies, permissions.
 */
const templates: Readonly<Record<string, Omit<Added, "name">>> = {
  "extra-objects": { values: "extraManifests", how: again },
  "prometheus/servicemonitors": { values: "prometheus.additionalServiceMonitors", how: again },
  "prometheus/podmonitors": { values: "prometheus.additionalPodMonitors", how: again },
  "prometheus/extrasecret": { values: "prometheus.extraSecret", how: again },
  "prometheus/csi-secret": { values: "prometheus.prometheusSpec.thanos.objectStorageConfig", how: ofThanos },
  "prometheus/route": { values: "prometheus.route", how: toMetrics },
  "prometheus/routeperreplica": { values: "prometheus.routePerReplica", how: toMetrics },
  "prometheus/serviceperreplica": { values: "prometheus.servicePerReplica", how: toMetrics },
  "prometheus/serviceThanosSidecar": { values: "prometheus.thanosService", how: ofThanos },
  "prometheus/serviceThanosSidecarExternal": { values: "prometheus.thanosServiceExternal", how: ofThanos },
  "prometheus/servicemonitorThanosSidecar": { values: "prometheus.thanosServiceMonitor", how: ofThanos },
  "thanos-ruler/route": {
    values: "thanosRuler.route",
    how: "its rules can be PrometheusRules, which the stack evaluates",
  },
  "alertmanager/route": { values: "alertmanager.route", first: true, ...alertmanager },
  "alertmanager/routeperreplica": { values: "alertmanager.routePerReplica", first: true, ...alertmanager },
  "alertmanager/serviceperreplica": { values: "alertmanager.servicePerReplica", first: true, ...alertmanager },
  "alertmanager/extrasecret": { values: "alertmanager.extraSecret", first: true, ...alertmanager },
};

/** Helm writes before each object which template it is of. */
const source = /^# Source: kube-prometheus-stack\/templates\/(.+)\.ya?ml$/m;

/**
 * What a release has because its own values ask for it, by the place in the values.
 * @param release of kube-prometheus-stack
 */
export function addedObjects({ manifest, namespace }: Release): Map<string, Added[]> {
  const all = manifest.split(/^---\s*$/m).flatMap((text) => {
    const template = templates[source.exec(text)?.[1] ?? ""];
    return template ? objectsIn(text, namespace).map((name) => ({ name, ...template })) : [];
  });
  return groupBy(all, ({ values }) => values);
}

interface Manifest {
  kind?: string;
  metadata?: { name?: string; namespace?: string };
  items?: Manifest[];
}

/** Names; what is no YAML has none. */
const objectsIn = (text: string, namespace: string): string[] =>
  parseAllDocuments(text)
    .filter(({ errors }) => errors.length === 0)
    .map((document) => document.toJS() as Manifest | null)
    .flatMap((object) => object?.items ?? object ?? [])
    .flatMap(({ kind, metadata }) =>
      kind && metadata?.name ? `${kind} ${metadata.namespace ?? namespace}/${metadata.name}` : [],
    );

/** An object of a release's manifest. */
export interface ChartObject {
  kind: string;
  metadata: { name: string; namespace?: string };
  spec?: {
    groups?: { name: string }[];
    endpoints?: { metricRelabelings?: Relabeling[] }[];
  };
}

const kinds = /^kind: (ServiceMonitor|Service|PrometheusRule)\s*$/m;

/** A step of Prometheus' relabeling, as the operator writes it. */
export interface Relabeling {
  action?: string;
  regex?: string;
  sourceLabels?: string[];
}

/**
 * The objects of a release that may be about the control plane; most of its manifest, the dashboards, is not read.
 * @param release of kube-prometheus-stack
 */
export function chartObjects({ manifest }: Release): ChartObject[] {
  return manifest
    .split(/^---.*$/m)
    .filter((text) => kinds.test(text))
    .flatMap((text) => parseAllDocuments(text, { logLevel: "silent" }))
    .flatMap((document) => (isYamlMap(document.contents) ? [document.toJS() as ChartObject] : []));
}
