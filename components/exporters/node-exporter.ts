import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings/schema";
import { Application } from "../kubernetes/application";
import { container, namedPort } from "../kubernetes/container";
import type { Environment } from "../kubernetes/environment";
import { imageVersion } from "../kubernetes/labels";
import { everyNode } from "../kubernetes/placement";
import { restrictedPod } from "../kubernetes/security";
import { nodeLabel } from "../kubernetes/service-monitor";

/** Arguments of {@link nodeExporter}. */
export interface NodeExporterArgs {
  environment: Environment;
  settings: Settings["exporters"]["nodeExporter"];
  /** Reference of the image `node-exporter`. */
  image: string;
}

// The name is also that of the Service, and so the label `job`, which dashboards and rules of the community select by.
const name = "node-exporter";
const port = { name: "http-metrics", number: 9100 };

// As in kube-prometheus-stack 88.5.3, so that a filesystem is counted once and no container's is.
const excludedMounts = "^/(dev|proc|sys|run/containerd/.+|var/lib/docker/.+|var/lib/kubelet/.+)($|/)";
const excludedFilesystems =
  "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc" +
  "|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs|erofs)$";
// Each pod has its own interface on the node, with a new name each time: endless new series that are of no use.
const excludedInterfaces = "^(veth|cali|lxc|tunl|nodelocaldns).*$";

// Without HostToContainer, filesystems that are mounted after the pod's start would be missing.
const mounts = [
  { name: "proc", hostPath: "/proc", mountPath: "/host/proc" },
  { name: "sys", hostPath: "/sys", mountPath: "/host/sys" },
  { name: "root", hostPath: "/", mountPath: "/host/root", mountPropagation: "HostToContainer" },
];

/**
 * Registers node-exporter on every node.
 *
 * It needs more than the Pod Security Standard `restricted`: the node's network for its interfaces' counters, the node's processes
 * for `/proc/1`, and the node's filesystems, read only, to measure them. It runs as nobody, without capabilities or a token.
 * @param parent its component
 * @param args settings and image
 */
export function nodeExporter(parent: pulumi.Resource, args: NodeExporterArgs): void {
  const { environment, settings, image } = args;
  const app = new Application(parent, { environment, name, identity: { name, version: imageVersion(image) } });

  const account = app.serviceAccount();
  app.service({ clusterIP: "None", ports: [namedPort(port.name, port.number)] });
  app.daemonSet(
    app.pod({
      ...everyNode([image]),
      serviceAccountName: account.metadata.name,
      hostNetwork: true,
      hostPID: true,
      securityContext: restrictedPod(65534),
      containers: [nodeExporterContainer(settings, image)],
      volumes: mounts.map(({ name, hostPath }) => ({ name, hostPath: { path: hostPath } })),
    }),
  );
  app.monitor({ port: port.name, relabelings: [nodeLabel] });
}

function nodeExporterContainer(
  { resources }: NodeExporterArgs["settings"],
  image: string,
): types.input.core.v1.Container {
  const probe = { httpGet: { path: "/", port: port.name }, timeoutSeconds: 5 };
  return container({
    name,
    image,
    args: [
      "--path.procfs=/host/proc",
      "--path.sysfs=/host/sys",
      "--path.rootfs=/host/root",
      "--path.udev.data=/host/root/run/udev/data",
      // The node's address in the cluster, not every interface of the node.
      `--web.listen-address=[$(HOST_IP)]:${port.number}`,
      `--collector.filesystem.mount-points-exclude=${excludedMounts}`,
      `--collector.filesystem.fs-types-exclude=${excludedFilesystems}`,
      `--collector.netclass.ignored-devices=${excludedInterfaces}`,
      `--collector.netdev.device-exclude=${excludedInterfaces}`,
    ],
    env: [{ name: "HOST_IP", valueFrom: { fieldRef: { fieldPath: "status.hostIP" } } }],
    ports: [{ name: port.name, containerPort: port.number, hostPort: port.number }],
    livenessProbe: probe,
    readinessProbe: probe,
    resources,
    volumeMounts: mounts.map(({ name, mountPath, mountPropagation }) => ({
      name,
      mountPath,
      mountPropagation,
      readOnly: true,
    })),
  });
}
