import { parse } from "yaml";
import type { PreviewResource } from "../offline/preview";
import { selects, type Selector } from "./selector";

/** What a configuration says about the flow of data, seen from the part that it belongs to. */
export type Reading =
  /** It sends something to an address: data, or a question. */
  | { sends: string; to: string; byDefault?: boolean }
  /** It takes something of the cluster, such as logs of the journal. */
  | { reads: string; of: string }
  /** It keeps data in a bucket of the object store at an address. */
  | { bucket: string; at: string }
  /** It tells people. */
  | { notifies: string };

/**
 * What a resource's configuration says; nothing for a resource that has none.
 * @param resource a resource of the graph
 * @param all the graph: a selector is read with what it selects
 */
export function readings(resource: PreviewResource, all: readonly PreviewResource[]): Reading[] {
  const { type, inputs } = resource;
  if (type === "kubernetes:helm.sh/v3:Release") return prometheus(inputs.values ?? {}, all);
  if (type !== "kubernetes:core/v1:ConfigMap") return [];
  // A value that is secret or unknown is no text.
  return Object.entries((inputs.data ?? {}) as Record<string, unknown>).flatMap(([key, text]) =>
    typeof text === "string" ? (files[key]?.(text, all) ?? []) : [],
  );
}

/** Files of the ConfigMaps, by their key. */
const files: Readonly<Record<string, ((text: string, all: readonly PreviewResource[]) => Reading[]) | undefined>> = {
  "config.alloy": alloy,
  "config.yaml": (text) => store(parse(text) as StoreConfig),
  "datasources.yaml": (text) => grafana(parse(text) as DataSources),
  // For a Grafana that exists.
  "observability-datasources.yaml": (text) => grafana(parse(text) as DataSources),
  "alertmanager.yaml": (text) => alertmanager(parse(text) as Receivers),
};

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
  [storage: `${string}_storage`]: { s3?: { bucket_name?: string } } | undefined;
}

/** Loki has one bucket for everything (`bucketnames`), Mimir one for each kind of data. */
function store(config: StoreConfig): Reading[] {
  const { endpoint, bucketnames } = config.common?.storage?.s3 ?? {};
  const each = [config.blocks_storage, config.ruler_storage, config.alertmanager_storage].map(
    (s) => s?.s3?.bucket_name,
  );
  const buckets = [...(bucketnames?.split(",") ?? []), ...each].filter((bucket) => bucket !== undefined);
  const alerts =
    config.limits?.ruler_alerting_rules_evaluation_enabled === false ? [] : addresses(config.ruler?.alertmanager_url);
  return [
    ...(endpoint ? buckets.map((bucket) => ({ bucket, at: endpoint })) : []),
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

/** What is scraped: kind of object, key of its selector in the values of kube-prometheus-stack, and the name that people know a target by. */
const monitors: readonly [kind: string, selector: string, name: (resource: PreviewResource) => string][] = [
  ["ScrapeConfig", "scrapeConfigSelector", ({ inputs }) => inputs.spec.jobName ?? inputs.metadata.name],
  ["ServiceMonitor", "serviceMonitorSelector", ({ inputs }) => inputs.metadata.name],
  ["PodMonitor", "podMonitorSelector", ({ inputs }) => inputs.metadata.name],
  ["Probe", "probeSelector", ({ inputs }) => inputs.metadata.name],
];

const isMonitor = ({ type }: PreviewResource, kind: string) =>
  type.startsWith("kubernetes:monitoring.coreos.com/") && type.endsWith(`:${kind}`);

interface PrometheusSpec {
  remoteWrite?: { url: string }[];
  alertingEndpoints?: { name: string; namespace: string }[];
  additionalAlertManagerConfigs?: { static_configs: { targets: string[] }[] }[];
  ruleSelector?: Selector;
}

/** Values of kube-prometheus-stack. */
function prometheus(values: Record<string, unknown>, all: readonly PreviewResource[]): Reading[] {
  const { enabled, prometheusSpec: spec = {} } = (values.prometheus ?? {}) as {
    enabled?: boolean;
    prometheusSpec?: PrometheusSpec & Record<string, unknown>;
  };
  if (!enabled) return [];
  const selected = (kind: string, selector: unknown) =>
    all.filter(
      (each) => isMonitor(each, kind) && selects(selector as Selector | undefined, each.inputs.metadata.labels),
    );
  const targets = monitors.flatMap(([kind, selector, name]): Reading[] => {
    const names = selected(kind, spec[selector]).map(name);
    return names.length > 0 ? [{ reads: "metrics", of: [...new Set(names)].join(", ") }] : [];
  });
  const evaluates = selected("PrometheusRule", spec.ruleSelector).length > 0;
  const alertmanagers = [
    ...(spec.alertingEndpoints ?? []).map(({ name, namespace }) => `${name}.${namespace}.svc`),
    ...(spec.additionalAlertManagerConfigs ?? []).flatMap((config) => config.static_configs.flatMap((s) => s.targets)),
  ];
  return [
    ...targets,
    ...(spec.remoteWrite ?? []).map(({ url }) => ({ sends: "samples", to: url })),
    ...(evaluates ? alertmanagers.map((to) => ({ sends: "alerts", to })) : []),
  ];
}
