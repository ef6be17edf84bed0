import type { Settings } from "../../../settings/schema";

/** A ScrapeConfig with every field that Alloy has a counterpart for. */
export const everyField: Settings["metrics"]["scrapeConfigs"][number] = {
  name: "monitoring/nas-1.home",
  spec: {
    jobName: "nas",
    staticConfigs: [
      { targets: ["10.0.40.5:9100", "10.0.40.6:9100"], labels: { site: "home" } },
      { targets: ["10.0.40.7:9100"] },
    ],
    fileSDConfigs: [{ files: ["/etc/prometheus/configmaps/nas/targets.yaml"], refreshInterval: "1m" }],
    httpSDConfigs: [
      { url: "http://inventory.home:8080/targets", refreshInterval: "30s", followRedirects: false, enableHTTP2: false },
    ],
    dnsSDConfigs: [{ names: ["_metrics._tcp.home"], type: "SRV", refreshInterval: "1d" }],
    kubernetesSDConfigs: [
      {
        role: "Pod",
        namespaces: { names: ["shop"] },
        selectors: [{ role: "Pod", label: "app=shop", field: "status.phase=Running" }],
        attachMetadata: { node: true },
      },
      { role: "EndpointSlice" },
    ],
    consulSDConfigs: [
      {
        ...{ server: "consul.home:8500", datacenter: "dc1", namespace: "n", partition: "p", scheme: "HTTPS" },
        ...{ services: ["web"], tags: ["metrics"], tagSeparator: ";", nodeMeta: { rack: "1" }, allowStale: false },
        refreshInterval: "1m",
      },
    ],
    metricsPath: "/probe",
    scheme: "HTTPS",
    params: { module: ["a$b", "c"] },
    scrapeInterval: "2m",
    scrapeTimeout: "1m",
    honorLabels: true,
    honorTimestamps: false,
    trackTimestampsStaleness: true,
    enableCompression: false,
    enableHTTP2: false,
    ...{ sampleLimit: 1, targetLimit: 2, labelLimit: 3, labelNameLengthLimit: 4, labelValueLengthLimit: 5 },
    authorization: { credentials: { name: "nas", key: "token" } },
    tlsConfig: {
      ca: { secret: { name: "nas-tls", key: "ca.crt" } },
      cert: { secret: { name: "nas-tls", key: "tls.crt" } },
      keySecret: { name: "nas-tls", key: "tls.key" },
      serverName: "nas.home",
      insecureSkipVerify: false,
    },
    relabelings: [{ sourceLabels: ["__tmp_prometheus_job_name"], targetLabel: "from" }],
    metricRelabelings: [
      { action: "Drop", sourceLabels: ["__name__"], regex: "go_.*" },
      { action: "HashMod", sourceLabels: ["instance"], modulus: 2, targetLabel: "half" },
    ],
  },
};
