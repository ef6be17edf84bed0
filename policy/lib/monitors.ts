import { chartOf } from "./charts/release";
import { inner } from "./paths";
import type { Resource } from "./resource";
import { hasLabels } from "./services";
import { at, isBlock, listOf, Unknown, type Block } from "./unknown";
import { own } from "./own";

/** A ServiceMonitor that selects no Service, or names a port that no selected Service has. */
export interface LostMonitor {
  monitor: Resource;
  /** The namespaces where it looks. */
  namespaces: readonly unknown[];
  /** The port, and the Services that don't have it; none where no Service is selected. */
  port?: { path: string; name: string; selected: readonly Resource[]; known: readonly unknown[] };
}

/** The ServiceMonitors of a stack that find no Service of it; an {@link Unknown} for a selector that a preview can't know. */
export function* lostMonitors(resources: readonly Resource[]): Iterable<LostMonitor | Unknown> {
  const services = resources.filter(({ type }) => type === "kubernetes:core/v1:Service");
  const releases = resources.flatMap((resource) => (chartOf(resource) ? (resource.objectName ?? []) : []));
  for (const monitor of resources.filter(isServiceMonitor)) {
    const selectors = [at(monitor.props, "spec.selector"), at(monitor.props, "spec.namespaceSelector")];
    const unknown = selectors.find(isUnknown);
    if (unknown) yield unknown;
    else if (!isOfRelease(monitor, releases)) yield* lost(monitor, services);
  }
}

function* lost(monitor: Resource, services: readonly Resource[]): Iterable<LostMonitor> {
  const namespaces = namespacesOf(monitor);
  const near = services.filter(({ namespace }) => namespace !== undefined && namespaces.includes(namespace));
  if (near.length === 0) return;
  const selected = near.filter((service) => selects(at(monitor.props, "spec.selector"), service));
  if (selected.length === 0) {
    yield { monitor, namespaces };
    return;
  }
  const known = selected.flatMap(({ props }) => listOf(at(props, "spec.ports")).map((port) => at(port, "name")));
  for (const [index, endpoint] of listOf(at(monitor.props, "spec.endpoints")).entries()) {
    const name = at(endpoint, "port");
    if (typeof name !== "string" || known.includes(name) || known.some(isUnknown)) continue;
    yield { monitor, namespaces, port: { path: `${inner("spec.endpoints", index)}.port`, name, selected, known } };
  }
}

function isServiceMonitor({ type }: Resource): boolean {
  return /^kubernetes:monitoring\.coreos\.com\/\w+:ServiceMonitor$/.test(type);
}

function isOfRelease({ props }: Resource, releases: readonly string[]): boolean {
  const labels = at(props, "spec.selector.matchLabels");
  return Object.values(isBlock(labels) ? labels : {}).some((label) =>
    releases.some((release) => label === release || String(label).startsWith(`${release}-`)),
  );
}

// None where it looks in all namespaces: most of them are not the stack's.
function namespacesOf({ props, namespace }: Resource): unknown[] {
  if (at(props, "spec.namespaceSelector.any") === true) return [];
  const named = listOf(at(props, "spec.namespaceSelector.matchNames"));
  return named.length > 0 ? named : [namespace];
}

// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
function selects(selector: unknown, { props }: Resource): boolean {
  const labels = blockOf(at(props, "metadata.labels"));
  const expressions = listOf(at(selector, "matchExpressions"));
  return (
    hasLabels(labels, blockOf(at(selector, "matchLabels"))) &&
    expressions.every((expression) => fits(expression, labels[String(at(expression, "key"))]))
  );
}

function fits(expression: unknown, label: unknown): boolean {
  const isListed = listOf(at(expression, "values")).includes(label);
  const operators: Readonly<Record<string, boolean>> = {
    In: isListed,
    NotIn: !isListed,
    Exists: label !== undefined,
    DoesNotExist: label === undefined,
  };
  return own(operators, String(at(expression, "operator"))) ?? false;
}

function blockOf(value: unknown): Block {
  return isBlock(value) ? value : {};
}

function isUnknown(value: unknown): value is Unknown {
  return value instanceof Unknown;
}
