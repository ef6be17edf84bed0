import type { Settings } from "../../settings/schema";

/**
 * The parts of a cluster's control plane that may be scraped (kube-proxy, which runs on every node, goes with them), and what
 * kube-prometheus-stack calls them: its chart has a Service, a ServiceMonitor and groups of rules for each.
 */

/** A part, by its setting below `monitors`. */
export type ControlPlanePart = "scheduler" | "controllerManager" | "proxy" | "etcd";

/** What is known of a part. */
export interface ControlPlaneFacts {
  /** Name of its base target. */
  name: string;
  /** Label `job` of its series; the chart's Service and ServiceMonitor are called by the release's name and this. */
  job: string;
  /** Its key in the chart's values. */
  value: string;
  /** Labels of its pods, where the chart's values name no others: kubeadm's. */
  selector: Record<string, string>;
  /** The chart's groups of rules about it. */
  groups: readonly string[];
}

/** The parts, as chart 88.5.3 has them. */
export const controlPlane: Readonly<Record<ControlPlanePart, ControlPlaneFacts>> = {
  scheduler: {
    name: "kube-scheduler",
    job: "kube-scheduler",
    value: "kubeScheduler",
    selector: { component: "kube-scheduler" },
    groups: ["kube-scheduler.rules", "kubernetes-system-scheduler"],
  },
  controllerManager: {
    name: "kube-controller-manager",
    job: "kube-controller-manager",
    value: "kubeControllerManager",
    selector: { component: "kube-controller-manager" },
    groups: ["kubernetes-system-controller-manager"],
  },
  proxy: {
    name: "kube-proxy",
    job: "kube-proxy",
    value: "kubeProxy",
    selector: { "k8s-app": "kube-proxy" },
    groups: ["kubernetes-system-kube-proxy"],
  },
  etcd: {
    name: "etcd",
    job: "kube-etcd",
    value: "kubeEtcd",
    selector: { component: "etcd" },
    groups: ["etcd"],
  },
};

/** The parts, in one order. */
export const controlPlaneParts = Object.keys(controlPlane) as ControlPlanePart[];

/** Whether the settings of a part say where it is. */
export const isScraped = ({
  endpoints,
  selector,
}: Pick<Settings["monitors"][ControlPlanePart], "endpoints" | "selector">): boolean =>
  endpoints !== undefined || selector !== undefined;

/** Labels as the API server takes them in a selector. */
export const labelSelector = (labels: Record<string, string>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");

/**
 * What a release of kube-prometheus-stack has about a part, by name; it goes with the update that takes the release over.
 * @param part the part
 * @param release namespace of the release, and what its objects' names begin with
 */
export function chartObjects(part: ControlPlanePart, release: { namespace: string; fullname: string }): string[] {
  const { job, groups } = controlPlane[part];
  const name = `${release.fullname}-${job}`;
  return [
    `ServiceMonitor ${release.namespace}/${name}`,
    `Service kube-system/${name}`,
    `rule group${groups.length > 1 ? "s" : ""} ${groups.join(", ")}`,
  ];
}

/**
 * What becomes of them where the stack doesn't scrape the part.
 * @param part the part
 */
export const endsByImport = (part: ControlPlanePart): string =>
  `if the release had them, they end with its import, and nothing scrapes ${controlPlane[part].job} then: monitors.${part} doesn't say where it is`;
