/** Containers as `discovery.kubernetes` finds them, and what is to become of them. */
export interface DiscoveredContainer {
  /** What is special about it. */
  what: string;
  /** What discovery knows of it. */
  meta: Record<string, string>;
  /** The labels of its lines, but for those that come later (`cluster`, `stream`); undefined: it is left out. */
  labels?: Record<string, string>;
  /** The files that are read. */
  path?: string;
}

const container = (more: Record<string, string>): Record<string, string> => ({
  __address__: "10.42.0.7:3100",
  __meta_kubernetes_namespace: "monitoring",
  __meta_kubernetes_pod_name: "loki-write-0",
  __meta_kubernetes_pod_uid: "1b4e28ba-2fa1-11d2-883f-0016d3cca427",
  __meta_kubernetes_pod_container_name: "loki",
  __meta_kubernetes_pod_container_id: "containerd://4f1d",
  __meta_kubernetes_pod_container_init: "false",
  __meta_kubernetes_pod_label_app_kubernetes_io_name: "loki",
  __meta_kubernetes_pod_node_name: "pi-1",
  ...more,
});

const labels = {
  namespace: "monitoring",
  pod: "loki-write-0",
  container: "loki",
  app: "loki",
  job: "monitoring/loki",
  container_runtime: "containerd",
};

const path = "/var/log/pods/monitoring_loki-write-0_1b4e28ba-2fa1-11d2-883f-0016d3cca427/loki/*.log";

/** The namespace whose containers are left out in these cases. */
export const excludedNamespaces = ["noisy", "also-noisy"];

/** The cases. */
export const discovered: DiscoveredContainer[] = [
  { what: "a container", meta: container({}), labels, path },
  {
    what: "a container whose pod has no app.kubernetes.io/name",
    meta: container({ __meta_kubernetes_pod_label_app_kubernetes_io_name: "", __meta_kubernetes_pod_label_app: "x" }),
    labels: Object.fromEntries(Object.entries(labels).filter(([name]) => name !== "app")),
    path,
  },
  {
    what: "a container of CRI-O",
    meta: container({ __meta_kubernetes_pod_container_id: "cri-o://4f1d" }),
    labels: { ...labels, container_runtime: "cri-o" },
    path,
  },
  {
    what: "a container of a static pod, whose folder has the hash of its manifest",
    meta: container({
      __meta_kubernetes_namespace: "kube-system",
      __meta_kubernetes_pod_name: "etcd-pi-1",
      __meta_kubernetes_pod_container_name: "etcd",
      __meta_kubernetes_pod_label_app_kubernetes_io_name: "",
      __meta_kubernetes_pod_annotation_kubernetes_io_config_hash: "9c42f3a1",
    }),
    labels: {
      namespace: "kube-system",
      pod: "etcd-pi-1",
      container: "etcd",
      job: "kube-system/etcd",
      container_runtime: "containerd",
    },
    path: "/var/log/pods/kube-system_etcd-pi-1_9c42f3a1/etcd/*.log",
  },
  { what: "a container that never started", meta: container({ __meta_kubernetes_pod_container_id: "" }) },
  { what: "a container of a namespace that is left out", meta: container({ __meta_kubernetes_namespace: "noisy" }) },
  {
    what: "a container of a namespace whose name only begins like one that is left out",
    meta: container({ __meta_kubernetes_namespace: "noisy-neighbour" }),
    labels: { ...labels, namespace: "noisy-neighbour", job: "noisy-neighbour/loki" },
    path: path.replace("monitoring_", "noisy-neighbour_"),
  },
];

/** Journal entries' fields, as `loki.source.journal` hands them to its rules, and the label `unit` that is to come of them. */
export const journalUnits: { fields: Record<string, string>; unit?: string }[] = [
  { fields: { __journal__systemd_unit: "ssh.service" }, unit: "ssh.service" },
  { fields: { __journal__systemd_unit: "k3s-agent.service" }, unit: "k3s-agent.service" },
  { fields: { __journal__systemd_unit: "user@1000.service" }, unit: "user@.service" },
  { fields: { __journal__systemd_unit: "systemd-coredump@12-3456-0.service" }, unit: "systemd-coredump@.service" },
  { fields: { __journal__systemd_unit: "session-1742.scope" } },
  { fields: { __journal__systemd_unit: "cri-containerd-4f1d.scope" } },
  { fields: { __journal__transport: "kernel" }, unit: "kernel" },
  { fields: { __journal__transport: "stdout", __journal__systemd_unit: "kubelet.service" }, unit: "kubelet.service" },
];
