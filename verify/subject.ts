import type { Readable } from "../components/alloy/unsupported";
import { fullname, prometheusName } from "../components/kube-prometheus-stack/chart";
import type { Settings } from "../config/schema";
import { stageOf, type Stage } from "../migration/stages";
import type { KubernetesObject } from "../offline/objects";
import type { RenderedResource } from "../offline/render";
import { notRunReason, type Unavailable } from "../sandbox/apply";
import { isWorkload } from "../sandbox/kubectl";
import { dataSourcesIn, panelsIn, type Dashboard, type DataSource, type PanelQuery } from "./dashboards";
import type { LoadedStack } from "./load";

/** What checks are about. */
export type Part =
  | "loki"
  | "gateway"
  | "canary"
  | "collector"
  | "prometheus"
  | "mimir"
  | "evaluator"
  | "metrics"
  | "metrics-collector"
  | "rule-sync"
  | "former-kps"
  | "alertmanager"
  | "receivers"
  | "grafana";

/** Something of the stack that runs pods. */
export interface Workload {
  part?: Part;
  kind: string;
  name: string;
  namespace: string;
  /** Replicas that the stack gives it; undefined where the cluster decides (a DaemonSet), or for a Job. */
  replicas?: number;
  /** Container port of its metrics. */
  metricsPort?: number;
  /** Where it is reached inside the cluster. */
  addresses: string[];
  /** Why it can't run on this cluster. */
  notRun?: string;
}

/** What remains known of a kube-prometheus-stack that the migration removed. */
export interface FormerKps {
  namespace: string;
  release: string;
  /** The name that the chart's objects began with. */
  fullname: string;
  /** The name of its Prometheus, from which the operator made those of StatefulSet and claims. */
  prometheus: string;
  /** Whether its volume was to go with it. */
  reclaimed: boolean;
}

/** A stack, as far as its checklist goes. */
export interface Subject {
  stack: string;
  stage: Settings["stage"];
  /** What is on in that stage. */
  on: Stage;
  namespace: string;
  workloads: Workload[];
  /** What the stack has, and what of it can't run on this cluster. */
  parts: Partial<Record<Part, { notRun?: string }>>;
  /** Base URL of each data source by its uid, as Grafana has them. */
  sources: Partial<Record<"loki" | "prometheus" | "mimir" | "alertmanager", string>>;
  /** The data sources that Grafana is given. */
  dataSources: DataSource[];
  panels: PanelQuery[];
  /** Label of the ConfigMaps in which a Grafana that exists finds dashboards, the stack's and others. */
  dashboardLabel?: string;
  /** Monitors and rules of the stack: objects of the Prometheus operator's CRDs. */
  monitoring: KubernetesObject[];
  /** What Alloy may read of Secrets and ConfigMaps to scrape. */
  readable: Readable;
  /** Only where the migration removed one. */
  formerKps?: FormerKps;
  /** Namespaces whose logs are not collected. */
  excludedNamespaces: readonly string[];
  /** The part whose pods are Alertmanager's: its own, or Mimir's. */
  notifier: "receivers" | "mimir";
  /** Whom Alertmanager tells: nobody, people, a dead man's switch. */
  told: { people: boolean; heartbeat: boolean };
}

/** What {@link subjectOf} is made from. */
export interface SubjectArgs extends LoadedStack {
  /** Image references and names of charts that this cluster can't have, each with the reason. */
  unavailable: Unavailable;
}

/** The component that a part's workloads belong to. */
const components: readonly [string, Part][] = [
  ["observability:loki:LokiWorkload", "loki"],
  ["observability:loki:LokiGateway", "gateway"],
  ["observability:loki:LokiCanary", "canary"],
  ["observability:alloy:LogCollector", "collector"],
  ["observability:alloy:MetricsCollector", "metrics-collector"],
  ["observability:alloy:RuleSync", "rule-sync"],
  ["observability:mimir:Mimir", "mimir"],
  ["observability:alertmanager:Alertmanager", "receivers"],
  ["observability:grafana:Grafana", "grafana"],
];

const kpsChart = "kube-prometheus-stack";

/**
 * What a stack should have on its cluster, from its own graph: nothing that runs is asked.
 * @param args the stack as rendered, and what its cluster can't have
 */
export function subjectOf({ stack, settings, resources, unavailable }: SubjectArgs): Subject {
  const { stage, namespace, logs, alertmanager, adopt, grafana } = settings;
  const on = stageOf(settings);
  const objects = resources.flatMap(({ object }) => (object ? [object] : []));
  const workloads = [...ownWorkloads(resources, unavailable), ...kpsWorkloads(resources, unavailable)];
  const { sources, dataSources, panels } = shown(objects);
  const running = partsOf(workloads);
  const [evaluator, metrics] = [running[on.evaluator], running[on.defaultDataSource]];
  const formerKps = formerKpsOf(settings, on);
  const notifier = alertmanager.implementation === "mimir" ? "mimir" : "receivers";
  const receivers = running[notifier];
  return {
    stack,
    stage,
    on,
    namespace: namespace.name,
    workloads,
    parts: {
      ...running,
      ...(evaluator && { evaluator }),
      ...(metrics && { metrics }),
      ...(formerKps && { "former-kps": {} }),
      ...(adopt.alertmanagerUrl ? { alertmanager: {} } : receivers && { alertmanager: receivers, receivers }),
    },
    sources,
    dataSources,
    panels,
    ...(!grafana.create && { dashboardLabel: grafana.dashboardLabel }),
    monitoring: objects.filter(({ apiVersion }) => apiVersion.startsWith("monitoring.coreos.com/")),
    readable: settings.metrics,
    ...(formerKps && { formerKps }),
    excludedNamespaces: logs.excludeNamespaces,
    notifier,
    told: { people: alertmanager.pushover || alertmanager.webhook !== undefined, heartbeat: alertmanager.heartbeat },
  };
}

/** A stack with `kps.enabled: false` never had one. */
function formerKpsOf({ namespace, kps, adopt, migration }: Settings, on: Stage): FormerKps | undefined {
  if (!kps.enabled || on.kps) return undefined;
  const [where, release] = adopt.kps?.release.split("/") ?? [namespace.name, kps.releaseName];
  const values = adopt.kps?.values ?? {};
  return {
    ...{ namespace: where, release, fullname: fullname(release, values), prometheus: prometheusName(release, values) },
    reclaimed: migration.reclaimVolumes?.includes("prometheus") ?? false,
  };
}

function ownWorkloads(resources: readonly RenderedResource[], unavailable: Unavailable): Workload[] {
  const objects = resources.flatMap(({ object }) => (object ? [object] : []));
  const services = objects.filter(({ kind }) => kind === "Service");
  return resources.flatMap(({ urn, object }) => {
    if (!object || !isWorkload(object)) return [];
    const { kind, metadata } = object;
    return {
      part: components.find(([type]) => urn.includes(`${type}$`))?.[1],
      kind,
      name: metadata.name,
      namespace: metadata.namespace ?? "default",
      replicas: replicasOf(object),
      metricsPort: metricsPortOf(object),
      addresses: addressesOf(object, services),
      notRun: notRunReason(object, unavailable),
    };
  });
}

/** The pods of the release, which the graph doesn't show: their names are those of the chart's templates and of the operator. */
function kpsWorkloads(resources: readonly RenderedResource[], unavailable: Unavailable): Workload[] {
  const release = resources.find(({ release }) => release?.chart === kpsChart)?.release;
  if (!release) return [];
  const { namespace, values } = release;
  const name = fullname(release.name, values);
  const common = { namespace, replicas: 1, notRun: unavailable.get(kpsChart) };
  return [
    { ...common, kind: "Deployment", name: `${name}-operator`, addresses: [] },
    {
      ...common,
      part: "prometheus",
      kind: "StatefulSet",
      name: `prometheus-${prometheusName(release.name, values)}`,
      metricsPort: 9090,
      addresses: [`${name}-prometheus.${namespace}:9090`],
    },
  ];
}

function partsOf(workloads: readonly Workload[]): Subject["parts"] {
  const parts: Subject["parts"] = {};
  for (const { part, notRun } of workloads) if (part) parts[part] = { notRun: parts[part]?.notRun ?? notRun };
  return parts;
}

interface WorkloadSpec {
  replicas?: number;
  template?: {
    metadata?: { labels?: Record<string, string> };
    spec: { containers: { ports?: { name?: string; containerPort: number }[] }[] };
  };
}

const replicasOf = ({ kind, spec }: KubernetesObject): number | undefined =>
  kind === "Deployment" || kind === "StatefulSet" ? ((spec as WorkloadSpec).replicas ?? 1) : undefined;

const metricsPortOf = ({ spec }: KubernetesObject): number | undefined =>
  (spec as WorkloadSpec).template?.spec.containers
    .flatMap(({ ports = [] }) => ports)
    .find(({ name }) => name === "http-metrics" || name === "http")?.containerPort;

interface ServiceSpec {
  selector?: Record<string, string>;
  ports: { port: number }[];
  clusterIP?: string;
}

/** A Service's selector is a part of the labels of the pods that it serves; headless ones are for the pods among themselves. */
function addressesOf(workload: KubernetesObject, services: readonly KubernetesObject[]): string[] {
  const labels = (workload.spec as WorkloadSpec).template?.metadata?.labels ?? {};
  return services.flatMap(({ metadata, spec }) => {
    const { selector, ports, clusterIP } = spec as ServiceSpec;
    const serves =
      selector !== undefined && clusterIP !== "None" && Object.entries(selector).every(([k, v]) => labels[k] === v);
    return serves ? [`${metadata.name}.${metadata.namespace}:${ports[0].port}`] : [];
  });
}

/** What Grafana is given, its own or one that exists: data sources and dashboards. */
function shown(objects: readonly KubernetesObject[]): Pick<Subject, "sources" | "dataSources" | "panels"> {
  const files = objects
    .filter(({ kind }) => kind === "ConfigMap")
    .flatMap(({ metadata, data }) =>
      Object.values((data ?? {}) as Record<string, string>).map((text) => ({ name: metadata.name, text })),
    );
  const dataSources = files
    .filter(({ name }) => name === "grafana-datasources")
    .flatMap(({ text }) => dataSourcesIn(text));
  const dashboards = files
    .filter(({ name }) => name.startsWith("grafana-dashboard-"))
    .map(({ text }) => JSON.parse(text) as Dashboard);
  return {
    sources: Object.fromEntries(dataSources.map(({ uid, url }) => [uid, url])),
    dataSources,
    panels: dashboards.flatMap((dashboard) => panelsIn(dashboard, dataSources)),
  };
}
