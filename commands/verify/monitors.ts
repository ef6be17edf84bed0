import { selects, type Selector } from "../shared/selector";
import {
  endsWithItsRules,
  endsWithPrometheus,
  isBaseTarget,
  type MonitoringObject,
} from "../../components/alloy/unsupported";
import { controlPlane } from "../../components/monitors/control-plane";
import { backendTitles, type Backend } from "../../stages";
import { successors } from "../shared/scraping";
import { fail, pass, type Context, type Outcome } from "./check";
import { count } from "../shared/words";
import { sourceOf } from "./logs";
import { instant } from "./queries";
import type { Reach } from "./reach";
import type { Subject } from "./subject";

/** ServiceMonitors, PodMonitors, Probes and ScrapeConfigs: do they exist, will they be scraped once Prometheus is gone, are they? */

interface List<T> {
  items: T[];
}

interface Monitor extends MonitoringObject {
  metadata: MonitoringObject["metadata"] & { namespace: string };
}

/** Kinds that describe what is scraped, with their paths. */
const scraped = {
  ServiceMonitor: "/apis/monitoring.coreos.com/v1/servicemonitors",
  PodMonitor: "/apis/monitoring.coreos.com/v1/podmonitors",
  Probe: "/apis/monitoring.coreos.com/v1/probes",
  ScrapeConfig: "/apis/monitoring.coreos.com/v1alpha1/scrapeconfigs",
} as const;

/** Every kind that must outlive the operator, with its path. */
export const outliving = { ...scraped, PrometheusRule: "/apis/monitoring.coreos.com/v1/prometheusrules" } as const;

/** The objects of all namespaces by kind. Items of a list don't have a kind. */
async function monitors(reach: Reach, paths: Readonly<Record<string, string>>): Promise<Monitor[]> {
  const lists = await Promise.all(
    Object.entries(paths).map(async ([kind, path]) =>
      ((await reach.object<List<Monitor>>(path))?.items ?? []).map((item) => ({ ...item, kind })),
    ),
  );
  return lists.flat();
}

/**
 * The stack's own Prometheus, not another one beside it: its Service, which Grafana uses, has its name or, with
 * `cleanPrometheusOperatorObjectNames` in the release's values, that name and `-prometheus`.
 */
export async function ownPrometheus({ subject, reach }: Context): Promise<Monitor[]> {
  const [service, namespace] = new URL(sourceOf(subject, "prometheus")).hostname.split(".");
  const path = `/apis/monitoring.coreos.com/v1/namespaces/${namespace}/prometheuses`;
  const there = await monitors(reach, { Prometheus: path });
  return there.filter(({ metadata: { name } }) => [name, `${name}-prometheus`].includes(service));
}

const called = ({ kind, metadata }: MonitoringObject) => `${kind} ${metadata.namespace}/${metadata.name}`;

/** The same of an object as the stack registers it. */
const calledInStack = ({ kind, metadata: { name, namespace = "default" } }: Subject["monitoring"][number]) =>
  called({ kind, metadata: { name, namespace } });

/** Every monitor and rule of the stack is in the cluster, and what gathers them for vmagent and vmalert, where the stack has these. */
export async function monitorsThere({ subject, reach }: Context): Promise<Outcome> {
  const gathers = subject.monitoring.some(({ kind }) => kind === "Prometheus");
  const [gathered, gatherers] = await Promise.all([
    monitors(reach, outliving),
    gathers ? monitors(reach, { Prometheus: "/apis/monitoring.coreos.com/v1/prometheuses" }) : [],
  ]);
  const own = subject.monitoring.map(calledInStack);
  const there = new Set([...gathered, ...gatherers].map(called));
  const missing = own.filter((each) => !there.has(each));
  const others = gathered.map(called).filter((each) => !own.includes(each)).length;
  return missing.length > 0
    ? fail(`${count(missing.length, "object")} of ${own.length} missing: ${missing.join(", ")}`)
    : pass(`${count(own.length, "object")} of the stack, and ${count(others, "other")}`, {
        notes: subject.endedByImport,
      });
}

/** Each part of the control plane that should be scraped has a target, and not all of them are down. */
export async function controlPlaneAnswers({ subject, reach, now }: Context): Promise<Outcome> {
  const source = sourceOf(subject, subject.on.defaultDataSource);
  const jobs = subject.controlPlane.map((part) => controlPlane[part].job);
  const series = await instant(reach, source, `max_over_time(up{job=~"${jobs.join("|")}"}[5m])`, now);
  const counts = subject.controlPlane.map((part) => {
    const { job } = controlPlane[part];
    const targets = series.filter(({ metric }) => metric.job === job);
    return { part, job, targets, down: targets.filter(({ value }) => Number(value?.[1]) === 0) };
  });
  const instances = (of: typeof series) => of.map(({ metric }) => metric.instance).join(", ");
  const problems = counts.flatMap(({ part, job, targets, down }) => {
    if (targets.length === 0)
      return `${job} has no target: monitors.${part}.selector finds no pod in kube-system with its port, or it is scraped for the first time`;
    return down.length === targets.length ? `${job}: none of its targets answers (${instances(down)})` : [];
  });
  const notes = counts
    .filter(({ targets, down }) => down.length > 0 && down.length < targets.length)
    .map(({ job, down }) => `${job}: ${instances(down)} doesn't answer`);
  const said = counts.map(({ job, targets, down }) => `${job} ${targets.length - down.length} of ${targets.length}`);
  return problems.length > 0 ? fail(problems.join("; "), { notes }) : pass(said.join(", "), { notes });
}

/**
 * What won't be scraped in stage `kps-removed`, and what is lost with Prometheus, so that it can be repaired while Prometheus still scrapes it.
 * Nothing is wrong yet.
 */
export async function canBeScraped(context: Context, backend: Backend): Promise<Outcome> {
  const { subject, reach } = context;
  const { cannotScrape, scrapesDifferently } = successors[backend];
  const all = (await Promise.all([monitors(reach, scraped), ownPrometheus(context)])).flat();
  const lacking = all.filter((object) => cannotScrape(object, subject.readable).length > 0);
  const notes = all.flatMap((object) => [
    ...[
      ...cannotScrape(object, subject.readable),
      ...endsWithPrometheus(object, backend),
      ...(subject.on.evaluator === "prometheus" ? endsWithItsRules(object, backend) : []),
    ].map((why) => `${called(object)}: ${why}`),
    ...scrapesDifferently(object).map((why) => `${called(object)} is scraped, but ${why}`),
  ]);
  const said = count(all.length, "object");
  return pass(
    lacking.length === 0 ? `all of ${said}` : `${lacking.length} of ${said} not, or not in the same way as Prometheus`,
    {
      notes,
    },
  );
}

/** A step of relabelling; only the fields that are read here. */
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
  /** Of a ScrapeConfig. */
  staticConfigs?: { labels?: Record<string, string> }[];
  relabelings?: Step[];
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
  /** Whether the monitor's own relabelling may drop it, or give it other labels. */
  relabelled: boolean;
}

/** What monitors find to scrape, and which of it has no `up` from the last minutes in a data source. */
async function lookForUp(
  { subject, reach, now }: Context,
  source: "prometheus" | Backend,
  monitors: readonly Monitor[],
) {
  const [services, pods, slices, up] = await Promise.all([
    listOf<Labelled>(reach, "/api/v1/services"),
    listOf<RunningPod>(reach, "/api/v1/pods?fieldSelector=status.phase%3DRunning"),
    listOf<EndpointSlice>(reach, "/apis/discovery.k8s.io/v1/endpointslices"),
    // Twice the longest sensible time between two scrapes.
    instant(reach, sourceOf(subject, source), "group by (job, namespace, service, pod) (last_over_time(up[5m]))", now),
  ]);
  const found = monitors.map((monitor) => ({ monitor, targets: targetsOf(monitor, { services, pods, slices }) }));
  const targets = found.flatMap((each) => each.targets);
  const missing = targets.filter(
    ({ labels }) => !up.some(({ metric }) => Object.entries(labels).every(([key, value]) => metric[key] === value)),
  );
  const idle = found.filter((each) => each.targets.length === 0).map(({ monitor }) => called(monitor));
  return {
    nothing: up.length === 0,
    missing,
    /** How many targets are scraped, of how many monitors. */
    said: `${count(targets.length - missing.length, "target")} of ${count(monitors.length, "monitor")}`,
    idle: idle.length > 0 ? [`nothing to scrape for ${idle.join(", ")}`] : [],
  };
}

const withoutUp = ({ monitor, what }: Target) => `${called(monitor)}: no \`up\` of ${what} in the last 5 min`;
const mayBeRelabelled = (target: Target) => `${withoutUp(target)}; its relabelings may drop or rename it`;

/**
 * Every monitor of the stack that finds something has series of `up` in its Prometheus. Other monitors are notes: they may belong to another Prometheus.
 */
export async function prometheusScrapes(context: Context): Promise<Outcome> {
  const { subject, reach } = context;
  const own = new Set(subject.monitoring.map(calledInStack));
  const all = await monitors(reach, scraped);
  const isOwn = (monitor: Monitor) => own.has(called(monitor));
  const { nothing, missing, said, idle } = await lookForUp(context, "prometheus", all);
  const problems = missing.filter(({ monitor }) => isOwn(monitor)).map(withoutUp);
  const others = missing.filter(({ monitor }) => !isOwn(monitor));
  const notes = [
    ...problems,
    ...others.map((target) => (target.relabelled ? mayBeRelabelled(target) : withoutUp(target))),
    ...idle,
  ];
  if (nothing) return fail("Prometheus has no samples of `up` from the last 5 min", { notes });
  return problems.length > 0 ? fail(`${problems[0]}${more(problems.length - 1)}`, { notes }) : pass(said, { notes });
}

/** Every monitor that finds something has series of `up` in the backend from the last minutes, unless it is relabelled. */
export async function monitorsScraped(context: Context, backend: Backend): Promise<Outcome> {
  const { subject, reach } = context;
  const { cannotScrape, title } = successors[backend];
  const all = await monitors(reach, scraped);
  const lacking = all.filter((each) => cannotScrape(each, subject.readable).length > 0);
  const { nothing, missing, said, idle } = await lookForUp(
    context,
    backend,
    all.filter((each) => !lacking.includes(each)),
  );
  const problems = missing.filter(({ relabelled }) => !relabelled).map(withoutUp);
  const notes = [
    ...problems,
    ...missing.filter(({ relabelled }) => relabelled).map(mayBeRelabelled),
    ...lacking.flatMap((each) => cannotScrape(each, subject.readable).map((why) => `${called(each)}: ${why}`)),
    ...idle,
  ];
  const beside = lacking.length > 0 ? `; ${lacking.length} more can't be scraped by ${title} as they are` : "";
  if (nothing)
    return fail(`${backendTitles[backend]} has no samples of \`up\` from the last 5 min`, { notes, untouched: true });
  if (problems.length > 0) return fail(`${problems[0]}${more(problems.length - 1)}${beside}`, { notes });
  return pass(`${said}${beside}`, { notes });
}

const more = (n: number) => (n > 0 ? `, and ${n} more` : "");

const listOf = async <T>(reach: Reach, path: string): Promise<T[]> => (await reach.object<List<T>>(path))?.items ?? [];

/** What the cluster has to scrape. */
interface Scrapable {
  services: readonly Labelled[];
  pods: readonly RunningPod[];
  slices: readonly EndpointSlice[];
}

/** What a monitor should find, as far as its spec shows. */
function targetsOf(monitor: Monitor, { services, pods, slices }: Scrapable): Target[] {
  const { kind, metadata, spec } = monitor;
  const { selector = {}, endpoints = [], podMetricsEndpoints = [], targets, jobName } = (spec ?? {}) as MonitorSpec;
  const selected = <T extends Labelled>(objects: readonly T[]) =>
    objects.filter((each) => inNamespace(monitor, each) && selects(selector, each.metadata.labels));
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
      return target("its targets", { job: jobName ?? `scrapeConfig/${metadata.namespace}/${metadata.name}` }, [
        { relabelings: stepsOf(monitor) },
      ]);
  }
}

/** Of a ScrapeConfig: the stack's own has targets and keeps its job; with discovery, another's may find none, and a static target may have a job. */
function stepsOf(monitor: Monitor): Step[] {
  if (isBaseTarget(monitor)) return [];
  const { staticConfigs = [], relabelings = [] } = (monitor.spec ?? {}) as MonitorSpec;
  const certain = staticConfigs.length > 0 && staticConfigs.every(({ labels = {} }) => !("job" in labels));
  return certain ? relabelings : [{ action: "drop" }];
}

/** Actions that write a label and keep the target. */
const writing = ["replace", "hashmod", "lowercase", "uppercase"];

/**
 * Whether steps may drop a target, or change these labels. `instance` is not one of them.
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

/** Whether something serves the port that is scraped. */
const isServed = ({ metadata }: Labelled, { port }: Endpoint, slices: readonly EndpointSlice[]): boolean =>
  slices
    .filter(
      (slice) =>
        slice.metadata.namespace === metadata.namespace &&
        slice.metadata.labels?.["kubernetes.io/service-name"] === metadata.name &&
        (slice.endpoints ?? []).length > 0,
    )
    // A slice doesn't have the names of target ports.
    .some(({ ports }) => port === undefined || (ports ?? []).some(({ name }) => name === port));

/** Whether a container has the port that is scraped: Jobs and helpers may have the same labels, but not the port. */
function hasPort({ spec = {} }: RunningPod, { port, portNumber, targetPort }: Endpoint): boolean {
  const asked = port ?? portNumber ?? targetPort;
  // Without a port every port is scraped; for a container without ports, the pod's address.
  if (asked === undefined) return true;
  return [...(spec.containers ?? []), ...(spec.initContainers ?? [])].some(({ ports = [] }) =>
    ports.some(({ name, containerPort }) => name === asked || containerPort === asked),
  );
}
