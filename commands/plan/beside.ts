import { endsWithItsRules, endsWithPrometheus, type Readable } from "../../components/alloy/unsupported";
import { chartObjects, controlPlane, controlPlaneParts, endsByImport } from "../../components/monitors/control-plane";
import { withKubernetesDefaults } from "../../engine/answers";
import { chartName } from "../../engine/chart-name";
import { Graph, Resource } from "../../engine/graph";
import { isMap } from "../../engine/json";
import type { Backend } from "../../stages";
import { prometheusServices } from "../shared/askers";
import type { Recorded } from "../shared/record";
import { prometheusOf } from "../shared/release-prometheus";
import { successors } from "../shared/scraping";
import { defaultNamespace } from "../shared/objects";
import { isForgotten, Step } from "./steps";
import { clear, nameOf, namespaceOf } from "./volumes";
import { fullname, runsOperator } from "../../settings/release-values";

/**
 * What a move does beyond the steps, if kube-prometheus-stack is taken over, stops evaluating rules or is deleted: objects that are not in the graph because its
 * operator made them; what can't be scraped from then on as Prometheus did; and what only that Prometheus did. Volumes are
 * listed separately.
 *
 * @param steps what the update does
 * @param readable what may be read of Secrets and ConfigMaps to scrape: the target's settings
 * @param backend the target's
 * @param recorded what `verify` or `adopt` found in the cluster before
 * @returns sentences; none if kube-prometheus-stack stays as it is
 */
export function besideTheSteps(
  source: Graph,
  target: Graph,
  steps: readonly Step[],
  readable: Readable,
  backend: Backend = "mimir",
  recorded: Recorded = { has: {}, ends: [] },
): string[] {
  const move = kpsMove(source, target, steps);
  if (move === undefined) return [];
  const { owner, after, imports, goes } = move;
  const {
    name = "",
    namespace = defaultNamespace(owner, source),
    values = {},
  } = clear<Release>(withKubernetesDefaults(owner)) ?? {};
  const full = fullname(name, values);
  const prometheus = prometheusOf(name, namespace, values);
  const said = (why: string) => `Prometheus ${prometheus.metadata.name}: ${why}`;
  const silenced = evaluates(values) && (goes || (after !== undefined && !evaluates(valuesOf(after))));
  return [
    ...(after && imports ? [...takenOutByImport(target, after), ...alertmanagerConfigs(recorded, unreadByImport)] : []),
    ...(goes
      ? [
          ...madeByOperator(namespace, prometheus.metadata.name),
          ...hooks(values),
          `Service and Endpoints kube-system/${full}-kubelet: ${kubelet(values)}`,
          `Services ${prometheusServices(namespace, full).join(", ")}: they are deleted, and clients that use these names get no answer until an update with prometheusApi.formerNames and migration.from: kps-removed${recorded.askers ? "" : "; `npm run verify` lists them, --before FILE names them here"}`,
          ...scrapeConfigs(readable, backend),
          ...alertmanagerConfigs(recorded, unreadWithoutOperator),
          ...ofItsValues(values),
          ...unscraped(target, readable, backend),
          ...[
            ...successors[backend].cannotScrape(prometheus, readable),
            ...endsWithPrometheus(prometheus, backend),
          ].map(said),
        ]
      : []),
    ...(silenced ? endsWithItsRules(prometheus, backend).map(said) : []),
  ];
}

/** What a move does to the release with the operator. */
interface KpsMove {
  owner: Resource;
  after: Resource | undefined;
  /** It takes over one that exists. The plan can't see whether that is done: the first update is planned from a stage to the same. */
  imports: boolean;
  goes: boolean;
}

/** What a move does to the release with the operator; nothing where the stack has none. */
export function kpsMove(source: Graph, target: Graph, steps: readonly Step[]): KpsMove | undefined {
  const owner = kpsReleases(source).find((release) => runsOperator(valuesOf(release)));
  if (owner === undefined) return undefined;
  const after = target.get(owner.urn);
  const step = steps.find(({ urn }) => urn === owner.urn);
  const isNew = owner.options.import === undefined || steps.every(({ op }) => op === "same");
  return {
    ...{ owner, after },
    imports: after?.options.import !== undefined && isNew,
    goes: step !== undefined && !isForgotten(step) && (step.op === "delete" || step.op === "blocked"),
  };
}

/** Releases of the chart kube-prometheus-stack: the one with the operator, and that of upstream's rules. */
export const kpsReleases = (graph: Graph): Resource[] =>
  [...graph.values()].filter(
    ({ type, inputs }) =>
      type === "kubernetes:helm.sh/v3:Release" && chartName(inputs.chart) === "kube-prometheus-stack",
  );

/**
 * What an adopted release had for the parts of the control plane that this stack doesn't scrape. Which of it existed, only the release knows:
 * `npm run adopt` reads it.
 */
function takenOutByImport(target: Graph, imported: Resource): string[] {
  const { name = "", namespace = defaultNamespace(imported, target) } =
    clear<Release>(withKubernetesDefaults(imported)) ?? {};
  const release = { namespace, fullname: fullname(name, valuesOf(imported)) };
  return controlPlaneParts
    .filter((part) => ![...target.values()].some((each) => isScrapeConfig(each, controlPlane[part].name)))
    .map((part) => `${chartObjects(part, release).join(", ")}: ${endsByImport(part)}`);
}

/** Those of others: by name where they were recorded, and not at all where there were none. Those that were said to end are listed as that. */
function alertmanagerConfigs({ has, ends }: Recorded, what: string): string[] {
  const said = ends.flatMap(({ kind, name }) => (kind === "AlertmanagerConfig" ? name : []));
  const names = has.AlertmanagerConfig?.filter((name) => !said.includes(name));
  if (names === undefined) return [`other applications' AlertmanagerConfigs (--before FILE names them): ${what}`];
  return names.length > 0 ? [`AlertmanagerConfigs ${names.join(", ")}: ${what}`] : [];
}

const unreadWithoutOperator =
  "an Alertmanager of the operator outside the stack keeps its configuration, but no change of them is read; the stack's own never reads them (alertmanager.receivers and alertmanager.routes). `npm run verify` lists each";

const unreadByImport =
  "only the release's Alertmanager, which is deleted, reads them; the stack's has the receivers and routes of its settings: `npm run adopt` translates each, or says why it can't";

const isScrapeConfig = (resource: Resource, name: string): boolean =>
  resource.type.endsWith(":ScrapeConfig") && nameOf(resource) === name;

const madeByOperator = (namespace: string, name: string): string[] => [
  `StatefulSet ${namespace}/prometheus-${name} is deleted: the operator created it, and Kubernetes deletes it with its Prometheus`,
  `Service ${namespace}/prometheus-operated and the Secrets and ConfigMaps of that Prometheus are deleted in the same way`,
];

/** The chart's hooks create certificates for the operator's webhooks. */
function hooks({ prometheusOperator = {} }: Values): string[] {
  const { admissionWebhooks, tls } = prometheusOperator;
  return [admissionWebhooks, tls].every((part) => part?.enabled === false)
    ? ["Helm runs no hooks, and there are no webhooks: the operator's admissionWebhooks and tls are off"]
    : [
        "Helm's hooks leave Jobs and a Secret behind, and the webhooks may outlive the operator: look for them afterwards",
      ];
}

const kubelet = ({ prometheusOperator = {} }: Values): string =>
  prometheusOperator.kubeletEndpointsEnabled === false && prometheusOperator.kubeletService?.enabled === false
    ? "the operator creates none; those of an earlier release stay, and `npm run verify` finds them"
    : "they stay and become stale, because they have no owner: delete them";

/** Rules and monitors that a user's values of the release have. */
function ofItsValues({ prometheus = {}, ...values }: Values): string[] {
  const written = [
    ...Object.values(values.additionalPrometheusRulesMap ?? {}),
    ...(values.additionalPrometheusRules ?? []),
  ];
  const rules = written.flatMap((file) => file?.groups ?? []).flatMap((group) => group.rules ?? []);
  const toSettings = "to keep them, move them to rules.additionalPrometheusRulesMap";
  const lists: [what: string, names: string[], how?: string][] = [
    ["Alerts of the release's values that end", rules.flatMap(({ alert }) => alert ?? []), toSettings],
    ["Recorded series of the release's values that end", rules.flatMap(({ record }) => record ?? []), toSettings],
    ["ServiceMonitors of the release's values that are deleted", namesIn(prometheus.additionalServiceMonitors)],
    ["PodMonitors of the release's values that are deleted", namesIn(prometheus.additionalPodMonitors)],
    ["Objects of the release's extraManifests that are deleted", extra(values.extraManifests)],
    ["HTTPRoutes of the release's values (prometheus.route) that are deleted", on(prometheus.route)],
  ];
  return lists.flatMap(([what, names, how = "to keep them, first create them as your own objects"]) =>
    names.length > 0 ? [`${what}: ${names.join(", ")}: ${how}`] : [],
  );
}

const namesIn = (all: { name?: string }[] = []): string[] => all.flatMap(({ name }) => name ?? []);

/** They may be objects, by name or in a list, or texts for Helm's templates, which have no name yet. */
const extra = (all: Values["extraManifests"] = {}): string[] =>
  Object.values(all).map((each) =>
    isMap<Record<string, unknown>>(each) ? `${String(each.kind)} ${String(each.metadata?.name)}` : "a template",
  );

const on = (all: Record<string, Switch | null> = {}): string[] =>
  Object.entries(all).flatMap(([name, route]) => (route?.enabled ? name : []));

/** vmagent's operator reads the objects themselves. */
const scrapeConfigs = ({ scrapeConfigs }: Readable, backend: Backend): string[] =>
  backend === "mimir"
    ? [
        `other applications' ScrapeConfigs: Alloy scrapes those in metrics.scrapeConfigs (${scrapeConfigs.map(({ name }) => name).join(", ") || "none"}) and no others; \`npm run verify\` lists those that it doesn't`,
      ]
    : [];

/** Monitors of the stack. */
function unscraped(target: Graph, readable: Readable, backend: Backend): string[] {
  const monitors = [...target.values()]
    .filter(({ type }) => type.startsWith("kubernetes:monitoring.coreos.com/"))
    .map((resource) => ({
      kind: resource.type.split(":").at(-1) ?? "",
      metadata: {
        ...clear<{ labels?: Record<string, string> }>(resource.inputs.metadata),
        ...{ name: nameOf(resource), namespace: namespaceOf(resource, target) },
      },
      spec: clear(resource.inputs.spec),
    }));
  return monitors.flatMap((object) =>
    successors[backend].cannotScrape(object, readable).map((why) => `${object.kind} ${object.metadata.name}: ${why}`),
  );
}

/** The values of a release. */
export const valuesOf = (release: Resource): Values => clear<Release>(withKubernetesDefaults(release))?.values ?? {};

/** This program selects every rule, or none with a label that no rule has (components/kube-prometheus-stack/values.ts). */
const evaluates = ({ prometheus }: Values): boolean =>
  Object.keys(prometheus?.prometheusSpec?.ruleSelector ?? {}).length === 0;

// The parts of the chart's values that are read here.
interface Switch {
  enabled?: boolean;
}
interface Values extends Record<string, unknown> {
  grafana?: Switch;
  prometheusOperator?: {
    admissionWebhooks?: Switch;
    tls?: Switch;
    kubeletService?: Switch;
    kubeletEndpointsEnabled?: boolean;
  };
  prometheus?: {
    prometheusSpec?: { ruleSelector?: Record<string, unknown> };
    additionalServiceMonitors?: { name?: string }[];
    additionalPodMonitors?: { name?: string }[];
    route?: Record<string, Switch | null>;
  };
  extraManifests?: unknown[] | Record<string, unknown>;
  additionalPrometheusRulesMap?: Record<string, Rules | null>;
  additionalPrometheusRules?: (Rules | null)[];
}
interface Rules {
  groups?: { rules?: { alert?: string; record?: string }[] }[];
}
interface Release {
  name: string;
  namespace?: string;
  values?: Values;
}
