import type { Readable } from "../../components/alloy/unsupported";
import {
  chartObjects,
  controlPlaneParts,
  endsByImport,
  isScraped,
  type ControlPlanePart,
} from "../../components/monitors/control-plane";
import { labelSelector } from "../../components/grafana/sidecar";
import type { Settings } from "../../settings/schema";
import { notifiesNobody, notifiesPeople } from "../../settings/sections/alerting";
import { seconds } from "../../settings/units";
import { stageOf, type Backend, type Stage } from "../../stages";
import { labelsOf, type Around } from "../shared/belongings";
import type { KubernetesObject } from "../shared/objects";
import type { RenderedResource } from "../shared/render";
import { dataSourcesIn, panelsIn, type Dashboard, type DataSource, type PanelQuery } from "./dashboards";
import type { LoadedStack } from "./load";
import { bucketsIn, type AppBuckets } from "./buckets";
import { isWorkload, notRunReason, type Unavailable } from "./unavailable";
import { formerTopology } from "../../components/loki/topology";
import { formerNames } from "../../settings/former-names";
import { prometheusServices } from "../shared/askers";
import { fullname, prometheusName, runsOperator } from "../../settings/release-values";

/** The parts that checks are about. */
export type Part =
  | "loki"
  | "gateway"
  | "canary"
  | "collector"
  | "prometheus"
  | "mimir"
  | "victoria-metrics"
  | "vmalert"
  | "evaluator"
  | "metrics"
  | "prometheus-api"
  | "metrics-collector"
  | "rule-sync"
  | "control-plane"
  | "upstream-rules"
  | "former-kps"
  | "former-writers"
  | "alertmanager"
  | "receivers"
  | "grafana"
  | "applications"
  | "backup";

/** A workload of the stack. */
export interface Workload {
  part?: Part;
  kind: string;
  name: string;
  namespace: string;
  /** Replicas in the stack; undefined if the cluster decides (a DaemonSet), or for a Job. */
  replicas?: number;
  /** Container port of its metrics. */
  metricsPort?: number;
  /** Where it is reached inside the cluster. */
  addresses: string[];
  /** Why it can't run on this cluster. */
  notRun?: string;
}

/** What is known of a kube-prometheus-stack that the migration removed. */
export interface FormerKps {
  namespace: string;
  release: string;
  /** The prefix of the names of the chart's objects. */
  fullname: string;
  /** The name of its Prometheus, from which the operator made the names of StatefulSet and claims. */
  prometheus: string;
  /** Whether its volume should be deleted with it. */
  reclaimed: boolean;
}

/** The writers of the mode that Loki had until now. */
export interface FormerWriters {
  /** Pods that they were. */
  pods: string[];
  /** How many are left: those with the lowest numbers. */
  left: number;
}

/** A stack, as far as its checklist needs it. */
export interface Subject {
  stack: string;
  stage: Settings["stage"];
  /** What that stage turns on. */
  on: Stage;
  /** What keeps its metrics for long, in the stages that have it. */
  backend: Backend;
  namespace: string;
  workloads: Workload[];
  /** The stack's parts, and which of them can't run on this cluster. */
  parts: Partial<Record<Part, { notRun?: string }>>;
  /** How old a copy of the buckets may be, in seconds; only where a schedule makes some. */
  backup?: { maxAge: number };
  /** Where Loki and Mimir keep their objects. */
  buckets: Partial<Record<"loki" | "mimir", AppBuckets>>;
  /** Base URL of each data source by its uid, as in Grafana. */
  sources: Partial<Record<"loki" | "prometheus" | Backend | "alertmanager", string>>;
  /** Grafana's data sources. */
  dataSources: DataSource[];
  panels: PanelQuery[];
  /** Label of the ConfigMaps in which an existing Grafana finds dashboards, the stack's and others. */
  dashboardLabel?: string;
  /** The labels by which Grafana finds dashboards and data sources; default: the chart's. */
  labels?: Around["labels"];
  /** What Grafana's sidecar looks for, and who may ask Grafana; only where it has one. */
  sidecar?: Sidecar;
  /** Monitors and rules of the stack: objects of the Prometheus operator's CRDs. */
  monitoring: KubernetesObject[];
  /** What may be read of Secrets and ConfigMaps to scrape, once Prometheus is gone. */
  readable: Readable;
  /** Only while Loki's mode changes. */
  formerWriters?: FormerWriters;
  /** Only if the migration removed one. */
  formerKps?: FormerKps;
  /** The release that the stack has or had, and the Services by which its Prometheus is asked, all as `namespace/name`. */
  prometheus?: { release: string; services: string[] };
  /** Services of a removed release that lead to the stack's own address, as `namespace/name`. */
  formerNames: readonly string[];
  /** The parts of the control plane that are scraped. */
  controlPlane: ControlPlanePart[];
  /** What the import of an adopted release removed, one sentence each. */
  endedByImport: string[];
  /** Namespaces whose logs are not collected. */
  excludedNamespaces: readonly string[];
  /** The part whose pods run Alertmanager: its own, or Mimir's. */
  notifier: "receivers" | "mimir";
  /** Whether Alertmanager notifies people and a dead man's switch, and how. */
  told: {
    people: boolean;
    heartbeat: boolean;
    /** The settings say that no person shall be. */
    nobody?: boolean;
    /** By an Alertmanager that is not the stack's. */
    elsewhere?: boolean;
    /** By a configuration that the user wrote, under names of their own. */
    existingConfiguration?: boolean;
  };
}

/** What Grafana's sidecar looks for. */
export interface Sidecar {
  /** Label selectors. */
  dashboards: string;
  dataSources: string;
  /** Default: all. */
  namespaces?: string[];
  /** Whether Secrets are looked at too. */
  secrets: boolean;
  /** The administrator's Secret, and its keys. */
  admin: { name: string; user: string; password: string };
}

/** Arguments of {@link subjectOf}. */
export interface SubjectArgs extends LoadedStack {
  /** Image references that this cluster can't pull, each with the reason. */
  unavailable: Unavailable;
}

/** The component that a part's workloads belong to. */
const components: readonly [string, Part][] = [
  ["observability:loki:LokiWorkload", "loki"],
  ["observability:loki:LokiGateway", "gateway"],
  ["observability:loki:LokiCanary", "canary"],
  ["observability:alloy:LogCollector", "collector"],
  ["observability:vector:Vector", "collector"],
  ["observability:alloy:MetricsCollector", "metrics-collector"],
  ["observability:alloy:RuleSync", "rule-sync"],
  ["observability:mimir:Mimir", "mimir"],
  ["observability:prometheus-api:PrometheusApi", "prometheus-api"],
  ["observability:victoria-metrics:VictoriaMetrics", "victoria-metrics"],
  ["observability:vmalert:Vmalert", "vmalert"],
  ["observability:vmagent:Vmagent", "metrics-collector"],
  ["observability:alertmanager:Alertmanager", "receivers"],
  ["observability:grafana:Grafana", "grafana"],
  ["observability:backup:Backup", "backup"],
];

const kpsChart = "kube-prometheus-stack";

/**
 * What a stack should have on its cluster, from its own graph; the cluster is not asked.
 * @param args the stack as rendered, and the images that its cluster can't pull
 */
export function subjectOf({ stack, settings, resources, unavailable }: SubjectArgs): Subject {
  const { stage, namespace, logs, alertmanager, adopt, grafana } = settings;
  const on = stageOf(settings);
  const objects = resources.flatMap(({ object }) => (object ? [object] : []));
  const workloads = [...ownWorkloads(resources, unavailable), ...kpsWorkloads(resources, unavailable)];
  const { sources, dataSources, panels } = shown(objects);
  const sidecar = sidecarOf(objects);
  const running = partsOf(workloads);
  const [evaluator, metrics] = [running[on.evaluator], running[on.defaultDataSource]];
  const formerKps = formerKpsOf(settings, on);
  const formerWriters = formerWritersOf(settings);
  const notifier = alertmanager.implementation === "mimir" ? "mimir" : "receivers";
  const receivers = running[notifier];
  const scraped = controlPlaneParts.filter((part) => isScraped(settings.monitors[part]));
  return {
    stack,
    stage,
    on,
    backend: settings.metrics.backend,
    namespace: namespace.name,
    workloads,
    parts: {
      ...running,
      ...(evaluator && { evaluator }),
      ...(metrics && { metrics }),
      ...(formerKps && { "former-kps": {} }),
      ...(formerWriters && { "former-writers": {} }),
      ...(scraped.length > 0 && { "control-plane": {} }),
      ...(hasUpstream(resources) && { "upstream-rules": {} }),
      ...(sidecar && { applications: {} }),
      ...(adopt.alertmanagerUrl ? { alertmanager: {} } : receivers && { alertmanager: receivers, receivers }),
    },
    ...(settings.backup.enabled && { backup: { maxAge: seconds(settings.backup.maxAge) } }),
    buckets: bucketsIn(objects),
    sources,
    dataSources,
    panels,
    ...((!grafana.create || sidecar) && { dashboardLabel: grafana.dashboardLabel }),
    labels: labelsOf(settings),
    ...(sidecar && { sidecar }),
    monitoring: objects.filter(({ apiVersion }) => apiVersion.startsWith("monitoring.coreos.com/")),
    readable: { ...settings.metrics, namespace: namespace.name },
    ...(formerKps && { formerKps }),
    ...(formerWriters && { formerWriters }),
    ...(settings.kps.enabled && { prometheus: prometheusOf(settings) }),
    formerNames: formerNames(settings),
    controlPlane: scraped,
    endedByImport: endedByImport(settings),
    excludedNamespaces: logs.excludeNamespaces,
    notifier,
    told: {
      people: notifiesPeople(alertmanager),
      heartbeat: alertmanager.heartbeat,
      nobody: notifiesNobody(alertmanager),
      elsewhere: adopt.alertmanagerUrl !== undefined,
      existingConfiguration: alertmanager.existingConfigSecret !== undefined,
    },
  };
}

/** What an adopted release had for parts of the control plane that the stack doesn't scrape. */
function endedByImport({ adopt, monitors }: Settings): string[] {
  if (!adopt.kps) return [];
  const [namespace, release] = adopt.kps.release.split("/");
  const name = { namespace, fullname: fullname(release, adopt.kps.values) };
  return controlPlaneParts
    .filter((part) => !isScraped(monitors[part]))
    .map((part) => `${chartObjects(part, name).join(", ")}: ${endsByImport(part)}`);
}

function prometheusOf({ namespace, kps, adopt }: Settings): NonNullable<Subject["prometheus"]> {
  const release = adopt.kps?.release ?? `${namespace.name}/${kps.releaseName}`;
  const [where, name] = release.split("/");
  return { release, services: prometheusServices(where, fullname(name, adopt.kps?.values ?? {})) };
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

/** Those that there were, by the settings of the mode that Loki had until now. */
function formerWritersOf({ loki }: Settings): FormerWriters | undefined {
  const former = formerTopology(loki)?.doing.ingester;
  if (!former) return undefined;
  const { name, replicas, left = replicas } = former;
  return { pods: Array.from({ length: replicas }, (_, i) => `${name}-${i}`), left };
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

const hasUpstream = (resources: readonly RenderedResource[]): boolean =>
  resources.some(({ release }) => release?.chart === kpsChart && !runsOperator(release.values));

/** The pods of the release, which the graph doesn't contain: their names come from the chart's templates and from the operator. */
function kpsWorkloads(resources: readonly RenderedResource[], unavailable: Unavailable): Workload[] {
  const release = resources.find(({ release }) => release?.chart === kpsChart && runsOperator(release.values))?.release;
  if (!release) return [];
  const { namespace, values } = release;
  const name = fullname(release.name, values);
  // Without the operator there is no Prometheus either.
  const notRun = chartImages(values)
    .map((image) => unavailable.get(image))
    .find((why) => why !== undefined);
  const common = { namespace, replicas: 1, notRun };
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

/** The images in a release's values for operator and Prometheus; the others are the chart's defaults. */
function chartImages(values: Record<string, unknown>): string[] {
  const { prometheus, prometheusOperator } = values as ChartValues;
  const given = [
    prometheus?.prometheusSpec?.image,
    prometheusOperator?.image,
    prometheusOperator?.prometheusConfigReloader?.image,
  ];
  return given.flatMap((image) => (image ? [`${image.registry}/${image.repository}:${image.tag}`] : []));
}

interface ChartImage {
  registry: string;
  repository: string;
  tag: string;
}

interface ChartValues {
  prometheus?: { prometheusSpec?: { image?: ChartImage } };
  prometheusOperator?: { image?: ChartImage; prometheusConfigReloader?: { image?: ChartImage } };
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

/** A Service's selector is a subset of the labels of its pods; headless Services are only for the pods themselves. */
function addressesOf(workload: KubernetesObject, services: readonly KubernetesObject[]): string[] {
  const labels = (workload.spec as WorkloadSpec).template?.metadata?.labels ?? {};
  return services.flatMap(({ metadata, spec }) => {
    const { selector, ports, clusterIP } = spec as ServiceSpec;
    const serves =
      selector !== undefined && clusterIP !== "None" && Object.entries(selector).every(([k, v]) => labels[k] === v);
    return serves ? [`${metadata.name}.${metadata.namespace}:${ports[0].port}`] : [];
  });
}

interface GrafanaPod {
  initContainers: { name: string; env?: { name: string; value: string }[] }[];
  volumes: { name: string; secret?: { secretName: string; items: { key: string; path: string }[] } }[];
}

/** As the sidecars' own variables say it. */
function sidecarOf(objects: readonly KubernetesObject[]): Sidecar | undefined {
  const grafana = objects.find(({ kind, metadata }) => kind === "StatefulSet" && metadata.name === "grafana");
  const pod = (grafana?.spec as { template: { spec: GrafanaPod } } | undefined)?.template.spec;
  const env = (name: string) => {
    const container = pod?.initContainers.find((each) => each.name === `sidecar-${name}`);
    return container && Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value]));
  };
  const [dashboards, dataSources] = [env("dashboards"), env("datasources")];
  const admin = pod?.volumes.find(({ name }) => name === "admin")?.secret;
  if (!dashboards || !dataSources || !admin) return undefined;
  const key = (path: string) => admin.items.find((item) => item.path === path)?.key ?? path;
  return {
    dashboards: labelSelector({ label: dashboards.LABEL, value: dashboards.LABEL_VALUE }),
    dataSources: labelSelector({ label: dataSources.LABEL, value: dataSources.LABEL_VALUE }),
    ...(dashboards.NAMESPACE !== "ALL" && { namespaces: dashboards.NAMESPACE.split(",") }),
    secrets: dataSources.RESOURCE !== "configmap",
    admin: { name: admin.secretName, user: key("admin-user"), password: key("admin-password") },
  };
}

/** Data sources and dashboards for Grafana, the stack's own or an existing one. */
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
