import type { Settings } from "../../settings/schema";
import type { Relabeling } from "../kubernetes/service-monitor";
import { controlPlane, controlPlaneParts, isScraped, labelSelector, type ControlPlanePart } from "./control-plane";

/**
 * What of the cluster itself is scraped, described once for every scraper: `scrape-config.ts` renders it for the operator's
 * Prometheus, and what scrapes after kube-prometheus-stack reads the same list. README.md says why these are not ServiceMonitors.
 *
 * Labels are those that kube-prometheus-stack's own monitors give (chart 88.5.3, templates/exporters), `service` being that of a
 * release of the default name, so that series, dashboards and rules go on across the stages and an adoption.
 */

/** How targets are found; the names are those of Prometheus's Kubernetes service discovery. */
export type Discovery =
  | { role: "Node" }
  | { role: "EndpointSlice"; namespace: string }
  | { role: "Pod"; namespace: string; labels: string }
  | { role: "Static"; addresses: string[] };

/** How a target is spoken to over TLS; by default its certificate is verified as on the web. */
export interface Tls {
  /** Presents the scraper's ServiceAccount token, and verifies with the cluster's CA. */
  serviceAccount?: boolean;
  /** Doesn't verify the certificate. */
  insecureSkipVerify?: boolean;
  /** Name in the certificate; default: the target's address. */
  serverName?: string;
  /** A Secret in the stack's namespace by its name, and its keys: the CA (none: not verified with it), the client's certificate and key. */
  clientSecret?: { name: string; ca?: string; certificate: string; key: string };
}

/** One kind of target, and the labels that its series get. */
export interface BaseTarget {
  /** Name of the monitor. */
  name: string;
  /** Label `job`. */
  job: string;
  discovery: Discovery;
  /** TLS; without it, plain HTTP. */
  tls?: Tls;
  /** How often it is scraped (Prometheus duration); default: the scraper's own interval. */
  scrapeInterval?: string;
  /** HTTP path. */
  path: string;
  /** Keeps the target's own labels where they clash with the scraper's: cAdvisor's `namespace` and `pod` are the container's. */
  honorLabels?: boolean;
  /** Marks series stale that vanish from an endpoint with timestamps, as containers do from cAdvisor's. */
  trackTimestampsStaleness?: boolean;
  /** Relabelling of each target. */
  relabelings: Relabeling[];
  /** Relabelling of each sample. */
  metricRelabelings: Relabeling[];
}

/** What of the cluster is to be scraped. */
export interface BaseTargetsArgs {
  settings: Settings["monitors"];
  /** Drops every histogram bucket of the API server: over half of a small cluster's series. */
  dropApiserverHistograms: boolean;
}

/**
 * The base targets that the settings ask for.
 * @param args what of the cluster is to be scraped
 */
export function baseTargets(args: BaseTargetsArgs): BaseTarget[] {
  const { settings } = args;
  return [
    ...(settings.kubelet ? [kubelet(args), cAdvisor, probes] : []),
    ...(settings.apiServer ? [apiServer(args)] : []),
    ...(settings.coreDns ? [coreDns] : []),
    ...controlPlaneParts.filter((part) => isScraped(settings[part])).map((part) => ofControlPlane(part, settings)),
  ];
}

const set = (targetLabel: string, replacement: string): Relabeling => ({ targetLabel, replacement });
const copy = (from: string, targetLabel: string): Relabeling => ({ sourceLabels: [from], targetLabel });
const keep = (from: string, regex: string): Relabeling => ({ sourceLabels: [from], regex, action: "keep" });
const drop = (regex: string, ...from: string[]): Relabeling => ({ sourceLabels: from, regex, action: "drop" });
const dropMetrics = (regex: string): Relabeling => drop(regex, "__name__");

/** Labels that a target of a Service gets from the operator; here there need not be that Service. */
const asService = (namespace: string, service: string, endpoint: string): Relabeling[] => [
  set("namespace", namespace),
  set("service", service),
  set("endpoint", endpoint),
];

const onKubelet = {
  job: "kubelet",
  discovery: { role: "Node" },
  // Kubelets sign their certificates themselves unless `serverTLSBootstrap` is on.
  tls: { serviceAccount: true, insecureSkipVerify: true },
  honorLabels: true,
  relabelings: [
    // Node discovery calls the instance by the node's name; by Service and Endpoints it was address and port.
    copy("__address__", "instance"),
    copy("__meta_kubernetes_node_name", "node"),
    copy("__metrics_path__", "metrics_path"),
    ...asService("kube-system", "kube-prometheus-stack-kubelet", "https-metrics"),
  ],
} as const satisfies Partial<BaseTarget>;

const kubelet = ({ dropApiserverHistograms }: BaseTargetsArgs): BaseTarget => ({
  ...onKubelet,
  name: "kubelet",
  path: "/metrics",
  metricRelabelings: [
    drop(
      "(csi_operations|storage_operation_duration)_seconds_bucket;(0.25|2.5|15|25|120|600)(\\.0)?",
      "__name__",
      "le",
    ),
    // k3s and its kin are one process, whose API server's histograms come out of every one of its endpoints.
    ...(dropApiserverHistograms ? [dropMetrics("(apiserver|etcd)_.+_bucket")] : []),
  ],
});

const cAdvisor: BaseTarget = {
  ...onKubelet,
  name: "kubelet-cadvisor",
  path: "/metrics/cadvisor",
  trackTimestampsStaleness: true,
  metricRelabelings: [
    dropMetrics("container_cpu_(cfs_throttled_seconds_total|load_average_10s|system_seconds_total|user_seconds_total)"),
    dropMetrics(
      "container_fs_(io_current|io_time_seconds_total|io_time_weighted_seconds_total|reads_merged_total" +
        "|sector_reads_total|sector_writes_total|writes_merged_total)",
    ),
    dropMetrics("container_memory_(mapped_file|swap)"),
    dropMetrics("container_(file_descriptors|tasks_state|threads_max)"),
    drop("container_memory_failures_total;hierarchy", "__name__", "scope"),
    // Interfaces of the network plugin: each pod's traffic a second time, on the node's side.
    drop("container_network_.*;(cali|cilium|cni|lxc|nodelocaldns|tunl).*", "__name__", "interface"),
    dropMetrics("container_spec.*"),
    // Control groups of no pod: slices, system services.
    drop(".+;", "id", "pod"),
  ],
};

const probes: BaseTarget = { ...onKubelet, name: "kubelet-probes", path: "/metrics/probes", metricRelabelings: [] };

const apiServer = ({ dropApiserverHistograms }: BaseTargetsArgs): BaseTarget => ({
  name: "apiserver",
  job: "apiserver",
  discovery: { role: "EndpointSlice", namespace: "default" },
  // Its certificate has this name in every cluster, whatever its address.
  tls: { serviceAccount: true, serverName: "kubernetes" },
  path: "/metrics",
  relabelings: [
    keep("__meta_kubernetes_service_name", "kubernetes"),
    keep("__meta_kubernetes_endpointslice_port_name", "https"),
    ...asService("default", "kubernetes", "https"),
  ],
  metricRelabelings: [dropApiserverHistograms ? dropMetrics(".+_bucket") : dropSomeBuckets],
});

// Every other bucket: quantiles stay, coarser.
const dropSomeBuckets = drop(
  "(etcd_request|apiserver_request_slo|apiserver_request_sli|apiserver_request)_duration_seconds_bucket;" +
    "(0\\.15|0\\.2|0\\.3|0\\.35|0\\.4|0\\.45|0\\.6|0\\.7|0\\.8|0\\.9|1\\.25|1\\.5|1\\.75|2|3|3\\.5|4|4\\.5|6|7|8|9|15|20|40|45|50)(\\.0)?",
  "__name__",
  "le",
);

const coreDns: BaseTarget = {
  name: "coredns",
  job: "coredns",
  // kubeadm, k3s, Talos and RKE2 all label CoreDNS's pods so, and give it port 9153 (the plugin `prometheus`'s default).
  discovery: { role: "Pod", namespace: "kube-system", labels: "k8s-app=kube-dns" },
  path: "/metrics",
  relabelings: [
    keep("__meta_kubernetes_pod_container_port_number", "9153"),
    drop("Failed|Succeeded", "__meta_kubernetes_pod_phase"),
    copy("__meta_kubernetes_pod_name", "pod"),
    copy("__meta_kubernetes_pod_container_name", "container"),
    ...asService("kube-system", "kube-prometheus-stack-coredns", "http-metrics"),
  ],
  metricRelabelings: [],
};

/** A part of the control plane, at addresses or in pods, with the labels that it has by the chart's Service. */
function ofControlPlane(part: ControlPlanePart, settings: Settings["monitors"]): BaseTarget {
  const { name, job } = controlPlane[part];
  const { endpoints, selector = {}, port } = settings[part];
  return {
    name,
    job,
    discovery: endpoints
      ? { role: "Static", addresses: endpoints.map((address) => `${address}:${port}`) }
      : { role: "Pod", namespace: "kube-system", labels: labelSelector(selector) },
    ...tlsOf(part, settings),
    path: "/metrics",
    relabelings: [
      ...(endpoints ? [] : inPods(port)),
      ...asService("kube-system", `kube-prometheus-stack-${job}`, "http-metrics"),
    ],
    metricRelabelings: [],
  };
}

function tlsOf(part: ControlPlanePart, settings: Settings["monitors"]): Pick<BaseTarget, "tls"> {
  switch (part) {
    case "scheduler":
    case "controllerManager": {
      const { insecureSkipVerify, serverName } = settings[part];
      return { tls: { serviceAccount: true, insecureSkipVerify, serverName } };
    }
    case "etcd": {
      const { https, insecureSkipVerify, serverName, clientSecret } = settings.etcd;
      return https ? { tls: { insecureSkipVerify, serverName, clientSecret } } : {};
    }
    case "proxy":
      return {};
  }
}

/**
 * A pod's port, whether or not a container declares it: static pods often declare none, and are found once without a port then. Labels are
 * those of an endpoint of a Service: `container` is there only where the port is declared.
 */
const inPods = (port: number): Relabeling[] => [
  keep("__meta_kubernetes_pod_container_port_number", `(${port})?`),
  drop("Failed|Succeeded", "__meta_kubernetes_pod_phase"),
  // The second is for IPv6.
  { sourceLabels: ["__meta_kubernetes_pod_ip"], regex: "(.+)", targetLabel: "__address__", replacement: `$1:${port}` },
  {
    sourceLabels: ["__meta_kubernetes_pod_ip"],
    regex: "(.*:.*)",
    targetLabel: "__address__",
    replacement: `[$1]:${port}`,
  },
  copy("__meta_kubernetes_pod_name", "pod"),
  {
    sourceLabels: ["__meta_kubernetes_pod_container_port_number", "__meta_kubernetes_pod_container_name"],
    regex: `${port};(.+)`,
    targetLabel: "container",
    replacement: "$1",
  },
];
