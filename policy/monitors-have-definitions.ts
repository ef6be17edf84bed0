import { chartOf } from "./lib/charts/release";
import { definePolicy } from "./lib/policy";
import type { Resource } from "./lib/resource";
import { at, isBlock } from "./lib/unknown";

const group = "monitoring.coreos.com";
const definitions = "prometheus-operator-crds";
const operator = "kube-prometheus-stack";

/**
 * Advises of ServiceMonitors, rules and their like in a stack that doesn't bring their definitions: a preview accepts them, and the update
 * fails after a minute for each where the cluster doesn't happen to have them.
 */
export const monitorsHaveDefinitions = definePolicy({
  name: "monitors-have-definitions",
  description: `A stack with resources of ${group} brings their definitions.`,
  url: "https://github.com/prometheus-community/helm-charts/tree/main/charts/prometheus-operator-crds",
  severity: "medium",
  level: "advisory",
  *checkStack(resources) {
    const custom = resources.filter(({ type }) => type.startsWith(`kubernetes:${group}/`));
    if (custom.length === 0 || resources.some(brings)) return;
    const [first, ...others] = custom;
    yield {
      path: `what defines ${group}`,
      found: `missing, and needed by ${first.label}${others.length > 0 ? ` and ${others.length} more` : ""}`,
      wanted: `a release of ${definitions}`,
      fix: `The update fails where the cluster doesn't have the definitions. Install the chart ${definitions} with protect: true, before them. Where something else brings the definitions, exclude this stack.`,
    };
  },
});

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
