import { z } from "zod";
import { bytes, chartVersion, duration, objectName, port, releaseName, resources, size } from "../values";

/** Metrics: kube-prometheus-stack, the exporters, the base monitors. */

/** The queue of remote_write, whoever writes. */
export const remoteWriteQueue = z
  .strictObject({
    maxShards: z.int().min(1).default(10).describe("most senders side by side; more catch up faster after an outage"),
    maxSamplesPerSend: z.int().min(1).default(2000).describe("samples in one request"),
    capacity: z.int().min(1).default(10_000).describe("samples that each sender holds in memory"),
  })
  .prefault({});

/** Settings of kube-prometheus-stack: operator and Prometheus only. */
export const kps = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe("false: a cluster without kube-prometheus-stack (its CRDs are installed all the same)"),
    releaseName: releaseName.default("kube-prometheus-stack").describe("name of the Helm release"),
    chartVersion: chartVersion.default("88.5.3").describe("version of the chart kube-prometheus-stack"),
    crdsChartVersion: chartVersion
      .default("31.0.1")
      .describe("version of the chart prometheus-operator-crds; the one whose operator is chartVersion's"),
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
      "the queue of remote_write to Mimir; what doesn't fit waits in the write-ahead log",
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

/** Settings of node-exporter and kube-state-metrics. */
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
  })
  .prefault({});

/** Settings of the base monitors. */
export const monitors = z
  .strictObject({
    kubelet: z.boolean().default(true).describe("scrapes the kubelet and cAdvisor on every node"),
    apiServer: z.boolean().default(true).describe("scrapes the API server"),
    coreDns: z.boolean().default(true).describe("scrapes CoreDNS (kube-system, label k8s-app=kube-dns)"),
    etcd: z
      .strictObject({
        endpoints: z
          .array(z.ipv4())
          .default([])
          .describe("addresses of etcd members whose metrics port can be reached; none: not scraped"),
        port: port.default(2381).describe("their metrics port (--listen-metrics-urls)"),
      })
      .prefault({}),
  })
  .prefault({});
