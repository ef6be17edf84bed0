import { at, isBlock, Unknown, type Block } from "../unknown";
import type { Node, Taint } from "./node";

// "maybe": it depends on a label that nothing is known of. An {@link Unknown}: on this value, which an update will know.
type Answer = "yes" | "no" | "maybe" | Unknown;

const condition = (name: string, effect: Taint["effect"]) => ({
  key: `node.kubernetes.io/${name}`,
  operator: "Exists",
  effect,
});
// What admission adds to every pod, for five minutes.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#defaulttolerationseconds
const everyPodTolerates = [condition("not-ready", "NoExecute"), condition("unreachable", "NoExecute")];
// What the DaemonSet controller adds to each of its pods, and to those on the node's network.
// https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#taints-and-tolerations
const daemonSetTolerates = ["disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"].map((name) =>
  condition(name, "NoSchedule"),
);
const hostNetworkTolerates = [condition("network-unavailable", "NoSchedule")];

/**
 * Whether a pod may run on a node, decided as the scheduler decides it: nodeSelector, required node affinity, taints and tolerations; for a
 * pod that names its node, as the kubelet does. A label of which nothing is known counts for "may".
 *
 * Preferences, spreading, resources and volumes are not looked at: they depend on what else runs. A RuntimeClass can add a node selector
 * and tolerations that a pod doesn't show.
 *
 * @param spec a pod's spec
 * @param node what is known of the node
 * @param ofDaemonSet whether a DaemonSet makes the pod, which then tolerates the taints of a node's conditions
 * @returns an {@link Unknown} where it depends on this value
 */
export function mayRunOn(spec: Block, node: Node, ofDaemonSet = false): boolean | Unknown {
  const tolerations = [
    ...(Array.isArray(spec.tolerations) ? spec.tolerations : []),
    ...everyPodTolerates,
    ...(ofDaemonSet ? daemonSetTolerates : []),
    ...(ofDaemonSet && spec.hostNetwork ? hostNetworkTolerates : []),
  ];
  // A pod that names its node passes by the scheduler, and with it by NoSchedule.
  const keepsOff = spec.nodeName ? ["NoExecute"] : ["NoExecute", "NoSchedule"];
  const passes = node.taints
    .filter(({ effect }) => keepsOff.includes(effect))
    .map((taint) => any([...tolerations, spec.tolerations].map((each) => tolerates(each, taint))));
  const may = all([namesNode(spec, node), selects(spec.nodeSelector, node), ...affinity(spec, node), ...passes]);
  return may instanceof Unknown ? may : may !== "no";
}

function namesNode({ nodeName }: Block, node: Node): Answer {
  if (nodeName === undefined || nodeName === null || nodeName === "") return "yes";
  if (nodeName instanceof Unknown) return nodeName;
  if (typeof nodeName !== "string" || node.name === undefined) return "maybe";
  return answer(nodeName === node.name);
}

function selects(selector: unknown, node: Node): Answer {
  if (selector instanceof Unknown) return selector;
  return all(
    Object.entries(isBlock(selector) ? selector : {}).map(([key, value]) =>
      expression({ key, operator: "In", values: [value] }, node),
    ),
  );
}

function affinity(spec: Block, node: Node): Answer[] {
  const required = at(spec, "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution");
  if (required === undefined || required === null) return [];
  const terms = at(required, "nodeSelectorTerms");
  if (terms instanceof Unknown) return [terms];
  return [any((Array.isArray(terms) ? terms : []).map((each) => term(each, node)))];
}

// A term without requirements matches no node.
// https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#NodeSelector
function term(value: unknown, node: Node): Answer {
  if (!isBlock(value)) return value instanceof Unknown ? value : "no";
  const { matchExpressions, matchFields } = value;
  const unknown = [matchExpressions, matchFields].find((each) => each instanceof Unknown);
  if (unknown) return unknown;
  const expressions = Array.isArray(matchExpressions) ? matchExpressions : [];
  const fields = Array.isArray(matchFields) ? matchFields : [];
  if (expressions.length + fields.length === 0) return "no";
  // metadata.name is the only field there is.
  const named: Node = {
    ...node,
    labels: node.name === undefined ? {} : { "metadata.name": node.name },
    withoutLabels: [],
  };
  return all([...expressions.map((each) => expression(each, node)), ...fields.map((each) => expression(each, named))]);
}

function expression(requirement: unknown, node: Node): Answer {
  if (!isBlock(requirement)) return requirement instanceof Unknown ? requirement : "maybe";
  const { key, operator, values: given } = requirement;
  const unknown = [key, operator, given].find((each) => each instanceof Unknown);
  if (unknown) return unknown;
  if (typeof key !== "string") return "maybe";
  const label = node.labels[key] as string | undefined;
  if (label === undefined && !node.withoutLabels.includes(key)) return "maybe";
  const values: unknown[] = Array.isArray(given) ? given : [];
  const doubt = values.find((value) => value instanceof Unknown);
  if (doubt && label !== undefined && !values.includes(label)) return doubt;
  switch (operator) {
    case "In":
      return answer(label !== undefined && values.includes(label));
    case "NotIn":
      return answer(label === undefined || !values.includes(label));
    case "Exists":
      return answer(label !== undefined);
    case "DoesNotExist":
      return answer(label === undefined);
    case "Gt":
      return answer(integer(label) > integer(values[0]));
    case "Lt":
      return answer(integer(label) < integer(values[0]));
    default:
      return "maybe";
  }
}

// https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
// As `ToleratesTaint` of k8s.io/api/core/v1 does it, with its comparisons of numbers on.
function tolerates(toleration: unknown, taint: Taint): Answer {
  if (!isBlock(toleration)) return toleration instanceof Unknown ? toleration : "no";
  const { key, value, operator, effect } = toleration;
  const fits = (given: unknown, own: string) => !given || given === own || given instanceof Unknown;
  if (!fits(effect, taint.effect) || !fits(key, taint.key)) return "no";
  const unknown = [effect, key, operator, operator === "Exists" ? undefined : value].find(
    (each) => each instanceof Unknown,
  );
  if (unknown) return unknown;
  switch (operator || "Equal") {
    case "Exists":
      return "yes";
    case "Equal":
      return answer(Boolean(key) && (value || "") === taint.value);
    case "Gt":
      return answer(integer(taint.value) > integer(value));
    case "Lt":
      return answer(integer(taint.value) < integer(value));
    default:
      return "no";
  }
}

// What isn't a whole number compares with nothing.
function integer(value: unknown): number {
  return /^[+-]?\d+$/.test(String(value)) ? Number(value) : NaN;
}

function answer(is: boolean): Answer {
  return is ? "yes" : "no";
}

function all(answers: Answer[]): Answer {
  if (answers.includes("no")) return "no";
  return answers.find((each) => each instanceof Unknown) ?? (answers.includes("maybe") ? "maybe" : "yes");
}

function any(answers: Answer[]): Answer {
  const may = answers.find((each) => each === "yes") ?? answers.find((each) => each === "maybe");
  return may ?? answers.find((each) => each instanceof Unknown) ?? "no";
}
