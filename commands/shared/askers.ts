import { labels } from "../../components/kubernetes/labels";
import { isMap } from "../../engine/json";
import type { Backend } from "../../stages";

/** Who asks Prometheus by the names of a release's Services: found by the text of objects, which is all that can be known of them. */

/** Kinds in which an address is written, with the paths of all namespaces. A cluster need not have each. */
export const askingKinds = {
  Deployment: "/apis/apps/v1/deployments",
  StatefulSet: "/apis/apps/v1/statefulsets",
  DaemonSet: "/apis/apps/v1/daemonsets",
  Job: "/apis/batch/v1/jobs",
  CronJob: "/apis/batch/v1/cronjobs",
  ConfigMap: "/api/v1/configmaps",
  Ingress: "/apis/networking.k8s.io/v1/ingresses",
  HTTPRoute: "/apis/gateway.networking.k8s.io/v1/httproutes",
  ScaledObject: "/apis/keda.sh/v1alpha1/scaledobjects",
  ScaledJob: "/apis/keda.sh/v1alpha1/scaledjobs",
  MetricTemplate: "/apis/flagger.app/v1beta1/metrictemplates",
  AnalysisTemplate: "/apis/argoproj.io/v1alpha1/analysistemplates",
  HelmRelease: "/apis/helm.toolkit.fluxcd.io/v2/helmreleases",
  Application: "/apis/argoproj.io/v1alpha1/applications",
  GrafanaDatasource: "/apis/grafana.integreatly.org/v1beta1/grafanadatasources",
  Prometheus: "/apis/monitoring.coreos.com/v1/prometheuses",
  ServiceMonitor: "/apis/monitoring.coreos.com/v1/servicemonitors",
  PodMonitor: "/apis/monitoring.coreos.com/v1/podmonitors",
  Probe: "/apis/monitoring.coreos.com/v1/probes",
  ScrapeConfig: "/apis/monitoring.coreos.com/v1alpha1/scrapeconfigs",
  VMAgent: "/apis/operator.victoriametrics.com/v1beta1/vmagents",
  VMStaticScrape: "/apis/operator.victoriametrics.com/v1beta1/vmstaticscrapes",
  VMScrapeConfig: "/apis/operator.victoriametrics.com/v1beta1/vmscrapeconfigs",
} as const;

/** A kind in which an address is written. */
export type AskingKind = keyof typeof askingKinds;

/** What is read of an object. */
export interface Readable {
  spec?: unknown;
  status?: unknown;
  metadata?: {
    name?: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: { apiVersion: string; kind?: string }[];
  };
}

/** What is asked for: queries, all series by a scrape of `/federate`, raw samples by remote read; or samples are sent there. */
export const wants = ["queries", "federate", "read", "write"] as const;

/** One of them. */
export type Want = (typeof wants)[number];

/** Somebody who asks. */
export interface Asker {
  /** Kind, namespace and name, such as `Deployment shop/dashboard`. */
  who: string;
  /** `namespace/name` of the Service; for a monitor its namespace and the labels that it selects. */
  asks: string;
  wants: Want;
  /** It is a monitor that selects by labels: a former name is of no use to it, and it may mean another Prometheus. */
  byLabels?: true;
}

/** Prometheus' handlers (label `handler` of `prometheus_http_requests_total`) for what the stack itself never asks, by what is wanted. */
export const handlers: Readonly<Record<Exclude<Want, "queries">, readonly string[]>> = {
  federate: ["/federate"],
  read: ["/api/v1/read"],
  write: ["/api/v1/write", "/api/v1/otlp/v1/metrics"],
};

/**
 * What becomes of those who want more than queries, and the way out. Mimir has no /federate; VictoriaMetrics has, and no remote read.
 * @see https://grafana.com/docs/mimir/latest/references/http-api/
 * @see https://docs.victoriametrics.com/victoriametrics/#federation
 * @param asker what they want, and how
 * @param backend the stack's
 * @param namespace the stack's
 * @returns a sentence; none for what still works under the address
 */
export function fate(
  { wants, byLabels }: Pick<Asker, "wants" | "byLabels">,
  backend: Backend,
  namespace: string,
): string | undefined {
  const [mimir, victoriaMetrics] = [
    `http://mimir.${namespace}.svc:9009`,
    `http://victoria-metrics.${namespace}.svc:8428`,
  ];
  const fates: Readonly<Record<Want, Partial<Record<Backend, string>>>> = {
    queries: {},
    federate: {
      mimir: `Mimir has no /federate: the address has it only until stage mimir-default, and no name has it from kps-removed on. Another Prometheus can read ${mimir}/prometheus/api/v1/read (remote_read), others send queries`,
    },
    read: {
      mimir: `the address has no remote read: from stage dual-write on ${mimir}/prometheus/api/v1/read has`,
      "victoria-metrics": "remote read ends: VictoriaMetrics has none. Send queries, or scrape /federate",
    },
    write: {
      mimir: `the address accepts no samples, under any name: send them to ${mimir}/api/v1/push from stage mimir-default on (OTLP: ${mimir}/otlp/v1/metrics)`,
      "victoria-metrics": `the address accepts no samples, under any name: send them to ${victoriaMetrics}/api/v1/write from stage victoria-metrics-default on (OTLP: ${victoriaMetrics}/opentelemetry/v1/metrics)`,
    },
  };
  const moved = `its labels no longer select a Prometheus: let a ScrapeConfig scrape http://metrics.${namespace}.svc:9090/federate`;
  return fates[wants][backend] ?? (byLabels && moved);
}

/**
 * One who asks, in words, and what ends for them.
 * @param asker who, and how
 * @param backend the stack's
 * @param namespace the stack's
 */
export const inWords = (asker: Asker, backend: Backend, namespace: string): string =>
  [`${asker.who} asks ${asker.asks}`, fate(asker, backend, namespace)].filter(Boolean).join(": ");

/**
 * The Services of a release by which its Prometheus is asked, as `namespace/name`: its operator's and the chart's.
 * @param namespace the release's
 * @param fullname the name that the chart's objects begin with
 */
export const prometheusServices = (namespace: string, fullname: string): string[] =>
  ["prometheus-operated", `${fullname}-prometheus`].map((name) => `${namespace}/${name}`);

/**
 * Who asks one of some Services at Prometheus' port. Left out is what belongs to the stack, to a release of Helm of the given name, or to the
 * Prometheus operator: that follows the stages, or goes with them; and a Job that has ended, or that its CronJob creates again.
 * @param objects the cluster's, by kind; Secrets decoded, where they may be read
 * @param services `namespace/name` of each
 * @param release `namespace/name`
 */
export function askers(
  objects: Readonly<Partial<Record<AskingKind | "Secret", readonly Readable[]>>>,
  services: readonly string[],
  release: string,
): Asker[] {
  return Object.entries(objects).flatMap(([kind, all]) =>
    all
      .filter((object) => !isStacks(object) && !isOf(object, release) && !isOperators(object) && !isOver(kind, object))
      .filter((object) => deployed[kind]?.(object) !== release)
      .flatMap((object) => {
        const { name, namespace = "" } = object.metadata ?? {};
        const text = textOf(kind, object);
        const who = `${kind} ${namespace}/${name}`;
        const [from = namespace] = deployed[kind]?.(object).split("/") ?? [];
        return [
          ...services
            .filter((service) => names(text, service, from))
            .map((asks) => ({ who, asks, wants: wanted(text, asks) })),
          ...selected(object, services, namespace).map((asks) => ({
            who,
            asks,
            wants: "federate" as const,
            byLabels: true as const,
          })),
        ];
      }),
  );
}

/** What Flux and Argo CD deploy with an object, as `namespace/name` of Helm's release: in that namespace its values mean a name without one. */
const deployed: Readonly<Record<string, ((object: Readable) => string) | undefined>> = {
  HelmRelease: ({ metadata: { name, namespace } = {}, spec }) => {
    const { releaseName, targetNamespace } = (spec ?? {}) as { releaseName?: string; targetNamespace?: string };
    return `${targetNamespace ?? namespace}/${releaseName ?? [targetNamespace, name].filter(Boolean).join("-")}`;
  },
  Application: ({ metadata: { name, namespace } = {}, spec }) => {
    const { destination, source } = (spec ?? {}) as {
      destination?: { namespace?: string };
      source?: { helm?: { releaseName?: string } };
    };
    return `${destination?.namespace ?? namespace}/${source?.helm?.releaseName ?? name}`;
  },
};

/** A Job that has ended asks no more; one of a CronJob is named with it. */
function isOver(kind: string, { metadata, status }: Readable): boolean {
  if (kind !== "Job") return false;
  const { conditions = [] } = (status ?? {}) as { conditions?: { type: string; status: string }[] };
  return (
    (metadata?.ownerReferences?.some((owner) => owner.kind === "CronJob") ?? false) ||
    conditions.some(({ type, status }) => ["Complete", "Failed"].includes(type) && status === "True")
  );
}

/** A path right behind the Service's name says what is wanted; a scrape has it apart from its target. */
function wanted(text: string, service: string): Want {
  const name = service.split("/")[1];
  const behind = (path: string) =>
    new RegExp(`(?<![\\w.-])${name}(\\.[\\w.-]+)?(:\\d+)?(/[\\w-]+)*${path}\\b`).test(text);
  if (behind("/api/v1/(write|otlp)")) return "write";
  if (behind("/api/v1/read")) return "read";
  return /\/federate\b/.test(text) ? "federate" : "queries";
}

/**
 * A ServiceMonitor or PodMonitor names no Service: one that scrapes `/federate` in a namespace of these Services means a Prometheus. Which one, its labels
 * say.
 */
function selected({ spec }: Readable, services: readonly string[], from: string): string[] {
  const { endpoints, podMetricsEndpoints, selector, namespaceSelector = {} } = (isMap(spec) ? spec : {}) as Monitor;
  const paths = [...(endpoints ?? []), ...(podMetricsEndpoints ?? [])].map(({ path }) => path);
  const looksInto = (namespace: string) =>
    namespaceSelector.any || (namespaceSelector.matchNames ?? [from]).includes(namespace);
  const there = [...new Set(services.map((service) => service.split("/")[0]))].filter(looksInto);
  return paths.includes("/federate")
    ? there.map((namespace) => `${namespace} by ${JSON.stringify(selector ?? {})}`)
    : [];
}

interface Monitor {
  endpoints?: { path?: string }[];
  podMetricsEndpoints?: { path?: string }[];
  selector?: object;
  namespaceSelector?: { any?: boolean; matchNames?: string[] };
}

/** Fields of a spec where an address may be; elsewhere these kinds have the name of a ServiceAccount, or of a label's value. */
const addressed: Readonly<Record<string, readonly string[]>> = {
  Prometheus: ["remoteRead", "remoteWrite"],
  ServiceMonitor: [],
  PodMonitor: [],
};

/** Everything that somebody wrote, without what the API server adds, which repeats it. */
function textOf(kind: string, object: Readable): string {
  const { [kind]: fields } = addressed;
  const written = isMap(object.spec) ? object.spec : {};
  return JSON.stringify(
    fields ? fields.map((field) => written[field]) : { ...object, metadata: undefined, status: undefined },
  );
}

/** Prometheus' port by number, or by the name that its Services have for it (`prometheusSpec.portName`; `web` in older charts). */
const port = /\b9090\b|"(http-)?web"/;

/** A Service's name alone is one of the same namespace; with a dot and more, of the namespace that follows. */
function names(text: string, service: string, from: string): boolean {
  const [namespace, name] = service.split("/");
  if (!port.test(text)) return false;
  return [...text.matchAll(new RegExp(`(?<![\\w.-])${name}(?![\\w-])(?:\\.([a-z0-9-]+))?`, "g"))].some(
    ([, after = referred(text) ?? from]) => after === namespace,
  );
}

/** The namespace that a reference of an HTTPRoute to a Service of another one has. */
const referred = (text: string): string | undefined => /"backendRefs":[^\]]*"namespace":"([^"]+)"/.exec(text)?.[1];

const stacks = Object.entries(labels({ name: "" })).filter(([, value]) => value !== "");
const isStacks = ({ metadata }: Readable) => stacks.every(([key, value]) => metadata?.labels?.[key] === value);
const isOf = ({ metadata: { annotations = {} } = {} }: Readable, release: string) =>
  `${annotations["meta.helm.sh/release-namespace"]}/${annotations["meta.helm.sh/release-name"]}` === release;
const isOperators = ({ metadata }: Readable) =>
  metadata?.ownerReferences?.some(({ apiVersion }) => apiVersion.startsWith("monitoring.coreos.com/")) ?? false;
