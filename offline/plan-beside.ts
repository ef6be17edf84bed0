import { cannotScrape, type Readable } from "../components/alloy/unsupported";
import { fullname } from "../components/kube-prometheus-stack/chart";
import { withKubernetesDefaults } from "./answers";
import { Graph } from "./graph";
import { defaultNamespace } from "./objects";
import { Step } from "./plan-steps";
import { clear, nameOf, namespaceOf } from "./plan-volumes";

/**
 * What a move does beside the steps, where kube-prometheus-stack goes: objects that the graph doesn't show, as its operator made them, and
 * what Alloy, which scrapes from then on, can't scrape as Prometheus did. Volumes are told of elsewhere.
 *
 * @param steps what the update does
 * @param readable what Alloy may read of Secrets and ConfigMaps: the target's settings
 * @returns sentences; none where kube-prometheus-stack stays
 */
export function besideTheSteps(source: Graph, target: Graph, steps: Step[], readable: Readable): string[] {
  const going = new Set(steps.filter(({ op }) => op === "delete" || op === "blocked").map(({ urn }) => urn));
  const owner = [...source.values()].find(
    ({ urn, type, inputs }) => type === "kubernetes:helm.sh/v3:Release" && going.has(urn) && inputs.chart === chart,
  );
  if (owner === undefined) return [];
  const {
    name = "",
    namespace = defaultNamespace(owner, source),
    values = {},
  } = clear<Release>(withKubernetesDefaults(owner)) ?? {};
  const full = fullname(name, values);
  return [
    ...madeByOperator(namespace, full),
    ...hooks(values),
    `Service and Endpoints kube-system/${full}-kubelet: ${kubelet(values)}`,
    ...unscraped(target, { name: `${full}-prometheus`, namespace }, values, readable),
  ];
}

const chart = "kube-prometheus-stack";

const madeByOperator = (namespace: string, name: string): string[] => [
  `StatefulSet ${namespace}/prometheus-${name}-prometheus goes: the operator made it, and Kubernetes deletes it with its Prometheus`,
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

/** Monitors of the stack, and what this Prometheus adds to every target. */
function unscraped(
  target: Graph,
  metadata: { name: string; namespace: string },
  { prometheus = {} }: Values,
  readable: Readable,
): string[] {
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
  const adding = { kind: "Prometheus", metadata, spec: prometheus.prometheusSpec };
  return [...monitors, adding].flatMap((object) =>
    cannotScrape(object, readable).map((why) => `${object.kind} ${object.metadata.name}: ${why}`),
  );
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
  prometheus?: { prometheusSpec?: unknown };
}
interface Release {
  name: string;
  namespace?: string;
  values?: Values;
}
