import { isDuration, seconds } from "../../config/units";
import { remoteWriteName } from "../kube-prometheus-stack/remote-write";

/**
 * What Alloy 1.12 does not scrape as the operator's Prometheus did, and what nobody does once that is gone. Each reason is a difference
 * between two sources: Alloy's generator of scrape configurations (`internal/component/prometheus/operator/configgen` of v1.12.0) and the
 * operator's (`pkg/prometheus/promcfg.go` of v0.93.0).
 */

/** An object of `monitoring.coreos.com`, as the API server or a preview shows it. */
export interface MonitoringObject {
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Readonly<Record<string, string>> };
  spec?: unknown;
}

/** What the collector may read, each as `namespace/name`: the settings `metrics.secrets` and `metrics.configMaps`. */
export interface Readable {
  secrets: readonly string[];
  configMaps: readonly string[];
}

const nothing: Readable = { secrets: [], configMaps: [] };

/**
 * Why Alloy would not scrape what an object asks for, or would give its series other labels; none: it scrapes it as Prometheus did.
 * It can't be seen here whether a Secret exists, whether a target answers, or what a chart's own scrape classes do.
 *
 * @param object a ServiceMonitor, PodMonitor, Probe, ScrapeConfig or Prometheus; of any other kind there is nothing to say
 * @param readable what the collector may read
 * @returns one sentence a reason, each naming the field
 */
export function cannotScrape(object: MonitoringObject, readable: Readable = nothing): string[] {
  const spec = fields(object.spec);
  const { namespace = "default" } = object.metadata;
  switch (object.kind) {
    case "ServiceMonitor":
      return [
        ...scrapeClass(spec),
        ...list(spec.endpoints).flatMap((each, index) => endpoint(each, `endpoints[${index}]`, namespace, readable)),
      ];
    case "PodMonitor":
      return [
        ...scrapeClass(spec),
        ...list(spec.podMetricsEndpoints).flatMap((each, index) =>
          endpoint(each, `podMetricsEndpoints[${index}]`, namespace, readable),
        ),
      ];
    case "Probe":
      return probe(spec, namespace, readable);
    case "ScrapeConfig":
      return isBaseTarget(object) ? [] : [scrapeConfigs];
    case "Prometheus":
      return prometheus(spec);
    default:
      return [];
  }
}

/**
 * What Alloy leaves out of an object that it scrapes: labels stay, but limits, staleness or the kind of histogram may not.
 * @param object a ServiceMonitor, PodMonitor or Probe; of any other kind there is nothing to say
 * @returns one sentence a field
 */
export function scrapesDifferently(object: MonitoringObject): string[] {
  if (!["ServiceMonitor", "PodMonitor", "Probe"].includes(object.kind)) return [];
  const spec = fields(object.spec);
  const endpoints = ["endpoints", "podMetricsEndpoints"].flatMap((key) =>
    list(spec[key]).map((each, index) => ({ at: `${key}[${index}].`, of: each })),
  );
  return [{ at: "", of: spec }, ...endpoints].flatMap(({ at, of }) =>
    Object.entries(leftOut).flatMap(([field, effect]) =>
      isSet(of[field]) ? [`${at}${field} is left out: ${effect}`] : [],
    ),
  );
}

/**
 * What only a Prometheus does with alerts, which ends once Mimir's ruler evaluates (stage `mimir-default`).
 * @param object a Prometheus; of any other kind there is nothing to say
 * @returns one sentence a field
 */
export function endsWithItsRules({ kind, spec }: MonitoringObject): string[] {
  if (kind !== "Prometheus") return [];
  const { additionalAlertRelabelConfigs, additionalAlertManagerConfigs, alerting } = fields(spec);
  // Where it is the only way to an Alertmanager, this program made it (components/kube-prometheus-stack/values.ts), and the ruler has that address.
  const further = isSet(additionalAlertManagerConfigs) && isSet(fields(alerting).alertmanagers);
  return [
    ...externalLabels(spec).map(
      (label) =>
        `externalLabels.${label}: from stage mimir-default on only an alert whose expression keeps this label of the series has it. Write it into the labels of the other rules.`,
    ),
    ...(isSet(additionalAlertRelabelConfigs)
      ? [
          "additionalAlertRelabelConfigs: from stage mimir-default on alerts are sent as the rules make them. Write into the rules what this changes, or change Alertmanager's routes.",
        ]
      : []),
    ...(further
      ? [
          "additionalAlertManagerConfigs: from stage mimir-default on these get no alert, as Mimir's ruler tells one Alertmanager alone. Have them told by a receiver of that one.",
        ]
      : []),
  ];
}

/**
 * What only a Prometheus does with samples, which ends with it (stage `kps-removed`).
 * @param object a Prometheus; of any other kind there is nothing to say
 * @returns one sentence a target of remote_write, but for the stack's own
 */
export function endsWithPrometheus({ kind, spec }: MonitoringObject): string[] {
  if (kind !== "Prometheus") return [];
  return list(fields(spec).remoteWrite).flatMap(({ name, url }, index) =>
    name === remoteWriteName
      ? []
      : [
          `remoteWrite[${index}]${to(name ?? hostOf(url))} ends with Prometheus: Alloy writes to Mimir alone. Send there by something else, or do without.`,
        ],
  );
}

/**
 * Names of the external labels that Prometheus alone has: `cluster` is put on what Alloy writes, and on the rules of Mimir's ruler.
 * @param spec of a Prometheus
 */
export const externalLabels = (spec: unknown): string[] =>
  Object.keys(fields(fields(spec).externalLabels)).filter((label) => label !== "cluster");

const to = (where: unknown) => (where === undefined ? "" : ` (${quoted(where)})`);

/** A URL may have a password, and its path a token. */
const hostOf = (url: unknown) => (typeof url === "string" && URL.canParse(url) ? new URL(url).host : undefined);

/** Fields that Alloy's generator does not read (`config_gen_servicemonitor.go`, `config_gen_podmonitor.go`, `config_gen_probe.go`). */
const leftOut: Readonly<Record<string, string>> = {
  trackTimestampsStaleness: "a series that vanishes from an endpoint with timestamps ends 5 minutes late",
  bodySizeLimit: "an answer of any size is taken",
  keepDroppedTargets: "it only bounds what Prometheus's page shows of dropped targets",
  fallbackScrapeProtocol: "an answer without a content type is read as Prometheus's text format 0.0.4",
  scrapeNativeHistograms: "of a native histogram only classic buckets are taken, where it has any",
  scrapeClassicHistograms: "of a native histogram no classic buckets are taken",
  convertClassicHistogramsToNHCB: "classic histograms stay classic",
  nativeHistogramBucketLimit: "the number of buckets is not bounded",
  nativeHistogramMinBucketFactor: "the number of buckets is not bounded",
};

/** The generator reads static targets only (`config_gen_scrapeconfig.go`), and gives them another `job`. */
const scrapeConfigs =
  "ScrapeConfigs are not scraped: prometheus.operator.scrapeconfigs is experimental in Alloy 1.12, knows static targets only and gives them another job. " +
  "Make it a ServiceMonitor or a PodMonitor (for an address outside the cluster: a Service without selector, and its EndpointSlice), or a Probe.";

/** The stack's own targets, which `metrics-config.ts` renders in Alloy's language (`components/monitors` and `components/object-storage` make these objects). */
function isBaseTarget({ metadata: { labels = {} } }: MonitoringObject): boolean {
  return labels["app.kubernetes.io/part-of"] === "observability" && labels["app.kubernetes.io/managed-by"] === "pulumi";
}

// The generator never asks for a scrape class.
const scrapeClass = (spec: Fields): string[] =>
  spec.scrapeClass === undefined
    ? []
    : [
        `scrapeClass ${quoted(spec.scrapeClass)} is not known to Alloy: what it would add (authorization, TLS, relabelling) is missing. Write it into the object.`,
      ];

function endpoint(of: Fields, at: string, namespace: string, readable: Readable): string[] {
  return [
    ...timing(of, `${at}.`),
    ...files(of, at),
    ...credentials(of, at, namespace, readable),
    ...proxy(of, at),
    ...relabelling(of.relabelings, `${at}.relabelings`),
    ...relabelling(of.metricRelabelings, `${at}.metricRelabelings`),
  ];
}

function probe(spec: Fields, namespace: string, readable: Readable): string[] {
  const { staticConfig, ingress } = fields(spec.targets);
  return [
    ...scrapeClass(spec),
    // config_gen_probe.go sends the module only.
    ...(list(spec.params).length > 0
      ? ["params are not sent to the prober. Put them into a module of the prober."]
      : []),
    ...timing(spec, ""),
    ...credentials(spec, "", namespace, readable),
    ...proxy(fields(spec.prober), "prober"),
    ...relabelling(fields(staticConfig).relabelingConfigs, "targets.staticConfig.relabelingConfigs"),
    ...relabelling(fields(ingress).relabelingConfigs, "targets.ingress.relabelingConfigs"),
    ...relabelling(spec.metricRelabelings, "metricRelabelings"),
  ];
}

/** What a Prometheus adds to every target; the generator knows of none of it. */
const added: Readonly<Record<string, string>> = {
  additionalScrapeConfigs: "these targets are not scraped. Make them ServiceMonitors, PodMonitors or Probes",
  podTargetLabels: "series lose these labels. Name them in the podTargetLabels of each monitor",
  enforcedNamespaceLabel: "series lose this label, or keep another's. Relabel in each monitor",
  overrideHonorLabels: "honorLabels of each monitor counts again. Take it out of those where it must not",
  overrideHonorTimestamps: "honorTimestamps of each monitor counts again. Set it to false in each",
  ignoreNamespaceSelectors: "the namespaceSelector of each monitor counts again, so that more may be scraped",
  scrapeNativeHistograms:
    "of native histograms only classic buckets are taken, where there are any. Ask for those in dashboards and rules",
};

function prometheus(spec: Fields): string[] {
  const isDefault = list(spec.scrapeClasses).filter((each) => each.default === true);
  return [
    ...Object.entries(added).flatMap(([field, effect]) => (isSet(spec[field]) ? [`${field}: ${effect}.`] : [])),
    ...externalLabels(spec).map(
      (label) =>
        `externalLabels.${label}: in Mimir every series has it by remote_write, and is another without it from stage kps-removed on. Write it into the monitors (relabelings), or take it out of whatever asks for it.`,
    ),
    ...longTimeout(spec),
    ...isDefault.map(
      ({ name }) =>
        `scrapeClasses: ${quoted(name)} is the default of every monitor, and Alloy doesn't know it. Write what it adds into the monitors.`,
    ),
  ];
}

const isSet = (value: unknown) =>
  value !== undefined && value !== false && value !== "" && !(Array.isArray(value) && value.length === 0);

/** Of monitors that say nothing (`metrics-config.ts`). A shorter one of Prometheus's is nothing that a target could miss. */
const longTimeout = ({ scrapeTimeout }: Fields): string[] =>
  typeof scrapeTimeout === "string" && isDuration(scrapeTimeout) && seconds(scrapeTimeout) > 10
    ? [
        `scrapeTimeout is ${scrapeTimeout}, and Alloy waits 10s at most where a monitor has none: slow targets fail. Write it into their monitors.`,
      ]
    : [];

/**
 * `generateDefaultScrapeConfig` sets 10 seconds where a monitor says nothing, and a timeout above the interval is an error. Prometheus takes
 * the smaller of the two.
 */
function timing({ interval, scrapeTimeout }: Fields, at: string): string[] {
  if (typeof interval !== "string" || !isDuration(interval) || isSet(scrapeTimeout)) return [];
  return seconds(interval) < 10
    ? [
        `${at}interval is ${interval}, below the timeout of 10s that Alloy takes where there is no scrapeTimeout. Give one.`,
      ]
    : [];
}

/** The only files that Alloy's pod has in common with the Prometheus of the operator. */
const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount/";

function files({ bearerTokenFile, tlsConfig }: Fields, at: string): string[] {
  const { caFile, certFile, keyFile } = fields(tlsConfig);
  const named = {
    bearerTokenFile,
    "tlsConfig.caFile": caFile,
    "tlsConfig.certFile": certFile,
    "tlsConfig.keyFile": keyFile,
  };
  return Object.entries(named).flatMap(([field, path]) =>
    typeof path !== "string" || path === "" || path.startsWith(serviceAccount)
      ? []
      : [`${at}.${field} names ${path}, a file that Alloy's pod does not have. Name a Secret or ConfigMap instead.`],
  );
}

/** Secrets and ConfigMaps that are read for a scrape (`secrets.go`), and what of them Alloy doesn't understand. */
function credentials(of: Fields, at: string, namespace: string, readable: Readable): string[] {
  const path = (field: string) => (at === "" ? field : `${at}.${field}`);
  const [basicAuth, authorization, oauth2, tls] = ["basicAuth", "authorization", "oauth2", "tlsConfig"].map((field) =>
    fields(of[field]),
  );
  const either = (field: string, value: unknown): [string, unknown, unknown][] => {
    const { secret, configMap } = fields(value);
    return [[field, secret, configMap]];
  };
  const references: [string, unknown, unknown?][] = [
    ["bearerTokenSecret", of.bearerTokenSecret],
    ["basicAuth.username", basicAuth.username],
    ["basicAuth.password", basicAuth.password],
    ["authorization.credentials", authorization.credentials],
    ["oauth2.clientSecret", oauth2.clientSecret],
    ...either("oauth2.clientId", oauth2.clientId),
    ...either("tlsConfig.ca", tls.ca),
    ...either("tlsConfig.cert", tls.cert),
    ["tlsConfig.keySecret", tls.keySecret],
  ];
  return [
    ...references.flatMap(([field, secret, configMap]) => [
      ...unreadable(path(field), "Secret", "metrics.secrets", namespace, secret, readable.secrets),
      ...unreadable(path(field), "ConfigMap", "metrics.configMaps", namespace, configMap, readable.configMaps),
    ]),
    // generateBasicAuth reads both, and an empty name is an error.
    ...["username", "password"]
      .filter((part) => of.basicAuth !== undefined && !fields(basicAuth[part]).name)
      .map((part) => `${path("basicAuth")} has no ${part}, and Alloy asks for both. Name a key with an empty value.`),
    ...(oauth2.tlsConfig === undefined
      ? []
      : [`${path("oauth2.tlsConfig")} is left out: tokens are asked for without it.`]),
    ...(oauth2.proxyUrl === undefined
      ? []
      : [`${path("oauth2.proxyUrl")} is left out: tokens are asked for without it.`]),
  ];
}

function unreadable(
  at: string,
  kind: string,
  setting: string,
  namespace: string,
  reference: unknown,
  readable: readonly string[],
): string[] {
  const { name } = fields(reference);
  if (typeof name !== "string" || name === "" || readable.includes(`${namespace}/${name}`)) return [];
  return [`${at} is in the ${kind} ${namespace}/${name}, which Alloy may not read. Add it to ${setting}.`];
}

const proxy = (of: Fields, at: string): string[] =>
  ["proxyFromEnvironment", "noProxy", "proxyConnectHeader"].flatMap((field) =>
    isSet(of[field]) ? [`${at}.${field} is left out: Alloy knows proxyUrl only.`] : [],
  );

/**
 * `relabeler.add` takes an empty `replacement` or `separator` for one that is not given, so a step that clears a label keeps it.
 * Without a group in `regex` nothing is lost: `$1` is empty there too.
 */
const relabelling = (steps: unknown, at: string): string[] =>
  list(steps).flatMap(({ action = "replace", sourceLabels, regex = "(.*)", replacement, separator }, index) => {
    const sources = Array.isArray(sourceLabels) ? sourceLabels.length : 0;
    const replaces = String(action).toLowerCase() === "replace";
    return [
      ...(replaces && replacement === "" && sources > 0 && String(regex).includes("(")
        ? [
            `${at}[${index}].replacement is empty, which Alloy reads as "$1". Take sourceLabels and regex out, or drop the label (labeldrop).`,
          ]
        : []),
      ...(separator === "" && sources > 1
        ? [`${at}[${index}].separator is empty, which Alloy reads as ";". Write regex for a separator.`]
        : []),
    ];
  });

type Fields = Readonly<Record<string, unknown>>;

const fields = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};

const list = (value: unknown): Fields[] => (Array.isArray(value) ? value.map(fields) : []);

const quoted = (value: unknown) => JSON.stringify(value);
