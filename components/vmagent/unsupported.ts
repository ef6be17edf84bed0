import {
  absentFiles,
  fields,
  isSet,
  list,
  lostWithPrometheus,
  when,
  type MonitoringObject,
  type Readable,
} from "../alloy/unsupported";
import { serviceAccountClass } from "../monitors/scrape-class";

/**
 * What vmagent 1.150 does not scrape as the operator's Prometheus did. The operator writes the same configuration for both, so each reason is a
 * difference between Prometheus and vmagent (`lib/promscrape/config.go`), or of what the operator may read here and what its Prometheus may have.
 */

/** Where each kind has what is scraped. */
const endpointsOf: Readonly<Record<string, string>> = {
  ServiceMonitor: "endpoints",
  PodMonitor: "podMetricsEndpoints",
};

const monitors = [...Object.keys(endpointsOf), "Probe", "ScrapeConfig"];

/** The parts of a monitor that say how something is scraped, each with its place. */
function parts({ kind, spec }: MonitoringObject): { at: string; of: Record<string, unknown> }[] {
  const field = endpointsOf[kind];
  if (field === undefined) return [{ at: "", of: fields(spec) }];
  return list(fields(spec)[field]).map((of, index) => ({ at: `${field}[${index}].`, of }));
}

/**
 * Why vmagent would not scrape what an object asks for, or would give its series other labels; none: it scrapes it as Prometheus did.
 * @param object a ServiceMonitor, PodMonitor, Probe, ScrapeConfig or Prometheus; of any other kind there is nothing to say
 * @param readable what the operator may read
 * @returns one sentence a reason, each naming the field
 */
export function cannotScrape(object: MonitoringObject, readable: Readable): string[] {
  if (object.kind === "Prometheus") return lostWithPrometheus(fields(object.spec), "victoria-metrics");
  if (!monitors.includes(object.kind)) return [];
  const { scrapeClass } = fields(object.spec);
  return [
    ...when(
      scrapeClass !== undefined && scrapeClass !== serviceAccountClass.name,
      `scrapeClass ${JSON.stringify(scrapeClass)} is not known to the stack's operator, which leaves this object out. Write what it adds into the object.`,
    ),
    ...parts(object).flatMap(({ at, of }) => [
      ...unreadable(of, at, object.metadata.namespace ?? "default", readable),
      ...absentFiles(of, at, "vmagent"),
      ...discoveries(of, at),
      ...places(of, at).flatMap((place) => [...unread(place), ...refusedSteps(place)]),
    ]),
  ];
}

/** Discoveries of a ScrapeConfig that vmagent doesn't have (`lib/promscrape/discovery`). */
const unknownDiscovery = ["lightSailSDConfigs", "scalewaySDConfigs", "ionosSDConfigs"];

/** Of those that it has, the kinds that it hasn't: it finds nothing by them. */
const unknownKinds: Readonly<Record<string, { field: string; kinds: readonly string[] }>> = {
  dnsSDConfigs: { field: "type", kinds: ["NS"] },
  azureSDConfigs: { field: "authenticationMethod", kinds: ["SDK", "WorkloadIdentity"] },
  openstackSDConfigs: { field: "role", kinds: ["LoadBalancer"] },
};

const otherwise = "Find these targets in another way.";

const discoveries = (of: Fields, at: string): string[] => [
  ...unknownDiscovery.flatMap((name) =>
    when(isSet(of[name]), `${at}${name} is a discovery that vmagent doesn't have. ${otherwise}`),
  ),
  ...Object.entries(unknownKinds).flatMap(([name, { field, kinds }]) =>
    list(of[name]).flatMap(({ [field]: kind }, index) =>
      when(
        kinds.includes(String(kind)),
        `${at}${name}[${index}].${field} ${JSON.stringify(kind)} is a kind of discovery that vmagent doesn't have. ${otherwise}`,
      ),
    ),
  ),
  ...list(of.fileSDConfigs).map(
    (_, index) =>
      `${at}fileSDConfigs[${index}].files are on the disk of Prometheus's pod, and vmagent's pod doesn't have them. List the targets (staticConfigs), or find them by HTTP or DNS.`,
  ),
];

type Fields = Readonly<Record<string, unknown>>;

interface Place {
  /** With the dot before its fields; of the part itself as the part has it. */
  at: string;
  of: Fields;
}

/** A part of a spec, and every mapping in it. */
function places(of: Fields, at: string): Place[] {
  const below = Object.entries(of).flatMap(([field, value]) =>
    Array.isArray(value)
      ? list(value).flatMap((each, index) => places(each, `${at}${field}[${index}].`))
      : places(fields(value), `${at}${field}.`),
  );
  return [{ at, of }, ...below];
}

/** Fields that vmagent's configuration doesn't have, wherever they stand: it takes the job without them (`-promscrape.config.strictParse=false`). */
const unreadFields: Readonly<Record<string, string>> = {
  proxyFromEnvironment: "vmagent knows proxyUrl only",
  noProxy: "vmagent knows proxyUrl only",
  proxyConnectHeader: "vmagent knows proxyUrl only",
  // Of Consul and of Hetzner.
  pathPrefix: "vmagent asks Consul at the root of its address, and finds nothing",
  healthFilter: "targets that it leaves out are scraped",
  labelSelector: "targets that it leaves out are scraped",
};

const unread = ({ at, of }: Place): string[] =>
  Object.entries(unreadFields).flatMap(([field, effect]) =>
    when(isSet(of[field]), `${at}${field} is left out: ${effect}.`),
  );

/** The lists of steps of relabelling of any monitor. */
const relabelings = ["relabelings", "metricRelabelings", "relabelingConfigs"];

/** The steps of relabelling in a part of a spec that stand in this place of it. */
const steps = ({ at, of }: Place): { at: string; of: Fields; action: string }[] =>
  relabelings.flatMap((field) =>
    list(of[field]).map((step, index) => ({
      ...{ at: `${at}${field}[${index}]`, of: step, action: String(step.action ?? "replace").toLowerCase() },
    })),
  );

/** Prometheus takes no label for an empty value; vmagent refuses the job (`lib/promrelabel/config.go`). */
const refusedSteps = (place: Place): string[] =>
  steps(place).flatMap(({ at, of, action }) =>
    when(
      ["keep", "drop", "hashmod", "uppercase", "lowercase"].includes(action) && !isSet(of.sourceLabels),
      `${at} has the action ${action} and no sourceLabels, with which vmagent leaves out the whole job. Name them, or take the step out: ${action === "keep" || action === "drop" ? `Prometheus ${action}s nothing or everything by it` : "it has no effect in Prometheus"}.`,
    ),
  );

/** References to Secrets and ConfigMaps of other namespaces that the settings don't have; those of the stack's own the operator may read. */
function unreadable(of: unknown, at: string, namespace: string, readable: Readable): string[] {
  if (namespace === readable.namespace) return [];
  return references(of, at).flatMap(({ path, kind, name }) => {
    const [setting, allowed] =
      kind === "Secret" ? ["metrics.secrets", readable.secrets] : ["metrics.configMaps", readable.configMaps];
    return when(
      !allowed.includes(`${namespace}/${name}`),
      `${path} is in the ${kind} ${namespace}/${name}, which the stack's operator may not read, so it leaves this object out. Add it to ${setting}.`,
    );
  });
}

interface Reference {
  path: string;
  kind: "Secret" | "ConfigMap";
  name: string;
}

/** Every `{ name, key }` in a part of a spec: the key of a ConfigMap under `configMap`, of a Secret elsewhere. */
function references(of: unknown, at: string, under = ""): Reference[] {
  if (Array.isArray(of)) return of.flatMap((each, index) => references(each, `${at.replace(/\.$/, "")}[${index}].`));
  return Object.entries(fields(of)).flatMap(([field, value]): Reference[] => {
    const { name, key } = fields(value);
    const path = `${at}${field}`;
    if (typeof name === "string" && typeof key === "string")
      return [{ path: under || path, kind: field === "configMap" ? "ConfigMap" : "Secret", name }];
    const either = isSet(fields(value).secret) || isSet(fields(value).configMap);
    return references(value, `${path}.`, either ? path : "");
  });
}

/** Fields that vmagent does not read, or reads otherwise. */
const leftOut: Readonly<Record<string, string>> = {
  trackTimestampsStaleness: "samples get the time of their scrape, so a series that vanishes ends at once",
  targetLimit: "the number of targets is not bounded",
  labelNameLengthLimit: "labels of any length are taken",
  labelValueLengthLimit: "labels of any length are taken",
  bodySizeLimit: "an answer of up to 128 MiB is taken",
  keepDroppedTargets: "it only bounds what Prometheus's page shows of dropped targets",
  fallbackScrapeProtocol: "every answer is read as Prometheus's text format",
  scrapeProtocols: "vmagent asks for Prometheus's text format",
  nameEscapingScheme: "a name with other characters than letters, digits, _ and : comes as the target escapes it",
  nameValidationScheme: "a name with other characters than letters, digits, _ and : comes as the target escapes it",
  scrapeNativeHistograms: "of a native histogram only classic buckets are taken, where it has any",
  convertClassicHistogramsToNHCB: "classic histograms stay classic",
};

/**
 * What vmagent leaves out of an object that it scrapes: labels stay, but limits, times or the kind of histogram may not.
 * @param object a ServiceMonitor, PodMonitor, Probe or ScrapeConfig; of any other kind there is nothing to say
 * @returns one sentence a field
 */
export function scrapesDifferently(object: MonitoringObject): string[] {
  if (!monitors.includes(object.kind)) return [];
  const whole = endpointsOf[object.kind] === undefined ? [] : [{ at: "", of: fields(object.spec) }];
  const limits = [...whole, ...parts(object)].flatMap(({ at, of }) =>
    Object.entries(leftOut).flatMap(([field, effect]) =>
      when(isSet(of[field]), `${at}${field} is left out: ${effect}`),
    ),
  );
  const hashes = parts(object)
    .flatMap(({ at, of }) => places(of, at).flatMap(steps))
    .flatMap(({ at, action }) =>
      when(
        action === "hashmod",
        `${at} gives other numbers than in Prometheus: vmagent's hash is xxHash, Prometheus's is MD5`,
      ),
    );
  return [...limits, ...hashes];
}
