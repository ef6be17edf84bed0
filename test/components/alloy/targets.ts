/** Targets of the cluster itself as service discovery finds them, and the labels that kube-prometheus-stack's Prometheus gives their series. */
export interface FoundTarget {
  /** What is special about it. */
  what: string;
  /** Name of the base target. */
  of: string;
  /** What discovery knows of it. */
  meta: Record<string, string>;
  /** The labels of its series, and the address that is scraped; undefined: it is left out. */
  labels?: Record<string, string>;
}

const node = {
  __address__: "10.0.0.7:10250",
  __meta_kubernetes_node_name: "pi-1",
  instance: "pi-1",
};

const kubelet = (path: string) => ({
  job: "kubelet",
  instance: "10.0.0.7:10250",
  node: "pi-1",
  metrics_path: path,
  namespace: "kube-system",
  service: "kube-prometheus-stack-kubelet",
  endpoint: "https-metrics",
  url: `https://10.0.0.7:10250${path}`,
});

const apiServer = {
  __address__: "10.0.0.2:6443",
  __meta_kubernetes_namespace: "default",
  __meta_kubernetes_service_name: "kubernetes",
  __meta_kubernetes_endpointslice_port_name: "https",
};

const coreDns = {
  __address__: "10.42.0.3:9153",
  __meta_kubernetes_namespace: "kube-system",
  __meta_kubernetes_pod_name: "coredns-1",
  __meta_kubernetes_pod_container_name: "coredns",
  __meta_kubernetes_pod_container_port_number: "9153",
  __meta_kubernetes_pod_phase: "Running",
};

const scheduler = {
  __address__: "10.0.0.2",
  __meta_kubernetes_namespace: "kube-system",
  __meta_kubernetes_pod_ip: "10.0.0.2",
  __meta_kubernetes_pod_name: "kube-scheduler-pi-2",
  __meta_kubernetes_pod_container_name: "kube-scheduler",
  __meta_kubernetes_pod_phase: "Running",
};

const ofPart = (job: string, address: string, scheme: string) => ({
  job,
  instance: address,
  namespace: "kube-system",
  service: `kube-prometheus-stack-${job}`,
  endpoint: "http-metrics",
  url: `${scheme}://${address}/metrics`,
});

/** The cases. */
export const found: FoundTarget[] = [
  { what: "a kubelet", of: "kubelet", meta: node, labels: kubelet("/metrics") },
  { what: "cAdvisor", of: "kubelet-cadvisor", meta: node, labels: kubelet("/metrics/cadvisor") },
  { what: "a kubelet's probes", of: "kubelet-probes", meta: node, labels: kubelet("/metrics/probes") },
  {
    what: "the API server",
    of: "apiserver",
    meta: apiServer,
    labels: {
      job: "apiserver",
      instance: "10.0.0.2:6443",
      namespace: "default",
      service: "kubernetes",
      endpoint: "https",
      url: "https://10.0.0.2:6443/metrics",
    },
  },
  {
    what: "another Service of its namespace",
    of: "apiserver",
    meta: { ...apiServer, __meta_kubernetes_service_name: "web" },
  },
  {
    what: "a pod of CoreDNS",
    of: "coredns",
    meta: coreDns,
    labels: {
      job: "coredns",
      instance: "10.42.0.3:9153",
      namespace: "kube-system",
      pod: "coredns-1",
      container: "coredns",
      service: "kube-prometheus-stack-coredns",
      endpoint: "http-metrics",
      url: "http://10.42.0.3:9153/metrics",
    },
  },
  {
    what: "its port for DNS",
    of: "coredns",
    meta: { ...coreDns, __address__: "10.42.0.3:53", __meta_kubernetes_pod_container_port_number: "53" },
  },
  {
    what: "a pod of CoreDNS that has ended",
    of: "coredns",
    meta: { ...coreDns, __meta_kubernetes_pod_phase: "Failed" },
  },
  {
    what: "a static pod of the scheduler that declares no port",
    of: "kube-scheduler",
    meta: scheduler,
    labels: { ...ofPart("kube-scheduler", "10.0.0.2:10259", "https"), pod: "kube-scheduler-pi-2" },
  },
  {
    what: "a static pod of the scheduler that declares its port",
    of: "kube-scheduler",
    meta: {
      ...scheduler,
      __address__: "10.0.0.2:10259",
      __meta_kubernetes_pod_container_port_number: "10259",
    },
    labels: {
      ...ofPart("kube-scheduler", "10.0.0.2:10259", "https"),
      pod: "kube-scheduler-pi-2",
      container: "kube-scheduler",
    },
  },
  {
    what: "another port of the scheduler's pod",
    of: "kube-scheduler",
    meta: { ...scheduler, __meta_kubernetes_pod_container_port_number: "8080" },
  },
  {
    what: "a controller manager by its address",
    of: "kube-controller-manager",
    meta: { __address__: "10.0.0.1:10257" },
    labels: ofPart("kube-controller-manager", "10.0.0.1:10257", "https"),
  },
  {
    what: "a pod of kube-proxy",
    of: "kube-proxy",
    meta: { ...scheduler, __meta_kubernetes_pod_name: "kube-proxy-x" },
    labels: { ...ofPart("kube-proxy", "10.0.0.2:10249", "http"), pod: "kube-proxy-x" },
  },
  {
    what: "a member of etcd",
    of: "etcd",
    meta: { __address__: "10.0.0.1:2381" },
    labels: ofPart("kube-etcd", "10.0.0.1:2381", "http"),
  },
];
