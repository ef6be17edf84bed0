import {
  cannotScrape,
  endsWithItsRules,
  endsWithPrometheus,
  scrapesDifferently,
  type MonitoringObject,
} from "../components/alloy/unsupported";
import { count, fail, pass, type Context, type Outcome } from "./check";
import { sourceOf } from "./logs";
import { instant } from "./queries";
import type { Reach } from "./reach";

/** ServiceMonitors, PodMonitors, Probes and ScrapeConfigs: are they there, will Alloy scrape them, does it? */

interface List<T> {
  items: T[];
}

interface Monitor extends MonitoringObject {
  metadata: MonitoringObject["metadata"] & { namespace: string };
}

/** Kinds by which something is scraped, with their paths. */
const scraped = {
  ServiceMonitor: "/apis/monitoring.coreos.com/v1/servicemonitors",
  PodMonitor: "/apis/monitoring.coreos.com/v1/podmonitors",
  Probe: "/apis/monitoring.coreos.com/v1/probes",
  ScrapeConfig: "/apis/monitoring.coreos.com/v1alpha1/scrapeconfigs",
} as const;

/** Every kind that has to outlive the operator, with its path. */
export const outliving = { ...scraped, PrometheusRule: "/apis/monitoring.coreos.com/v1/prometheusrules" } as const;

/** The objects of all namespaces by kind. The items of a list don't say their kind. */
async function monitors(reach: Reach, paths: Readonly<Record<string, string>>): Promise<Monitor[]> {
  const lists = await Promise.all(
    Object.entries(paths).map(async ([kind, path]) =>
      ((await reach.object<List<Monitor>>(path))?.items ?? []).map((item) => ({ ...item, kind })),
    ),
  );
  return lists.flat();
}

/**
 * The stack's own Prometheus, not another's beside it: its Service, which Grafana asks, has its name, or with
 * `cleanPrometheusOperatorObjectNames` in the release's values that name and `-prometheus`.
 */
export async function ownPrometheus({ subject, reach }: Context): Promise<Monitor[]> {
  const [service, namespace] = new URL(sourceOf(subject, "prometheus")).hostname.split(".");
  const path = `/apis/monitoring.coreos.com/v1/namespaces/${namespace}/prometheuses`;
  const there = await monitors(reach, { Prometheus: path });
  return there.filter(({ metadata: { name } }) => [name, `${name}-prometheus`].includes(service));
}

const called = ({ kind, metadata }: MonitoringObject) => `${kind} ${metadata.namespace}/${metadata.name}`;

/** Every monitor and rule of the stack is in the cluster. */
export async function monitorsThere({ subject, reach }: Context): Promise<Outcome> {
  const there = new Set((await monitors(reach, outliving)).map(called));
  const own = subject.monitoring.map(({ kind, metadata: { name, namespace = "default" } }) =>
    called({ kind, metadata: { name, namespace } }),
  );
  const missing = own.filter((each) => !there.has(each));
  const others = there.size - own.length + missing.length;
  return missing.length > 0
    ? fail(`${count(missing.length, "object")} of ${own.length} missing: ${missing.join(", ")}`)
    : pass(`${count(own.length, "object")} of the stack's, and ${others.toLocaleString("en-GB")} of others`);
}

/**
 * What Alloy won't scrape in stage `kps-removed`, and what ends with Prometheus, so that it can be mended while Prometheus still does it.
 * Nothing is wrong as yet.
 */
export async function alloyCanScrape(context: Context): Promise<Outcome> {
  const { subject, reach } = context;
  const all = (await Promise.all([monitors(reach, scraped), ownPrometheus(context)])).flat();
  const lacking = all.filter((object) => cannotScrape(object, subject.readable).length > 0);
  const notes = all.flatMap((object) => [
    ...[
      ...cannotScrape(object, subject.readable),
      ...endsWithPrometheus(object),
      ...(subject.on.evaluator === "prometheus" ? endsWithItsRules(object) : []),
    ].map((why) => `${called(object)}: ${why}`),
    ...scrapesDifferently(object).map((why) => `${called(object)} is scraped, but ${why}`),
  ]);
  const said = count(all.length, "object");
  return pass(lacking.length === 0 ? `all of ${said}` : `${lacking.length} of ${said} not, or not as Prometheus does`, {
    notes,
  });
}

interface Selector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

/** A step of relabelling, as far as it counts here. */
interface Step {
  action?: string;
  targetLabel?: string;
}

interface Endpoint {
  port?: string;
  portNumber?: number;
  targetPort?: string | number;
  relabelings?: Step[];
}

interface MonitorSpec {
  selector?: Selector;
  namespaceSelector?: { any?: boolean; matchNames?: string[] };
  endpoints?: Endpoint[];
  podMetricsEndpoints?: Endpoint[];
  /** Of a Probe. */
  targets?: Partial<Record<"staticConfig" | "ingress", { relabelingConfigs?: Step[] }>>;
  /** Of a ScrapeConfig and of a Probe: label `job` of its series. */
  jobName?: string;
}

interface Labelled {
  metadata: { name: string; namespace: string; labels?: Record<string, string> };
}
interface Container {
  ports?: { name?: string; containerPort?: number }[];
}
interface RunningPod extends Labelled {
  spec?: { containers?: Container[]; initContainers?: Container[] };
}
interface EndpointSlice extends Labelled {
  ports?: { name?: string }[] | null;
  endpoints?: unknown[] | null;
}

/** What a monitor finds to scrape. */
interface Target {
  monitor: Monitor;
  /** For a message: `Service monitoring/loki`. */
  what: string;
  /** Labels that one of its series of `up` must have. */
  labels: Record<string, string>;
  /** Whether the monitor's own relabelling may leave it out, or give it other labels. */
  relabelled: boolean;
}

/** Every monitor that finds something has series of `up` in Mimir from the last minutes, unless it is relabelled. */
export async function monitorsScraped(context: Context): Promise<Outcome> {
  const { subject, reach, now } = context;
  const [all, services, pods, slices, up] = await Promise.all([
    monitors(reach, scraped),
    listOf<Labelled>(reach, "/api/v1/services"),
    listOf<RunningPod>(reach, "/api/v1/pods?fieldSelector=status.phase%3DRunning"),
    listOf<EndpointSlice>(reach, "/apis/discovery.k8s.io/v1/endpointslices"),
    // The longest time between two scrapes that anybody should ask for, and one more.
    instant(reach, sourceOf(subject, "mimir"), "group by (job, namespace, service, pod) (last_over_time(up[5m]))", now),
  ]);
  const [lacking, able] = [
    all.filter((each) => cannotScrape(each, subject.readable).length > 0),
    all.filter((each) => cannotScrape(each, subject.readable).length === 0),
  ];
  const found = able.map((monitor) => ({ monitor, targets: targetsOf(monitor, { services, pods, slices }) }));
  const missing = found
    .flatMap(({ targets }) => targets)
    .filter(
      ({ labels }) => !up.some(({ metric }) => Object.entries(labels).every(([key, value]) => metric[key] === value)),
    );
  const without = ({ monitor, what }: Target) => `${called(monitor)}: no \`up\` of ${what} in the last 5 min`;
  const problems = missing.filter(({ relabelled }) => !relabelled).map(without);
  const unsure = missing.filter(({ relabelled }) => relabelled).map(without);
  const idle = found.filter(({ targets }) => targets.length === 0).map(({ monitor }) => called(monitor));
  const notes = [
    ...problems,
    ...unsure.map((said) => `${said}; its relabelings may leave it out or rename it`),
    ...lacking.flatMap((each) => cannotScrape(each, subject.readable).map((why) => `${called(each)}: ${why}`)),
    ...(idle.length > 0 ? [`find nothing to scrape: ${idle.join(", ")}`] : []),
  ];
  const targets = found.reduce((sum, { targets }) => sum + targets.length, 0);
  const beside = lacking.length > 0 ? `; ${lacking.length} more that Alloy can't scrape as they are` : "";
  if (up.length === 0) return fail("Mimir has no sample of `up` of the last 5 min", { notes, untouched: true });
  if (problems.length > 0) return fail(`${problems[0]}${more(problems.length - 1)}${beside}`, { notes });
  return pass(`${count(targets - missing.length, "target")} of ${count(able.length, "monitor")}${beside}`, { notes });
}

const more = (n: number) => (n > 0 ? `, and ${n} more` : "");

const listOf = async <T>(reach: Reach, path: string): Promise<T[]> => (await reach.object<List<T>>(path))?.items ?? [];

/** What there is in the cluster to be scraped. */
interface Scrapable {
  services: readonly Labelled[];
  pods: readonly RunningPod[];
  slices: readonly EndpointSlice[];
}

/** What a monitor should find, as far as it can be told from its spec. */
function targetsOf(monitor: Monitor, { services, pods, slices }: Scrapable): Target[] {
  const { kind, metadata, spec } = monitor;
  const { selector = {}, endpoints = [], podMetricsEndpoints = [], targets, jobName } = (spec ?? {}) as MonitorSpec;
  const selected = <T extends Labelled>(objects: readonly T[]) =>
    objects.filter((each) => inNamespace(monitor, each) && matches(selector, each.metadata.labels));
  // One of several endpoints that isn't relabelled is enough for a series.
  const target = (what: string, labels: Target["labels"], finding: readonly Endpoint[]): Target[] =>
    finding.length === 0
      ? []
      : [{ monitor, what, labels, relabelled: finding.every(({ relabelings }) => mayLose(labels, relabelings)) }];
  switch (kind) {
    case "ServiceMonitor":
      return selected(services).flatMap((service) => {
        const { namespace, name } = service.metadata;
        const finding = endpoints.filter((endpoint) => isServed(service, endpoint, slices));
        return target(`Service ${namespace}/${name}`, { namespace, service: name }, finding);
      });
    case "PodMonitor":
      return selected(pods).flatMap((pod) => {
        const { namespace, name } = pod.metadata;
        const finding = podMetricsEndpoints.filter((endpoint) => hasPort(pod, endpoint));
        return target(`pod ${namespace}/${name}`, { namespace, pod: name }, finding);
      });
    case "Probe": {
      const relabelings = [targets?.staticConfig, targets?.ingress].flatMap((each) => each?.relabelingConfigs ?? []);
      return target("its targets", { job: jobName ?? `probe/${metadata.namespace}/${metadata.name}` }, [
        { relabelings },
      ]);
    }
    default:
      // The stack's own; it keeps what it is for.
      return jobName === undefined ? [] : target(`job ${jobName}`, { job: jobName }, [{}]);
  }
}

/** Actions that write a label and keep the target. */
const writing = ["replace", "hashmod", "lowercase", "uppercase"];

/**
 * Whether steps may drop a target, or give it others than these labels. `instance` is nobody's here.
 * @see https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config
 */
const mayLose = (labels: Target["labels"], steps: readonly Step[] = []): boolean =>
  steps.some(
    ({ action = "replace", targetLabel = "" }) =>
      !writing.includes(action.toLowerCase()) || targetLabel in labels || targetLabel.includes("$"),
  );

function inNamespace({ metadata, spec }: Monitor, object: Labelled): boolean {
  const { any = false, matchNames = [] } = ((spec ?? {}) as MonitorSpec).namespaceSelector ?? {};
  const names = matchNames.length > 0 ? matchNames : [metadata.namespace];
  return any || names.includes(object.metadata.namespace);
}

/** @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors */
function matches({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Record<string, string> = {}): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const there = key in labels;
      if (operator === "Exists") return there;
      if (operator === "DoesNotExist") return !there;
      return operator === "In" ? there && values.includes(labels[key]) : !(there && values.includes(labels[key]));
    })
  );
}

/** Whether somebody is behind the port that is scraped. */
const isServed = ({ metadata }: Labelled, { port }: Endpoint, slices: readonly EndpointSlice[]): boolean =>
  slices
    .filter(
      (slice) =>
        slice.metadata.namespace === metadata.namespace &&
        slice.metadata.labels?.["kubernetes.io/service-name"] === metadata.name &&
        (slice.endpoints ?? []).length > 0,
    )
    // A target port is not among a slice's names.
    .some(({ ports }) => port === undefined || (ports ?? []).some(({ name }) => name === port));

/** Whether a container has the port that is scraped: Jobs and helpers may have the labels of what they help, and not its port. */
function hasPort({ spec = {} }: RunningPod, { port, portNumber, targetPort }: Endpoint): boolean {
  const asked = port ?? portNumber ?? targetPort;
  // Without one every port is scraped, and of a container that names none the pod's address.
  if (asked === undefined) return true;
  return [...(spec.containers ?? []), ...(spec.initContainers ?? [])].some(({ ports = [] }) =>
    ports.some(({ name, containerPort }) => name === asked || containerPort === asked),
  );
}
