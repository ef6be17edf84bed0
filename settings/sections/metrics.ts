import { z } from "zod";
import {
  bytes,
  chartSource,
  chartVersion,
  duration,
  hostName,
  labelKey,
  labelValue,
  objectName,
  port,
  releaseName,
  resources,
  secretKey,
  size,
} from "../values";

/** Metrics: kube-prometheus-stack, the exporters, the base monitors. */

/** The queue of remote_write, whoever writes. */
export const remoteWriteQueue = z
  .strictObject({
    maxShards: z
      .int()
      .min(1)
      .default(4)
      .describe("number of parallel senders; more of them catch up faster after an outage, but use more memory"),
    maxSamplesPerSend: z.int().min(1).default(2000).describe("samples in one request"),
    capacity: z.int().min(1).default(10_000).describe("samples that each sender holds in memory"),
  })
  .prefault({});

/** The definitions of the Prometheus operator's custom resources. */
export const crds = z
  .strictObject({
    create: z
      .boolean()
      .default(true)
      .describe("false: something else installs the CRDs (ServiceMonitor and others), and they are only used"),
    chart: chartSource("prometheus-operator-crds").describe(
      "where the chart prometheus-operator-crds (version: kps.crdsChartVersion) comes from; default: upstream's repository",
    ),
  })
  .prefault({});

/** Settings of kube-prometheus-stack: operator and Prometheus only. */
export const kps = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe("false: a cluster without kube-prometheus-stack (its CRDs are still installed)"),
    releaseName: releaseName.default("kube-prometheus-stack").describe("name of the Helm release"),
    chartVersion: chartVersion.default("88.5.3").describe("version of the chart kube-prometheus-stack"),
    chart: chartSource("kube-prometheus-stack").describe(
      "where the chart (version: kps.chartVersion) comes from; default: upstream's repository",
    ),
    crdsChartVersion: chartVersion
      .default("31.0.1")
      .describe("version of the chart prometheus-operator-crds; must contain the same operator as chartVersion"),
    retention: duration.default("14d").describe("age at which Prometheus deletes samples"),
    retentionSize: size
      .meta({ example: "60GB" })
      .optional()
      .describe("size at which Prometheus deletes its oldest samples; default: 90 % of the volume"),
    storage: bytes.default("70Gi").describe("size of Prometheus's volume, in bytes"),
    storageClass: objectName.optional().describe("storage class of that volume; default: cluster.storageClass"),
    scrapeInterval: duration.default("30s").describe("how often targets are scraped"),
    dropApiserverHistograms: z
      .boolean()
      .default(true)
      .describe("drops the API server's histogram buckets: over half of a small cluster's series"),
    remoteWrite: remoteWriteQueue.describe(
      "queue of remote_write to Mimir; what doesn't fit waits in the write-ahead log",
    ),
    resources: resources({ cpu: "200m", memory: "768Mi", memoryLimit: "3Gi" }),
    operatorResources: resources({ cpu: "20m", memory: "64Mi", memoryLimit: "256Mi" }),
    reloaderResources: resources({ cpu: "5m", memory: "24Mi", memoryLimit: "64Mi" }),
  })
  .prefault({});

const labelsAllowlistEntry = z
  .string()
  .refine((v) => /^(\*|[a-z]+)=\[[^[\]\s]+\]$/.test(v), "is not resource=[label,…]")
  .meta({ allowed: "resource=[label,…], or resource=[*] for every label", example: "pods=[*]" });

/** Settings of node-exporter, kube-state-metrics and the blackbox exporter. */
export const exporters = z
  .strictObject({
    nodeExporter: z
      .strictObject({
        enabled: z
          .boolean()
          .default(true)
          .describe("false: something else exports the nodes' metrics on host port 9100"),
        resources: resources({ cpu: "20m", memory: "32Mi", memoryLimit: "96Mi" }),
      })
      .prefault({}),
    kubeStateMetrics: z
      .strictObject({
        enabled: z.boolean().default(true).describe("false: something else runs kube-state-metrics"),
        labelsAllowlist: z
          .array(labelsAllowlistEntry)
          .default(["pods=[*]", "deployments=[*]", "persistentvolumeclaims=[*]"])
          .describe("labels that become metrics (--metric-labels-allowlist)"),
        resources: resources({ cpu: "20m", memory: "96Mi", memoryLimit: "256Mi" }),
      })
      .prefault({}),
    blackbox: z
      .strictObject({ resources: resources({ cpu: "10m", memory: "24Mi", memoryLimit: "96Mi" }) })
      .prefault({})
      .describe("the blackbox exporter, which runs if `probes` has an entry"),
  })
  .prefault({});

/** Where a part of the control plane is found: at addresses, or in pods of kube-system; not scraped with neither. */
const found = (what: string, options: { port: number; pods: Record<string, string> }) => ({
  endpoints: z
    .array(
      z
        .ipv4()
        .refine((v) => !/^(127|0)\./.test(v), "is the pod itself, seen from a pod")
        .meta({ allowed: "an IPv4 address that pods can reach", example: "10.0.0.1" }),
    )
    .refine((v) => v.length > 0, "is empty")
    // The CRD of ScrapeConfig takes each once.
    .refine((v) => new Set(v).size === v.length, "has an address twice")
    .meta({
      allowed: "a list of IPv4 addresses, at least one; leave it out if it is not scraped",
      example: ["10.0.0.1"],
    })
    .optional()
    .describe(`addresses of ${what}; or set \`selector\`; with neither, it is not scraped`),
  selector: z
    .record(labelKey, labelValue)
    .refine((v) => Object.keys(v).length > 0, "is empty")
    .meta({ allowed: "labels of its pods, at least one; leave it out if it is not scraped", example: options.pods })
    .optional()
    .describe(
      `labels of its pods in kube-system (kubeadm: \`${Object.entries(options.pods)[0].join(": ")}\`), instead of \`endpoints\``,
    ),
  port: port.default(options.port).describe("port of its metrics"),
});

/** How the certificate of a part that asks for the scraper's token is taken. */
const certificate = {
  insecureSkipVerify: z
    .boolean()
    .default(true)
    .describe("false: its certificate is verified with the cluster's CA; by default it signs its own at each start"),
  serverName: hostName.optional().describe("name in its certificate; default: its address"),
};

/** Settings of the base monitors. */
export const monitors = z
  .strictObject({
    kubelet: z.boolean().default(true).describe("scrapes the kubelet and cAdvisor on every node"),
    apiServer: z.boolean().default(true).describe("scrapes the API server"),
    coreDns: z.boolean().default(true).describe("scrapes CoreDNS (kube-system, label k8s-app=kube-dns)"),
    scheduler: z
      .strictObject({
        ...found("kube-scheduler", { port: 10259, pods: { component: "kube-scheduler" } }),
        ...certificate,
      })
      .prefault({}),
    controllerManager: z
      .strictObject({
        ...found("kube-controller-manager", { port: 10257, pods: { component: "kube-controller-manager" } }),
        ...certificate,
      })
      .prefault({}),
    proxy: z.strictObject(found("kube-proxy", { port: 10249, pods: { "k8s-app": "kube-proxy" } })).prefault({}),
    etcd: z
      .strictObject({
        ...found("etcd's members", { port: 2381, pods: { component: "etcd" } }),
        https: z
          .boolean()
          .default(false)
          .describe("true: its metrics port requires TLS, as 2379 does; --listen-metrics-urls usually has plain HTTP"),
        insecureSkipVerify: z.boolean().default(false).describe("with `https`: true doesn't verify its certificate"),
        serverName: hostName.optional().describe("with `https`: name in its certificate; default: its address"),
        clientSecret: z
          .strictObject({
            name: objectName.describe("name of a Secret in the stack's namespace"),
            ca: secretKey.default("ca.crt").describe("its key with the CA of etcd"),
            certificate: secretKey.default("tls.crt").describe("its key with the client's certificate"),
            key: secretKey.default("tls.key").describe("its key with the client's private key"),
          })
          .optional()
          .describe(
            "with `https`: the CA that verifies etcd's certificate, and the client certificate that etcd requires",
          ),
      })
      .prefault({}),
  })
  .prefault({});
