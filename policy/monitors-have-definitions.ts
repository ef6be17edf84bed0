import { chartOf } from "./lib/charts/release";
import { definePolicy } from "./lib/policy";
import type { Resource } from "./lib/resource";
import { setting } from "./lib/settings";
import { at, isBlock } from "./lib/unknown";

const group = "monitoring.coreos.com";
const definitions = "prometheus-operator-crds";
const operator = "kube-prometheus-stack";

/**
 * Reports ServiceMonitors, rules and the like in a stack that doesn't install their definitions. A preview accepts them, but the update fails,
 * after a minute for each, unless the cluster already has the definitions.
 */
export const monitorsHaveDefinitions = definePolicy({
  name: "monitors-have-definitions",
  description: `A stack with resources of ${group} also installs their definitions.`,
  url: "https://github.com/prometheus-community/helm-charts/tree/main/charts/prometheus-operator-crds",
  severity: "medium",
  level: "advisory",
  *checkStack(resources) {
    const custom = resources.filter(({ type }) => type.startsWith(`kubernetes:${group}/`));
    if (custom.length === 0 || resources.some(brings) || areThere(custom[0])) return;
    const [first, ...others] = custom;
    yield {
      path: `what defines ${group}`,
      found: `missing, and needed by ${first.label}${others.length > 0 ? ` and ${others.length} more` : ""}`,
      wanted: `a release of ${definitions}`,
      why: `The update fails if the cluster doesn't have the definitions.`,
      fix: `Install the chart ${definitions} with protect: true, before them. If something else installs the definitions, exclude this stack.`,
    };
  },
});

// By the stack's own settings: `crds.create: false` says that something else installs them.
const areThere = (resource: Resource): boolean => at(setting(resource, "crds"), "create") === false;

// Files of YAML may hold anything.
function brings(resource: Resource): boolean {
  const { type, kind, props } = resource;
  if (kind === "CustomResourceDefinition") return at(props, "spec.group") === group;
  if (/^kubernetes:(yaml|kustomize)/.test(type)) return true;
  const chart = chartOf(resource);
  if (!chart) return false;
  const isOf = (name: string | undefined, values: unknown) =>
    name === definitions || (name === operator && at(values, "crds.enabled") !== false);
  return (
    isOf(chart.name, chart.values) ||
    Object.entries(chart.values).some(
      ([name, values]) => isBlock(values) && values.enabled !== false && isOf(name, values),
    )
  );
}
