import type { types } from "@pulumi/kubernetes";
import { DaemonSet } from "@pulumi/kubernetes/apps/v1";
import { Service, ServiceAccount } from "@pulumi/kubernetes/core/v1";
import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../config/schema";
import type { Environment } from "../kubernetes/environment";
import { imageVersion, labels, selectorLabels } from "../kubernetes/labels";
import { everyNode } from "../kubernetes/placement";
import { restrictedContainer, restrictedPod } from "../kubernetes/security";
import { serviceMonitor } from "../kubernetes/service-monitor";

/** Arguments of {@link nodeExporter}. */
export interface NodeExporterArgs {
  environment: Environment;
  settings: Settings["exporters"]["nodeExporter"];
  /** Reference of the image `node-exporter`. */
  image: string;
}

// The name is also that of the Service, and so the label `job`, which dashboards and rules of the community select by.
const name = "node-exporter";
const port = 9100;

// As in kube-prometheus-stack 88.5.3, so that a filesystem is counted once and no container's is.
const excludedMounts = "^/(dev|proc|sys|run/containerd/.+|var/lib/docker/.+|var/lib/kubelet/.+)($|/)";
const excludedFilesystems =
  "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc" +
  "|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs|erofs)$";
// Each pod has an interface of its own on the node, with a new name each time: endless new series that nobody reads.
const excludedInterfaces = "^(veth|cali|lxc|tunl|nodelocaldns).*$";

/**
 * Registers node-exporter on every node.
 *
 * It needs more than the Pod Security Standard `restricted`: the node's network for its interfaces' counters, the node's processes
 * for `/proc/1`, and the node's filesystems, read only, to measure them. It runs as nobody, without capabilities or a token.
 * @param args settings and image
 * @param opts of every resource
 */
export function nodeExporter(
  { environment, settings, image }: NodeExporterArgs,
  opts: pulumi.CustomResourceOptions,
): void {
  const { namespace } = environment;
  const identity = { name, version: imageVersion(image) };
  const metadata = { name, namespace, labels: labels(identity) };

  const serviceAccount = new ServiceAccount(name, { metadata, automountServiceAccountToken: false }, opts);

  new DaemonSet(
    name,
    {
      metadata,
      spec: {
        selector: { matchLabels: selectorLabels(identity) },
        template: {
          metadata: { labels: labels(identity) },
          spec: {
            ...everyNode([image]),
            serviceAccountName: serviceAccount.metadata.name,
            automountServiceAccountToken: false,
            hostNetwork: true,
            hostPID: true,
            securityContext: restrictedPod(65534),
            containers: [container(settings, image)],
            volumes: mounts.map(({ name, hostPath }) => ({ name, hostPath: { path: hostPath } })),
          },
        },
      },
    },
    opts,
  );

  new Service(
    name,
    {
      metadata,
      spec: {
        // Only its endpoints matter: each is a target.
        clusterIP: "None",
        selector: selectorLabels(identity),
        ports: [{ name: "http-metrics", port, targetPort: "http-metrics" }],
      },
    },
    opts,
  );

  serviceMonitor(
    name,
    {
      namespace,
      labels: labels(identity),
      selector: selectorLabels(identity),
      endpoints: [
        {
          port: "http-metrics",
          relabelings: [{ sourceLabels: ["__meta_kubernetes_pod_node_name"], targetLabel: "node" }],
        },
      ],
    },
    opts,
  );
}

// Without HostToContainer, filesystems that are mounted after the pod's start would be missing.
const mounts = [
  { name: "proc", hostPath: "/proc", mountPath: "/host/proc" },
  { name: "sys", hostPath: "/sys", mountPath: "/host/sys" },
  { name: "root", hostPath: "/", mountPath: "/host/root", mountPropagation: "HostToContainer" },
];

function container(settings: NodeExporterArgs["settings"], image: string): types.input.core.v1.Container {
  const probe = { httpGet: { path: "/", port: "http-metrics" } };
  return {
    name,
    image,
    imagePullPolicy: "IfNotPresent",
    args: [
      "--path.procfs=/host/proc",
      "--path.sysfs=/host/sys",
      "--path.rootfs=/host/root",
      "--path.udev.data=/host/root/run/udev/data",
      // The node's address in the cluster, not every interface of the node.
      `--web.listen-address=[$(HOST_IP)]:${port}`,
      `--collector.filesystem.mount-points-exclude=${excludedMounts}`,
      `--collector.filesystem.fs-types-exclude=${excludedFilesystems}`,
      `--collector.netclass.ignored-devices=${excludedInterfaces}`,
      `--collector.netdev.device-exclude=${excludedInterfaces}`,
    ],
    env: [{ name: "HOST_IP", valueFrom: { fieldRef: { fieldPath: "status.hostIP" } } }],
    ports: [{ name: "http-metrics", containerPort: port, hostPort: port }],
    livenessProbe: probe,
    readinessProbe: probe,
    resources: settings.resources,
    securityContext: restrictedContainer,
    volumeMounts: mounts.map(({ name, mountPath, mountPropagation }) => ({
      name,
      mountPath,
      mountPropagation,
      readOnly: true,
    })),
  };
}
