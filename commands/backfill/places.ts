import { serviceHost } from "../../components/kubernetes/environment";
import { ports } from "../../components/mimir/config";
import { victoriaMetricsUrl } from "../../components/victoria-metrics/url";
import { fullname, prometheusName } from "../../settings/release-values";
import type { Settings } from "../../settings/schema";
import type { Backend } from "../../stages";

/** Where the operator mounts the volume in Prometheus's pod. */
export const dataFolder = "/prometheus";

/** Name of its container in the operator's pods. */
export const prometheusContainer = "prometheus";

/** Where a stack's Prometheus is, and where its backend would be. */
export interface Places {
  namespace: string;
  /** Of the first replica. */
  pod: string;
  claim: string;
  prometheusUrl: string;
  backendUrls: Readonly<Record<Backend, string>>;
}

/**
 * Where a stack's Prometheus and its backend are, by the names that chart and operator make.
 * @param settings the stack's
 */
export function placesOf({ namespace, kps, adopt, cluster }: Settings): Places {
  const [where, release] = adopt.kps?.release.split("/") ?? [namespace.name, kps.releaseName];
  const values = adopt.kps?.values ?? {};
  const name = `prometheus-${prometheusName(release, values)}`;
  const own = { namespace: namespace.name, dnsDomain: cluster.dnsDomain };
  return {
    namespace: where,
    pod: `${name}-0`,
    claim: `${name}-db-${name}-0`,
    prometheusUrl: `http://${fullname(release, values)}-prometheus.${where}.svc.${cluster.dnsDomain}:9090`,
    backendUrls: {
      mimir: `http://${serviceHost(own, "mimir")}:${ports.http}`,
      "victoria-metrics": victoriaMetricsUrl(own),
    },
  };
}
