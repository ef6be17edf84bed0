import type { VectorConfig } from "../../components/vector/config";
import { parse } from "yaml";
import type { PreviewResource } from "../shared/preview";
import { selects, type Selector } from "../shared/selector";

/** What a part's configuration says about the flow of data. */
export type Reading =
  /** It sends something to an address: data or queries. */
  | { sends: string; to: string; byDefault?: boolean }
  /** It reads something from the cluster, such as logs of the journal. */
  | { reads: string; of: string }
  /** It stores data in a bucket of the object store at an address. */
  | { bucket: string; at: string }
  /** It notifies people. */
  | { notifies: string };

/**
 * What a resource's configuration says; nothing for a resource without one.
 * @param resource a resource of the graph
 * @param all the graph: a selector is read together with what it selects
 */
export function readings(resource: PreviewResource, all: readonly PreviewResource[]): Reading[] {
  const { type, inputs } = resource;
  if (type === "kubernetes:helm.sh/v3:Release") return prometheus(inputs.values ?? {}, all);
  if (isMonitor(resource, "Prometheus")) return targets(inputs.spec as PrometheusSpec, all);
  if (workload.test(type)) return flags(inputs.spec.template.spec.containers as Container[]);
  if (type !== "kubernetes:core/v1:ConfigMap") return [];
  // A secret or unknown value is not a text.
  return Object.entries((inputs.data ?? {}) as Record<string, unknown>).flatMap(([key, text]) =>
    typeof text === "string" ? (files[key]?.(text, all) ?? []) : [],
  );
}

/** Files of the ConfigMaps, by their key. */
const files: Readonly<Record<string, ((text: string, all: readonly PreviewResource[]) => Reading[]) | undefined>> = {
  "config.alloy": alloy,
  "vector.yaml": (text) => vector(parse(text) as VectorConfig),
  "config.yaml": (text) => store(parse(text) as StoreConfig),
  "datasources.yaml": (text) => grafana(parse(text) as DataSources),
  // For an existing Grafana.
  "observability-datasources.yaml": (text) => grafana(parse(text) as DataSources),
  "nginx.conf": upstreams,
  "alertmanager.yaml": (text) => alertmanager(parse(text) as Receivers),
};

interface Container {
  args?: unknown[];
}

/** The command lines of vmagent and vmalert say where they write to, query and send alerts. */
function flags(containers: readonly Container[]): Reading[] {
  return containers.flatMap(({ args = [] }) =>
    args.flatMap((argument) => {
      const [, flag, to] = /^-([\w.]+)=(.+)$/.exec(String(argument)) ?? [];
      return flag in sentByFlag ? [{ sends: sentByFlag[flag], to }] : [];
    }),
  );
}

const sentByFlag: Readonly<Record<string, string>> = {
  "remoteWrite.url": "samples",
  "datasource.url": "queries",
  "notifier.url": "alerts",
};

/** nginx before a system passes on what it is asked; the system itself is drawn by its own configuration. */
function upstreams(text: string): Reading[] {
  return [...text.matchAll(/^\s*upstream \w+ \{ server (\S+); \}$/gm)].map(([, to]) => ({ sends: "queries", to }));
}

/** Alloy's blocks begin with `component "label" {` at the start of a line and end with `}` there. */
function alloy(text: string, all: readonly PreviewResource[]): Reading[] {
  const components = [...text.matchAll(/^([a-z_.]+) "[^"]*" \{\n([^]*?)^\}/gm)];
  const values = (component: string, argument: string) =>
    components
      .filter(([, name]) => name === component)
      .flatMap(([, , body]) =>
        [...body.matchAll(new RegExp(`^\\s*${argument}\\s*= "([^"]+)"`, "gm"))].map(([, v]) => v),
      );
  const sends = writes.flatMap(([component, argument, what]) =>
    [...new Set(values(component, argument))].map((to) => ({ sends: what, to })),
  );
  const logs = components.flatMap(([, name]) => /^loki\.source\.(\w+)$/.exec(name)?.[1] ?? []);
  const monitored = monitors.flatMap(([kind, , name]) =>
    components.some(([, component]) => component === `prometheus.operator.${kind.toLowerCase()}s`)
      ? [all.filter((each) => isMonitor(each, kind)).map(name)]
      : [],
  );
  return [
    ...sends,
    ...logs.map((source) => ({ reads: "logs", of: source.replaceAll("_", " ") })),
    ...[values("prometheus.scrape", "job_name"), ...monitored]
      .filter((names) => names.length > 0)
      .map((names) => ({ reads: "metrics", of: [...new Set(names)].join(", ") })),
  ];
}

function vector({ sources, sinks }: VectorConfig): Reading[] {
  return [
    ...Object.values(sources).flatMap(({ type }) =>
      type === "internal_metrics"
        ? []
        : [{ reads: type === "host_metrics" ? "metrics" : "logs", of: type.replaceAll("_", " ") }],
    ),
    ...Object.values(sinks).flatMap(({ type, endpoint }) =>
      type === "loki" && typeof endpoint === "string" ? [{ sends: "logs", to: endpoint }] : [],
    ),
  ];
}

/** Components of Alloy that send something: the argument with the address, and what it is. */
const writes: readonly [component: string, argument: string, what: string][] = [
  ["loki.write", "url", "logs"],
  ["prometheus.remote_write", "url", "samples"],
  ["mimir.rules.kubernetes", "address", "rules"],
];

interface StoreConfig {
  common?: { storage?: { s3?: { endpoint?: string; bucketnames?: string } } };
  ruler?: { alertmanager_url?: string };
  limits?: { ruler_alerting_rules_evaluation_enabled?: boolean };
  [storage: `${string}_storage`]: { s3?: { bucket_name?: string; endpoint?: string } } | undefined;
}

/** Loki has one bucket for everything (`bucketnames`), Mimir one for each kind of data, which may be at a place of its own. */
function store(config: StoreConfig): Reading[] {
  const { endpoint, bucketnames } = config.common?.storage?.s3 ?? {};
  const buckets = [
    ...(bucketnames?.split(",") ?? []).map((bucket) => ({ bucket, at: endpoint })),
    ...[config.blocks_storage, config.ruler_storage, config.alertmanager_storage].map((storage) => ({
      bucket: storage?.s3?.bucket_name,
      at: storage?.s3?.endpoint ?? endpoint,
    })),
  ];
  const alerts =
    config.limits?.ruler_alerting_rules_evaluation_enabled === false ? [] : addresses(config.ruler?.alertmanager_url);
  return [
    ...buckets.flatMap(({ bucket, at }) => (bucket && at ? [{ bucket, at }] : [])),
    ...alerts.map((to) => ({ sends: "alerts", to })),
  ];
}

const addresses = (list: string | undefined): string[] => list?.split(",").map((each) => each.trim()) ?? [];

interface DataSources {
  datasources: { url: string; isDefault: boolean }[];
}

function grafana({ datasources }: DataSources): Reading[] {
  return datasources.map(({ url, isDefault }) => ({
    sends: isDefault ? "queries, by default" : "queries",
    to: url,
    byDefault: isDefault,
  }));
}

interface Receivers {
  receivers: Record<string, unknown>[];
}

function alertmanager({ receivers }: Receivers): Reading[] {
  return receivers.flatMap(({ name, ...ways }) =>
    Object.keys(ways)
      .filter((way) => way.endsWith("_configs"))
      .map((way) => ({ notifies: `${way.replace("_configs", "")} (${String(name)})` })),
  );
}

/** What is scraped: kind of object, key of its selector in the values of kube-prometheus-stack, and the usual name of the target. */
const monitors: readonly [kind: string, selector: string, name: (resource: PreviewResource) => string][] = [
  ["ScrapeConfig", "scrapeConfigSelector", ({ inputs }) => inputs.spec.jobName ?? inputs.metadata.name],
  ["ServiceMonitor", "serviceMonitorSelector", ({ inputs }) => inputs.metadata.name],
  ["PodMonitor", "podMonitorSelector", ({ inputs }) => inputs.metadata.name],
  ["Probe", "probeSelector", ({ inputs }) => inputs.spec.jobName ?? inputs.metadata.name],
];

const workload = /^kubernetes:apps\/v1:(Deployment|StatefulSet)$/;

const isMonitor = ({ type }: PreviewResource, kind: string) =>
  type.startsWith("kubernetes:monitoring.coreos.com/") && type.endsWith(`:${kind}`);

type PrometheusSpec = Record<string, unknown> & {
  remoteWrite?: { url: string }[];
  alertingEndpoints?: { name: string; namespace: string }[];
  additionalAlertManagerConfigs?: { static_configs: { targets: string[] }[] }[];
  ruleSelector?: Selector;
};

const selected = (kind: string, selector: unknown, all: readonly PreviewResource[]) =>
  all.filter((each) => isMonitor(each, kind) && selects(selector as Selector | undefined, each.inputs.metadata.labels));

/** What a Prometheus, or whoever has its configuration from the operator, scrapes. */
const targets = (spec: PrometheusSpec, all: readonly PreviewResource[]): Reading[] =>
  monitors.flatMap(([kind, selector, name]): Reading[] => {
    const names = selected(kind, spec[selector], all).map(name);
    return names.length > 0 ? [{ reads: "metrics", of: [...new Set(names)].join(", ") }] : [];
  });

/** Values of kube-prometheus-stack. */
function prometheus(values: Record<string, unknown>, all: readonly PreviewResource[]): Reading[] {
  const { enabled, prometheusSpec: spec = {} } = (values.prometheus ?? {}) as {
    enabled?: boolean;
    prometheusSpec?: PrometheusSpec;
  };
  if (!enabled) return [];
  const evaluates = selected("PrometheusRule", spec.ruleSelector, all).length > 0;
  const alertmanagers = [
    ...(spec.alertingEndpoints ?? []).map(({ name, namespace }) => `${name}.${namespace}.svc`),
    ...(spec.additionalAlertManagerConfigs ?? []).flatMap((config) => config.static_configs.flatMap((s) => s.targets)),
  ];
  return [
    ...targets(spec, all),
    ...(spec.remoteWrite ?? []).map(({ url }) => ({ sends: "samples", to: url })),
    ...(evaluates ? alertmanagers.map((to) => ({ sends: "alerts", to })) : []),
  ];
}
