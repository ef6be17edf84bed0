import type { types } from "@pulumi/kubernetes";
import type { Settings } from "../../settings/schema";

type Rule = types.input.rbac.v1.PolicyRule;

const watch = (apiGroup: string, ...resources: string[]): Rule => ({
  apiGroups: [apiGroup],
  resources,
  verbs: ["list", "watch"],
});

/** What `mimir.rules.kubernetes` may do in every namespace: no more than it asks for. */
export const rulesPermissions: Rule[] = [watch("", "namespaces"), watch("monitoring.coreos.com", "prometheusrules")];

/** What finds and scrapes targets may do in every namespace: no more than it asks for. */
export const targetPermissions: Rule[] = [
  // Targets of monitors, with the labels of their nodes where a monitor asks for them; those of the cluster itself.
  watch("", "services", "endpoints", "pods", "nodes"),
  watch("discovery.k8s.io", "endpointslices"),
  // Of Probes.
  watch("networking.k8s.io", "ingresses"),
  // The kubelet asks for it on /metrics and everything below; not nodes/proxy, with which one may run commands in pods.
  { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
  // The API server, and what kube-rbac-proxy guards.
  { nonResourceURLs: ["/metrics", "/metrics/cadvisor"], verbs: ["get"] },
];

/** What the metrics collector may do in every namespace: it reads the monitors, too. */
export const scrapingPermissions: Rule[] = [
  watch("monitoring.coreos.com", "servicemonitors", "podmonitors", "probes"),
  ...targetPermissions,
];

/**
 * What it may read in single namespaces: the Secrets and ConfigMaps that the settings name, and no other.
 * @param settings their names, `namespace/name`
 */
export function namedPermissions({
  secrets,
  configMaps,
}: Pick<Settings["metrics"], "secrets" | "configMaps">): { namespace: string; rules: Rule[] }[] {
  const namespaces = [...new Set([...secrets, ...configMaps].map((each) => each.split("/")[0]))].sort();
  return namespaces.map((namespace) => ({
    namespace,
    rules: [...read("secrets", secrets, namespace), ...read("configmaps", configMaps, namespace)],
  }));
}

function read(resource: string, paths: readonly string[], namespace: string): Rule[] {
  const resourceNames = paths.filter((each) => each.startsWith(`${namespace}/`)).map((each) => each.split("/")[1]);
  // A rule without names would allow all of them.
  if (resourceNames.length === 0) return [];
  return [{ apiGroups: [""], resources: [resource], resourceNames, verbs: ["get"] }];
}
