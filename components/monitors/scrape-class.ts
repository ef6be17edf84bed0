/**
 * How the operator's Prometheus presents itself to the cluster's own endpoints. A ScrapeConfig can't name files, so that whoever
 * may write one can't read the scraper's token; a scrape class of the Prometheus can.
 * @see https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.ScrapeClass
 */

const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The scrape class that the Prometheus must have, or its operator rejects the ScrapeConfigs that name it. */
export const serviceAccountClass = {
  name: "service-account",
  authorization: { credentialsFile: `${serviceAccount}/token` },
  tlsConfig: { caFile: `${serviceAccount}/ca.crt` },
};
