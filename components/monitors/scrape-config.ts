import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import type * as pulumi from "@pulumi/pulumi";
import { serviceAccountClass } from "./scrape-class";
import type { BaseTarget, Discovery, Tls } from "./targets";

/**
 * Registers the ScrapeConfig of a target; its CRD must exist before (`dependsOn`).
 * @param target what is scraped; its name is that of the resource and of the object
 * @param metadata the rest of the object's metadata
 * @param opts options of the resource
 */
export function scrapeConfig(
  target: BaseTarget,
  metadata: { namespace: string; labels: Record<string, string> },
  opts: pulumi.CustomResourceOptions,
): void {
  new CustomResource(
    target.name,
    {
      apiVersion: "monitoring.coreos.com/v1alpha1",
      kind: "ScrapeConfig",
      metadata: { name: target.name, ...metadata },
      spec: scrapeConfigSpec(target),
    },
    opts,
  );
}

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
    ...(tls?.serviceAccount && { scrapeClass: serviceAccountClass.name }),
    ...(tls && tlsConfig(tls)),
    metricsPath: path,
    ...(scrapeInterval && { scrapeInterval }),
    ...(honorLabels && { honorLabels }),
    ...(trackTimestampsStaleness && { trackTimestampsStaleness }),
    relabelings,
    // The CRD refuses an empty list.
    ...(metricRelabelings.length > 0 && { metricRelabelings }),
  };
}

function tlsConfig({ insecureSkipVerify, serverName, clientSecret }: Tls): { tlsConfig?: object } {
  const config = {
    ...(insecureSkipVerify && { insecureSkipVerify }),
    ...(serverName && { serverName }),
    ...(clientSecret && keys(clientSecret, insecureSkipVerify)),
  };
  return Object.keys(config).length > 0 ? { tlsConfig: config } : {};
}

/** A CA that verifies nothing is not asked for: the operator rejects a ScrapeConfig that names a key which isn't there. */
const keys = ({ name, ca, certificate, key }: NonNullable<Tls["clientSecret"]>, unverified = false) => ({
  ...(ca && !unverified && { ca: { secret: { name, key: ca } } }),
  cert: { secret: { name, key: certificate } },
  keySecret: { name, key },
});

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
