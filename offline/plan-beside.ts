import { cannotScrape, endsWithItsRules, endsWithPrometheus, type Readable } from "../components/alloy/unsupported";
import { fullname, prometheusName } from "../components/kube-prometheus-stack/chart";
import { withKubernetesDefaults } from "./answers";
import { Graph, Resource } from "./graph";
import { isMap } from "./json";
import { defaultNamespace } from "./objects";
import { Step } from "./plan-steps";
import { clear, nameOf, namespaceOf } from "./plan-volumes";

/**
 * What a move does beside the steps, where kube-prometheus-stack stops evaluating rules or goes: objects that the graph doesn't show, as its
 * operator made them, what Alloy, which scrapes from then on, can't scrape as Prometheus did, and what only that Prometheus did. Volumes are
 * told of elsewhere.
 *
 * @param steps what the update does
 * @param readable what Alloy may read of Secrets and ConfigMaps: the target's settings
 * @returns sentences; none where kube-prometheus-stack stays as it is
 */
export function besideTheSteps(source: Graph, target: Graph, steps: Step[], readable: Readable): string[] {
  const owner = [...source.values()].find(
    ({ type, inputs }) => type === "kubernetes:helm.sh/v3:Release" && inputs.chart === chart,
  );
  if (owner === undefined) return [];
  const {
    name = "",
    namespace = defaultNamespace(owner, source),
    values = {},
  } = clear<Release>(withKubernetesDefaults(owner)) ?? {};
  const full = fullname(name, values);
  const prometheus = {
    kind: "Prometheus",
    metadata: { name: prometheusName(name, values), namespace },
    spec: specOf(values),
  };
  const said = (why: string) => `Prometheus ${prometheus.metadata.name}: ${why}`;
  const after = target.get(owner.urn);
  const goes = steps.some(({ op, urn }) => urn === owner.urn && (op === "delete" || op === "blocked"));
  const silenced = evaluates(values) && (goes || (after !== undefined && !evaluates(valuesOf(after))));
  return [
    ...(goes
      ? [
          ...madeByOperator(namespace, prometheus.metadata.name),
          ...hooks(values),
          `Service and Endpoints kube-system/${full}-kubelet: ${kubelet(values)}`,
          ...unscraped(target, readable),
          ...[...cannotScrape(prometheus), ...endsWithPrometheus(prometheus)].map(said),
        ]
      : []),
    ...(silenced ? endsWithItsRules(prometheus).map(said) : []),
  ];
}

const chart = "kube-prometheus-stack";

const madeByOperator = (namespace: string, name: string): string[] => [
  `StatefulSet ${namespace}/prometheus-${name} goes: the operator made it, and Kubernetes deletes it with its Prometheus`,
  `Service ${namespace}/prometheus-operated, and the Secrets and ConfigMaps of that Prometheus, go with it in the same way`,
];

/** The chart's hooks make certificates for the operator's webhooks. */
function hooks({ prometheusOperator = {} }: Values): string[] {
  const { admissionWebhooks, tls } = prometheusOperator;
  return [admissionWebhooks, tls].every((part) => part?.enabled === false)
    ? ["Helm runs no hook, and there is no webhook: admissionWebhooks and tls of the operator are off"]
    : [
        "Helm's hooks leave Jobs and a Secret behind, and the webhooks may outlive the operator that answers them: look for them afterwards",
      ];
}

const kubelet = ({ prometheusOperator = {} }: Values): string =>
  prometheusOperator.kubeletEndpointsEnabled === false && prometheusOperator.kubeletService?.enabled === false
    ? "the operator keeps none; those of an earlier release stay, and `npm run verify` finds them"
    : "they stay and go stale, as nothing owns them: delete them";

/** Monitors of the stack. */
function unscraped(target: Graph, readable: Readable): string[] {
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
    cannotScrape(object, readable).map((why) => `${object.kind} ${object.metadata.name}: ${why}`),
  );
}

const valuesOf = (release: Resource): Values => clear<Release>(withKubernetesDefaults(release))?.values ?? {};

/** This program selects every rule, or none by a label that nobody has (components/kube-prometheus-stack/values.ts). */
const evaluates = ({ prometheus }: Values): boolean =>
  Object.keys(prometheus?.prometheusSpec?.ruleSelector ?? {}).length === 0;

/** The spec of the Prometheus that the chart makes, as far as its values have other names for it (`templates/prometheus/prometheus.yaml`). */
function specOf({ prometheus }: Values) {
  const { alertingEndpoints, additionalRemoteWrite, additionalConfig, ...spec } = prometheus?.prometheusSpec ?? {};
  const fromSecrets = ["additionalScrapeConfigs", "additionalAlertManagerConfigs", "additionalAlertRelabelConfigs"]
    .map((field) => [field, spec[`${field}Secret`]] as const)
    .filter(([field, secret]) => isMap(secret) && (field === "additionalScrapeConfigs" ? secret.enabled : secret.name));
  return {
    ...{ ...spec, ...Object.fromEntries(fromSecrets) },
    alerting: { alertmanagers: alertingEndpoints },
    remoteWrite: [...(spec.remoteWrite ?? []), ...(additionalRemoteWrite ?? [])],
    ...additionalConfig,
  };
}

// The parts of the chart's values that are read here.
interface Switch {
  enabled?: boolean;
}
interface Values extends Record<string, unknown> {
  prometheusOperator?: {
    admissionWebhooks?: Switch;
    tls?: Switch;
    kubeletService?: Switch;
    kubeletEndpointsEnabled?: boolean;
  };
  prometheus?: { prometheusSpec?: PrometheusValues };
}
interface PrometheusValues extends Record<string, unknown> {
  ruleSelector?: Record<string, unknown>;
  alertingEndpoints?: unknown[];
  remoteWrite?: unknown[];
  additionalRemoteWrite?: unknown[];
  additionalConfig?: Record<string, unknown>;
}
interface Release {
  name: string;
  namespace?: string;
  values?: Values;
}
