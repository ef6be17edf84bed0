import { chartOf } from "./lib/charts/release";
import { inner } from "./lib/paths";
import { definePolicy, type StackFinding } from "./lib/policy";
import type { Resource } from "./lib/resource";
import { hasLabels } from "./lib/services";
import { at, isBlock, Unknown } from "./lib/unknown";

/**
 * Advises of a ServiceMonitor that selects no Service of the stack, or a port that none of those has: nothing is scraped, and nobody hears
 * of it, as there is no target that could be down.
 *
 * Services of charts aren't seen: a monitor whose labels name a release of the stack is passed over, and so is one of namespaces where the
 * stack has no Service, or of all.
 */
export const monitorsFindAService = definePolicy({
  name: "monitors-find-a-service",
  description: "Each ServiceMonitor selects a Service of the stack that has the ports it asks for.",
  url: "https://prometheus-operator.dev/docs/developer/getting-started/#using-servicemonitors",
  severity: "medium",
  level: "advisory",
  *checkStack(resources) {
    const services = resources.filter(({ type }) => type === "kubernetes:core/v1:Service");
    const releases = resources.flatMap((resource) => (chartOf(resource) ? (resource.objectName ?? []) : []));
    for (const monitor of resources.filter(isServiceMonitor)) {
      const unknown = ["selector", "namespaceSelector"].map((key) => at(monitor.props, `spec.${key}`)).find(isUnknown);
      if (unknown) yield unknown;
      else if (!isOfRelease(monitor, releases)) yield* judged(monitor, services);
    }
  },
});

function* judged(monitor: Resource, services: readonly Resource[]): Iterable<StackFinding> {
  const namespaces = namespacesOf(monitor);
  const near = services.filter(({ namespace }) => namespace !== undefined && namespaces?.includes(namespace));
  if (near.length === 0) return;
  const selected = near.filter((service) => selects(at(monitor.props, "spec.selector"), service));
  if (selected.length === 0) {
    yield {
      resource: monitor,
      path: "spec.selector",
      found: `one that selects none of the stack's Services in ${namespaces?.join(", ")}`,
      wanted: "the labels of a Service",
      fix: "Nothing is scraped, and no alert tells of it. Compare with metadata.labels of the Service: those of its pods don't count.",
    };
    return;
  }
  const ports = selected.flatMap(({ props }) => listOf(at(props, "spec.ports")).map((port) => at(port, "name")));
  for (const [index, endpoint] of listOf(at(monitor.props, "spec.endpoints")).entries()) {
    const port = at(endpoint, "port");
    if (typeof port !== "string" || ports.includes(port) || ports.some(isUnknown)) continue;
    yield {
      resource: monitor,
      path: inner(inner(inner("spec", "endpoints"), index), "port"),
      found: JSON.stringify(port),
      wanted: `the name of a port of ${selected.map(({ label }) => label).join(" or ")}: ${ports.map(String).join(", ")}`,
      fix: "Nothing is scraped there, and no alert tells of it. Write the port's name, not its number.",
    };
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

// Undefined for all namespaces, most of which are not the stack's.
function namespacesOf({ props, namespace }: Resource): unknown[] | undefined {
  if (at(props, "spec.namespaceSelector.any") === true) return undefined;
  const named = listOf(at(props, "spec.namespaceSelector.matchNames"));
  return named.length > 0 ? named : [namespace];
}

// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
function selects(selector: unknown, { props }: Resource): boolean {
  const found = at(props, "metadata.labels");
  const labels = isBlock(found) ? found : {};
  const matchLabels = at(selector, "matchLabels");
  const fits = (expression: unknown) => {
    const label = labels[String(at(expression, "key"))];
    const isListed = listOf(at(expression, "values")).includes(label);
    const operators: Readonly<Record<string, boolean>> = {
      In: isListed,
      NotIn: !isListed,
      Exists: label !== undefined,
      DoesNotExist: label === undefined,
    };
    return operators[String(at(expression, "operator"))] ?? false;
  };
  return (
    hasLabels(labels, isBlock(matchLabels) ? matchLabels : {}) && listOf(at(selector, "matchExpressions")).every(fits)
  );
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function isUnknown(value: unknown): value is Unknown {
  return value instanceof Unknown;
}
