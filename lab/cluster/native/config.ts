import { clusterName } from "../paths";
import { Network } from "./network";

/** Cgroup, in every hierarchy, under which the kubelets make those of pods. */
export const cgroup = clusterName;

/** A taint, as a kubelet registers its node with it. */
export interface Taint {
  key: string;
  effect: "NoSchedule";
}

/** A node of the cluster: what differs between two of them. */
export interface Machine {
  /** Its name, and that of its kubelet's user. */
  name: string;
  /** Folder of its file systems, logs, keys and configuration. */
  dir: string;
  /** Addresses as it has them. */
  net: Network;
  /** Its pods' cgroup, in every hierarchy; {@link cgroup} or below it. */
  cgroup: string;
  /** What keeps pods away that don't tolerate it. */
  taints: readonly Taint[];
}

/** containerd's socket inside the node. */
export const containerdSocket = "/run/containerd/containerd.sock";

/** Folder inside the node from which containerd reads the pod network. */
export const cniConfigDir = "/var/lib/cni/net.d";

/** Name of the image that holds a pod's namespaces: containerd's own default, so that nothing tries to pull another. */
export const pauseImage = "registry.k8s.io/pause:3.10.2";

/**
 * containerd's configuration.
 *
 * https://github.com/containerd/containerd/blob/main/docs/cri/config.md
 *
 * @param runc Path of the runtime.
 * @param plugins Folder of the CNI plugins.
 * @param snapshotter `overlayfs`, or `native` where the state folder is itself on an overlay.
 */
export function containerdConfig(runc: string, plugins: string, snapshotter: string): string {
  return `version = 4

[plugins.'io.containerd.cri.v1.images']
  snapshotter = '${snapshotter}'
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = '${pauseImage}'

[plugins.'io.containerd.cri.v1.runtime']
  disable_apparmor = true
  # without CAP_SYS_RESOURCE (a container, a small VM): "failed to update /proc/self/oom_score_adj"
  restrict_oom_score_adj = true
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = 'io.containerd.runc.v2'
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      BinaryName = '${runc}'
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ['${plugins}']
    conf_dir = '${cniConfigDir}'

[plugins.'io.containerd.nri.v1.nri']
  disable = true
`;
}

/**
 * The pod network. `ptp` and not `bridge`: every packet is routed, so that answers from one pod to another pass the service rules on their way back;
 * over a bridge they do so only with br_netfilter, which is a setting of the whole machine.
 */
export function cniConfig(net: Network): object {
  return {
    cniVersion: "1.0.0",
    name: clusterName,
    plugins: [
      {
        type: "ptp",
        ipam: {
          type: "host-local",
          dataDir: "/var/lib/cni/networks",
          ranges: [[{ subnet: net.pods }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
      { type: "portmap", backend: "nftables", capabilities: { portMappings: true } },
    ],
  };
}

/**
 * Kubelet's configuration: https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
 *
 * @param keys Folder of the keys.
 * @param resolvConf File for pods that don't use the cluster's DNS.
 */
export function kubeletConfig({ net, cgroup, taints }: Machine, keys: string, resolvConf: string): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: net.node,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: `${keys}/ca.crt` },
    },
    authorization: { mode: "Webhook" },
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${cgroup}`,
    clusterDNS: [net.dns],
    clusterDomain: "cluster.local",
    containerRuntimeEndpoint: `unix://${containerdSocket}`,
    enforceNodeAllocatable: ["pods"],
    // the default of 10-15 % free would evict everything from a large disk that is nearly full
    evictionHard: { "memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
    failCgroupV1: false, // 1.35 and later refuse version 1, which machines of this kind still have
    failSwapOn: false,
    healthzBindAddress: "127.0.0.1",
    // images come from here and can't be pulled again: never collect them
    imageGCHighThresholdPercent: 100,
    imageMinimumGCAge: "8760h",
    registerWithTaints: taints,
    resolvConf,
    rotateCertificates: false,
    // a changed ConfigMap or Secret is in its pods after this, not after the default minute
    syncFrequency: "10s",
    tlsCertFile: `${keys}/kubelet-server.crt`,
    tlsPrivateKeyFile: `${keys}/kubelet-server.key`,
  };
}

/** kube-proxy's configuration: https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/ */
export function kubeProxyConfig(net: Network, keys: string): object {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    bindAddress: net.node,
    // by default 127.0.0.1, where no pod reaches it
    metricsBindAddress: `${net.node}:10249`,
    clientConnection: { kubeconfig: `${keys}/kube-proxy.kubeconfig` },
    clusterCIDR: net.pods,
    // zero leaves the kernel's values, which belong to the whole machine, as they are
    conntrack: { maxPerCore: 0, min: 0, tcpCloseWaitTimeout: "0s", tcpEstablishedTimeout: "0s" },
    mode: "nftables",
  };
}
