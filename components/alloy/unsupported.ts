import { isDeepStrictEqual } from "node:util";
import { notForAlloy } from "../../settings/sections/scrape-config";
import { isDuration, seconds } from "../../settings/units";
import { backends, backendTitles, stagesWith, type Backend } from "../../stages";

/**
 * What Alloy 1.18 does not scrape as the operator's Prometheus did, and what nothing scrapes once that Prometheus is gone. Each reason is a difference
 * between two sources: Alloy's generator of scrape configurations (`internal/component/prometheus/operator/configgen` of v1.18.0) and the
 * operator's (`pkg/prometheus/promcfg.go` of v0.93.0).
 */

/** An object of `monitoring.coreos.com`, as the API server or a preview shows it. */
export interface MonitoringObject {
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Readonly<Record<string, string>> };
  spec?: unknown;
}

/** What the collector may read, each as `namespace/name`: the settings `metrics.secrets` and `metrics.configMaps`; and `metrics.scrapeConfigs`. */
export interface Readable {
  /** The stack's namespace. */
  namespace?: string;
  secrets: readonly string[];
  configMaps: readonly string[];
  scrapeConfigs: readonly { name: string; spec: unknown }[];
}

const nothing: Readable = { secrets: [], configMaps: [], scrapeConfigs: [] };

/** Who takes over from Prometheus with a backend, as sentences call them: who scrapes, who evaluates rules, and from which stage on. */
const successors: Readonly<Record<Backend, { scraper: string; evaluator: string }>> = {
  mimir: { scraper: "Alloy", evaluator: "Mimir's ruler" },
  "victoria-metrics": { scraper: "vmagent", evaluator: "vmalert" },
};

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
      return isBaseTarget(object) ? [] : scrapeConfig(object, readable);
    case "Prometheus":
      return lostWithPrometheus(spec, "mimir");
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
      when(isSet(of[field]), `${at}${field} is left out: ${effect}`),
    ),
  );
}

/**
 * What only a Prometheus does with alerts, which ends once something else evaluates (the backend's third stage).
 * @param object a Prometheus; of any other kind there is nothing to say
 * @param backend the stack's
 * @returns one sentence a field
 */
export function endsWithItsRules({ kind, spec }: MonitoringObject, backend: Backend = "mimir"): string[] {
  if (kind !== "Prometheus") return [];
  const [stage, { evaluator }] = [stagesWith(backend).at(-2), successors[backend]];
  const { additionalAlertRelabelConfigs, additionalAlertManagerConfigs, alerting } = fields(spec);
  // Where it is the only way to an Alertmanager, this program made it (components/kube-prometheus-stack/values.ts), and the ruler has that address.
  const further = isSet(additionalAlertManagerConfigs) && isSet(fields(alerting).alertmanagers);
  return [
    ...externalLabels(spec).map(
      (label) =>
        `externalLabels.${label}: from stage ${stage} on an alert only has it if its expression keeps this label of the series. Write it into the labels of the other rules.`,
    ),
    ...when(
      isSet(additionalAlertRelabelConfigs),
      `additionalAlertRelabelConfigs: from stage ${stage} on alerts are sent as the rules make them. Write into the rules what this changes, or change Alertmanager's routes.`,
    ),
    ...when(
      further,
      `additionalAlertManagerConfigs: from stage ${stage} on these get no alerts, because ${evaluator} only notifies one Alertmanager. Notify them through a receiver of that one.`,
    ),
  ];
}

/**
 * What only a Prometheus does with samples, which ends with it (stage `kps-removed`).
 * @param object a Prometheus; of any other kind there is nothing to say
 * @param backend the stack's
 * @returns one sentence a field, and a target of remote_write, but for the stack's own
 */
export function endsWithPrometheus({ kind, spec }: MonitoringObject, backend: Backend = "mimir"): string[] {
  if (kind !== "Prometheus") return [];
  const title = backendTitles[backend];
  return [
    ...list(fields(spec).remoteWrite).flatMap(({ name, url }, index) =>
      when(
        !backends.some((own) => own === name),
        `remoteWrite[${index}]${to(name ?? hostOf(url))} ends with Prometheus: ${successors[backend].scraper} writes to ${title} alone. Send there by something else, or do without.`,
      ),
    ),
    ...Object.entries(ending).flatMap(([field, effect]) =>
      when(isSet(fields(spec)[field]), `${field}: ${effect.replace("BACKEND", title)}.`),
    ),
  ];
}

/** What a Prometheus does beside scraping, and that ends with it. */
const ending: Readonly<Record<string, string>> = {
  thanos:
    "its sidecar no longer uploads blocks or answers Thanos. Bring old blocks into BACKEND (`npm run backfill`), or do without",
  remoteRead:
    "BACKEND reads from nowhere else: queries no longer show what comes from there. Add it as a separate data source",
  enableRemoteWriteReceiver:
    "programs that send samples to Prometheus must send them to BACKEND instead, or the samples are lost",
  enableOTLPReceiver: "programs that send OTLP to Prometheus must send it to BACKEND instead, or it is lost",
};

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

/** Alloy reads no ScrapeConfig: those of the settings are rendered for it (`scrape-configs.ts`). */
function scrapeConfig({ metadata, spec }: MonitoringObject, { scrapeConfigs }: Readable): string[] {
  const name = `${metadata.namespace ?? "default"}/${metadata.name}`;
  const written = scrapeConfigs.find((each) => each.name === name);
  if (written)
    return when(
      !isDeepStrictEqual(written.spec, spec),
      "its spec is not that of metrics.scrapeConfigs, which Alloy scrapes. Copy it there again (`npm run adopt` prints it).",
    );
  const reasons = notForAlloy(spec);
  return reasons.length === 0
    ? ["it is not scraped until it is in metrics.scrapeConfigs. `npm run adopt` prints the setting."]
    : reasons.map(
        (why) =>
          `${why}, so it can't be in metrics.scrapeConfigs. Take that out, or make it a ServiceMonitor or a PodMonitor (for an address outside the cluster: a Service without selector, and its EndpointSlice), or a Probe.`,
      );
}

/** The stack's own targets, which `metrics-config.ts` renders in Alloy's language (`components/monitors` and `components/object-storage` make these objects). */
export function isBaseTarget({ metadata: { labels = {} } }: MonitoringObject): boolean {
  return labels["app.kubernetes.io/part-of"] === "observability" && labels["app.kubernetes.io/managed-by"] === "pulumi";
}

// The generator never asks for a scrape class.
const scrapeClass = (spec: Fields): string[] =>
  when(
    spec.scrapeClass !== undefined,
    `scrapeClass ${quoted(spec.scrapeClass)} is not known to Alloy: what it would add (authorization, TLS, relabelling) is missing. Write it into the object.`,
  );

function endpoint(of: Fields, at: string, namespace: string, readable: Readable): string[] {
  return [
    ...timing(of, `${at}.`),
    ...absentFiles(of, `${at}.`, "Alloy"),
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
    ...when(list(spec.params).length > 0, "params are not sent to the prober. Put them into a module of the prober."),
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
  ignoreNamespaceSelectors: "the namespaceSelector of each monitor counts again: more may be scraped",
  scrapeNativeHistograms:
    "of native histograms only classic buckets are taken, where there are any. Ask for those in dashboards and rules",
};

/**
 * What only a Prometheus does with what it scrapes.
 * @param spec of it
 * @param backend the stack's
 * @returns one sentence a field
 */
export function lostWithPrometheus(spec: Fields, backend: Backend): string[] {
  const [{ scraper }, title] = [successors[backend], backendTitles[backend]];
  const isDefault = list(spec.scrapeClasses).filter((each) => each.default === true);
  return [
    ...Object.entries(added).flatMap(([field, effect]) => when(isSet(spec[field]), `${field}: ${effect}.`)),
    ...externalLabels(spec).map(
      (label) =>
        `externalLabels.${label}: in ${title} every series has it through remote_write. From stage kps-removed on it is missing, and each series is a new one. Write it into the monitors (relabelings), or remove it from your queries.`,
    ),
    ...longTimeout(spec, scraper),
    ...isDefault.map(
      ({ name }) =>
        `scrapeClasses: ${quoted(name)} is the default of every monitor, and ${scraper} doesn't know it. Write what it adds into the monitors.`,
    ),
  ];
}

/** Whether a field says something. */
export const isSet = (value: unknown) =>
  value !== undefined && value !== false && value !== "" && !(Array.isArray(value) && value.length === 0);

/** Of monitors that say nothing (`metrics-config.ts`). A shorter one of Prometheus's is nothing that a target could miss. */
function longTimeout({ scrapeTimeout }: Fields, scraper: string): string[] {
  if (typeof scrapeTimeout !== "string" || !isDuration(scrapeTimeout)) return [];
  return when(
    seconds(scrapeTimeout) > 10,
    `scrapeTimeout is ${scrapeTimeout}, and ${scraper} waits 10s at most where a monitor has none: slow targets fail. Write it into their monitors.`,
  );
}

/**
 * `generateDefaultScrapeConfig` sets 10 seconds where a monitor says nothing, and a timeout above the interval is an error. Prometheus takes
 * the smaller of the two.
 */
function timing({ interval, scrapeTimeout }: Fields, at: string): string[] {
  if (typeof interval !== "string" || !isDuration(interval) || isSet(scrapeTimeout)) return [];
  return when(
    seconds(interval) < 10,
    `${at}interval is ${interval}, below the timeout of 10s that Alloy takes where there is no scrapeTimeout. Give one.`,
  );
}

/** The only files that a scraper's pod has in common with the Prometheus of the operator. */
const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount/";

/**
 * Files that a monitor names and that the pod which scrapes in Prometheus's place doesn't have.
 * @param of the part of a monitor that says how something is scraped
 * @param at its place, with the dot before its fields
 * @param scraper whose pod it is, for a sentence
 * @returns one sentence a file
 */
export function absentFiles({ bearerTokenFile, tlsConfig }: Fields, at: string, scraper: string): string[] {
  const { caFile, certFile, keyFile } = fields(tlsConfig);
  const named = {
    bearerTokenFile,
    "tlsConfig.caFile": caFile,
    "tlsConfig.certFile": certFile,
    "tlsConfig.keyFile": keyFile,
  };
  return Object.entries(named).flatMap(([field, path]) =>
    when(
      typeof path === "string" && path !== "" && !path.startsWith(serviceAccount),
      `${at}${field} names ${String(path)}, a file that ${scraper}'s pod does not have. Name a Secret or ConfigMap instead.`,
    ),
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
    ...["tlsConfig", "proxyUrl"]
      .filter((field) => oauth2[field] !== undefined)
      .map((field) => `${path(`oauth2.${field}`)} is left out: tokens are asked for without it.`),
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
    when(isSet(of[field]), `${at}.${field} is left out: Alloy knows proxyUrl only.`),
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
      ...when(
        replaces && replacement === "" && sources > 0 && String(regex).includes("("),
        `${at}[${index}].replacement is empty, which Alloy reads as "$1". Take sourceLabels and regex out, or drop the label (labeldrop).`,
      ),
      ...when(
        separator === "" && sources > 1,
        `${at}[${index}].separator is empty, which Alloy reads as ";". Write regex for a separator.`,
      ),
    ];
  });

/** The sentence, if the condition holds. */
export const when = (holds: boolean, sentence: string): string[] => (holds ? [sentence] : []);

type Fields = Readonly<Record<string, unknown>>;

/** A mapping, or none. */
export const fields = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};

/** A list of mappings, or none. */
export const list = (value: unknown): Fields[] => (Array.isArray(value) ? value.map(fields) : []);

const quoted = (value: unknown) => JSON.stringify(value);
