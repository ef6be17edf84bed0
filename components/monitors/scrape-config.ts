import { serviceAccountClass } from "./scrape-class";
import type { BaseTarget, Discovery } from "./targets";

/**
 * The spec of a ScrapeConfig for a base target.
 * @param target what is scraped
 * @see https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1alpha1.ScrapeConfig
 */
export function scrapeConfigSpec(target: BaseTarget) {
  const { job, discovery, tls, path, scrapeInterval, honorLabels, trackTimestampsStaleness, relabelings } = target;
  const { metricRelabelings } = target;
  return {
    jobName: job,
    ...discover(discovery),
    ...(tls && { scheme: "HTTPS" }),
    ...(tls && tls !== "public" && { scrapeClass: serviceAccountClass.name, tlsConfig: verification[tls] }),
    metricsPath: path,
    ...(scrapeInterval && { scrapeInterval }),
    ...(honorLabels && { honorLabels }),
    ...(trackTimestampsStaleness && { trackTimestampsStaleness }),
    relabelings,
    // The CRD refuses an empty list.
    ...(metricRelabelings.length > 0 && { metricRelabelings }),
  };
}

// The API server's certificate has this name in every cluster, whatever its address.
const verification = { kubelet: { insecureSkipVerify: true }, cluster: { serverName: "kubernetes" } };

function discover(discovery: Discovery) {
  switch (discovery.role) {
    case "Static":
      return { staticConfigs: [{ targets: discovery.addresses }] };
    case "Node":
      return { kubernetesSDConfigs: [{ role: discovery.role }] };
    case "EndpointSlice":
      return { kubernetesSDConfigs: [{ role: discovery.role, namespaces: { names: [discovery.namespace] } }] };
    case "Pod": {
      const selectors = [{ role: discovery.role, label: discovery.labels }];
      return {
        kubernetesSDConfigs: [{ role: discovery.role, namespaces: { names: [discovery.namespace] }, selectors }],
      };
    }
  }
}
