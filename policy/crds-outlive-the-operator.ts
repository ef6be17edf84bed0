import { chartOf } from "./lib/charts/release";
import { inner } from "./lib/paths";
import type { Finding } from "./lib/finding";
import { definePolicy } from "./lib/policy";
import { isRetained, retained } from "./lib/retained";
import { at, isBlock, Unknown, type Block } from "./lib/unknown";

const operator = "kube-prometheus-stack";
const definitions = "prometheus-operator-crds";
const others = "every ServiceMonitor, PrometheusRule and Probe in the cluster is deleted, whoever created it";

/**
 * Refuses custom resource definitions that are installed and removed with kube-prometheus-stack, and a release of them without protection:
 * deleting a definition deletes every resource of its kind. Helm also never updates what it installs from a chart's `crds/`.
 */
export const crdsOutliveTheOperator = definePolicy({
  name: "crds-outlive-the-operator",
  description: `The Prometheus operator's definitions are a separate, protected release (${definitions}), not part of ${operator}.`,
  url: "https://helm.sh/docs/chart_best_practices/custom_resource_definitions/",
  severity: "critical",
  parameters: { retained },
  *check(resource, { retained }) {
    const chart = chartOf(resource);
    if (!chart) return;
    if (chart.name === definitions && !resource.options.protect && !isRetained(resource, retained)) {
      yield {
        path: "the option protect",
        found: "not set",
        wanted: "protect: true",
        why: `If this release is removed, ${others}.`,
        fix: `Set protect: true.`,
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
      found: enabled === undefined ? "missing (true by default)" : JSON.stringify(enabled),
      wanted: "false",
      why: `The definitions would belong to ${operator}. A Release installs them once and never updates them. A Chart deletes them when it is removed, and then ${others}.`,
      fix: `Write crds.enabled: false, and install the chart ${definitions} as a separate Release with protect: true.`,
    };
  }
}
