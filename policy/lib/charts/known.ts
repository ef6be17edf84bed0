import { at, type Block } from "../unknown";
import { own } from "../own";

/** Whether a switch in the values is on; the second argument is the chart's default. */
type Switch = (path: string, byDefault?: boolean) => boolean;

/** A place in a chart's values that decides an image which the chart would otherwise choose itself. */
export interface ImageSlot {
  /** Where the values name the image. */
  path: string;
  /** The image's repository by the chart's default, with its registry; undefined where that isn't known. */
  repository?: string;
  /** Whether the chart runs the image with these values. */
  isUsed(on: Switch, values: Block): boolean;
  /** Where the values have the node selector, affinity and tolerations of the pods that run it, if not beside the image. */
  pods?: string;
  /**
   * Of a chart that isn't known: where the values begin which may say it instead, as the levels around the image do up to there. Empty for the
   * values themselves.
   */
  within?: string;
  /** Where the values have the resources of its containers, if not as `resources` beside the image. */
  resources?: string;
}

const isGiven = (values: Block, path: string) => Object.keys(at(values, path) ?? {}).length > 0;
const webhooks = "prometheusOperator.admissionWebhooks";

// kube-prometheus-stack 88.5.3 and its sub-charts, from their values.yaml and templates. Left out: images of `helm test`, and Windows nodes.
const kubePrometheusStack: ImageSlot[] = [
  {
    path: "prometheusOperator.image",
    repository: "quay.io/prometheus-operator/prometheus-operator",
    isUsed: (on) => on("prometheusOperator.enabled"),
  },
  {
    path: "prometheusOperator.prometheusConfigReloader.image",
    repository: "quay.io/prometheus-operator/prometheus-config-reloader",
    isUsed: (on) => on("prometheusOperator.enabled"),
    pods: "prometheus.prometheusSpec",
  },
  {
    path: `${webhooks}.patch.image`,
    repository: "ghcr.io/jkroepke/kube-webhook-certgen",
    isUsed: (on) => on("prometheusOperator.enabled") && on(`${webhooks}.enabled`) && on(`${webhooks}.patch.enabled`),
  },
  {
    path: `${webhooks}.deployment.image`,
    repository: "quay.io/prometheus-operator/admission-webhook",
    isUsed: (on) => on("prometheusOperator.enabled") && on(`${webhooks}.deployment.enabled`, false),
  },
  {
    path: "prometheus.prometheusSpec.image",
    repository: "quay.io/prometheus/prometheus",
    isUsed: (on) => on("prometheus.enabled"),
  },
  {
    path: "prometheusOperator.thanosImage",
    repository: "quay.io/thanos/thanos",
    isUsed: (on, values) =>
      on("prometheus.enabled") &&
      isGiven(values, "prometheus.prometheusSpec.thanos") &&
      !at(values, "prometheus.prometheusSpec.thanos.image"),
    pods: "prometheus.prometheusSpec",
    resources: "prometheus.prometheusSpec.thanos.resources",
  },
  {
    path: "alertmanager.alertmanagerSpec.image",
    repository: "quay.io/prometheus/alertmanager",
    isUsed: (on) => on("alertmanager.enabled"),
  },
  {
    path: "thanosRuler.thanosRulerSpec.image",
    repository: "quay.io/thanos/thanos",
    isUsed: (on) => on("thanosRuler.enabled", false),
  },
  { path: "grafana.image", repository: "docker.io/grafana/grafana", isUsed: (on) => on("grafana.enabled") },
  {
    path: "grafana.sidecar.image",
    repository: "quay.io/kiwigrid/k8s-sidecar",
    isUsed: (on) =>
      on("grafana.enabled") && (on("grafana.sidecar.dashboards.enabled") || on("grafana.sidecar.datasources.enabled")),
    pods: "grafana",
  },
  {
    path: "grafana.initChownData.image",
    repository: "docker.io/library/busybox",
    isUsed: (on) =>
      on("grafana.enabled") && on("grafana.persistence.enabled", false) && on("grafana.initChownData.enabled"),
    pods: "grafana",
  },
  {
    path: "grafana.downloadDashboardsImage",
    repository: "docker.io/curlimages/curl",
    isUsed: (on, values) => on("grafana.enabled") && isGiven(values, "grafana.dashboards"),
    resources: "grafana.downloadDashboards.resources",
  },
  {
    path: "kube-state-metrics.image",
    repository: "registry.k8s.io/kube-state-metrics/kube-state-metrics",
    isUsed: (on) => on("kubeStateMetrics.enabled"),
  },
  {
    path: "prometheus-node-exporter.image",
    repository: "quay.io/prometheus/node-exporter",
    isUsed: (on) => on("nodeExporter.enabled"),
  },
  {
    path: "crds.upgradeJob.image.busybox",
    repository: "docker.io/library/busybox",
    isUsed: (on) => on("crds.enabled") && on("crds.upgradeJob.enabled", false),
    pods: "crds.upgradeJob",
    resources: "crds.upgradeJob.resources",
  },
  {
    path: "crds.upgradeJob.image.kubectl",
    repository: "registry.k8s.io/kubectl",
    isUsed: (on) => on("crds.enabled") && on("crds.upgradeJob.enabled", false),
    pods: "crds.upgradeJob",
    resources: "crds.upgradeJob.resources",
  },
];

const known: Readonly<Record<string, ImageSlot[]>> = {
  "kube-prometheus-stack": kubePrometheusStack,
  "prometheus-operator-crds": [],
};

/** Whether a place in the values is of a sub-chart of kube-prometheus-stack, which has values and defaults of its own. */
export function isOfSubChart(path: string): boolean {
  return /^(grafana|kube-state-metrics|prometheus-node-exporter|crds)\./.test(path);
}

/** Every place of a chart, and of those the ones in use. */
export interface Slots {
  all: ImageSlot[];
  used: ImageSlot[];
}

/** The charts whose images are known by default. */
export const knownCharts = Object.keys(known);

/**
 * The images that a chart runs with these values and that the values should name.
 *
 * @param chart the chart's name
 * @param values its values
 * @param given for charts that aren't known, the paths where their values name an image; none for a chart that runs no pods
 * @returns every place of the chart, and of those the ones in use; undefined for a chart that isn't known
 */
export function slotsOf(
  chart: string,
  values: Block,
  given: Readonly<Record<string, readonly string[]>>,
): Slots | undefined {
  const all = own(given, chart)?.map(givenSlot) ?? own(known, chart);
  const on: Switch = (path, byDefault = true) => {
    const value = at(values, path) ?? byDefault;
    return value !== false;
  };
  return all && { all, used: all.filter((slot) => slot.isUsed(on, values)) };
}

// By custom `enabled: false` in a block, or in one around it, switches off what the block configures.
function givenSlot(path: string): ImageSlot {
  const keys = path.split(".");
  const around = keys.slice(1).map((_, index) => keys.slice(0, index + 1).join("."));
  return { path, within: "", isUsed: (on) => around.every((block) => on(`${block}.enabled`)) };
}
