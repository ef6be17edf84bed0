import { chartOf } from "./lib/charts/release";
import { inner } from "./lib/paths";
import { definePolicy, type Finding } from "./lib/policy";
import { at, isBlock, Unknown, type Block } from "./lib/unknown";

const operator = "kube-prometheus-stack";
const definitions = "prometheus-operator-crds";
const others =
  "every ServiceMonitor, PrometheusRule and Probe in the cluster, whoever made it, is deleted with its definition";

/**
 * Refuses custom resource definitions that come and go with kube-prometheus-stack, and a release of them that is not protected: a
 * definition that is deleted takes every resource of its kind along. Helm, moreover, never updates what it installs from a chart's `crds/`.
 */
export const crdsOutliveTheOperator = definePolicy({
  name: "crds-outlive-the-operator",
  description: `The Prometheus operator's definitions are a protected release of their own, ${definitions}, not part of ${operator}.`,
  url: "https://helm.sh/docs/chart_best_practices/custom_resource_definitions/",
  severity: "critical",
  *check(resource) {
    const chart = chartOf(resource);
    if (!chart) return;
    if (chart.name === definitions && !resource.options.protect) {
      yield {
        path: "the option protect",
        found: "not set",
        wanted: "protect: true",
        fix: `When this release is removed, ${others}. Set protect: true.`,
      };
    }
    if (resource.props.skipCrds === true || resource.props.skipCRDRendering === true) return;
    if (chart.name === operator) yield* bundled(chart.values, "values");
    for (const [key, value] of Object.entries(chart.values)) {
      if (key === operator && isBlock(value)) yield* bundled(value, inner("values", key));
    }
  },
});

function* bundled(values: Block, path: string): Iterable<Finding> {
  if (values.enabled === false) return;
  const enabled = at(values, "crds.enabled");
  if (enabled instanceof Unknown) yield enabled;
  else if (enabled !== false) {
    yield {
      path: inner(inner(path, "crds"), "enabled"),
      found: enabled === undefined ? "missing, which is true" : JSON.stringify(enabled),
      wanted: "false",
      fix: `The definitions would belong to ${operator}: as a Release it installs them once and never updates them, and as a Chart it deletes them when it goes; then ${others}. Write crds.enabled: false, and install the chart ${definitions} as a Release of its own with protect: true.`,
    };
  }
}
