import type * as client from "@kubernetes/client-node" with { "resolution-mode": "import" };
import { images } from "../../components/images";
import { restrictedContainer } from "../../components/kubernetes/security";
import type { Settings } from "../../settings/schema";

/** Name of the pod that reads a volume: one, so that what a killed run left is found. */
export const readerName = "backfill-reader";

/** Name of its container. */
export const readerContainer = "reader";

/** Where it mounts the volume. */
export const readerFolder = "/data";

/** User and group of the chart's Prometheus, whose files they are: its value `prometheus.prometheusSpec.securityContext`. */
const chartUser = { runAsUser: 1000, runAsGroup: 2000 };

/**
 * A pod that does nothing: what is run in it reads the volume. A volume that one node may mount can be mounted twice there.
 *
 * Its image is nginx's, which every stage has on the cluster: Alpine's busybox has a shell and what the scripts need, for amd64 and arm64.
 * Prometheus's own may have no shell (`-distroless`).
 * @param settings the stack's
 * @param claim name of the volume's claim
 * @param nodeName the node that has mounted it already; default: the scheduler chooses
 */
export function readerPod(settings: Settings, claim: string, nodeName?: string): client.V1Pod {
  return {
    metadata: { name: readerName, labels: { "app.kubernetes.io/name": readerName } },
    spec: {
      ...(nodeName ? { nodeName } : { nodeSelector: settings.cluster.nodeSelector }),
      restartPolicy: "Never",
      // The server process of a killed run ends without help.
      activeDeadlineSeconds: 86_400,
      automountServiceAccountToken: false,
      securityContext: { ...chartUser, runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      tolerations: settings.cluster.tolerations,
      containers: [
        {
          name: readerContainer,
          image: images(settings.images, "nginx").nginx,
          command: ["sh", "-c", "trap exit TERM; while :; do sleep 1; done"],
          resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "128Mi" } },
          securityContext: restrictedContainer as client.V1SecurityContext,
          volumeMounts: [{ name: "data", mountPath: readerFolder, readOnly: true }],
        },
      ],
      volumes: [{ name: "data", persistentVolumeClaim: { claimName: claim, readOnly: true } }],
    },
  };
}

/** Why a container that waits will not start without a change. `ErrImagePull` alone may pass: the kubelet tries once more. */
const hopeless = new Set([
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
  "CreateContainerConfigError",
  "CreateContainerError",
]);

/** How far a pod is. */
export interface Progress {
  /** `starting`: it may still start; `failed`: it never will. */
  state: "running" | "starting" | "failed";
  /** What the pod says of itself; empty: nothing. */
  reason: string;
}

/**
 * How far a pod of one container is, with its own words.
 * @param status the pod's
 */
export function progressOf({ phase, reason, message, conditions, containerStatuses }: client.V1PodStatus): Progress {
  const { waiting, terminated } = containerStatuses?.[0]?.state ?? {};
  const scheduling = conditions?.find(({ type, status }) => type === "PodScheduled" && status === "False");
  const exit = terminated && { ...terminated, reason: terminated.reason ?? `exit code ${terminated.exitCode}` };
  const words = [exit, waiting, { reason, message }, scheduling]
    .map((it) => [it?.reason, it?.message].filter((word) => word).join(": "))
    .find((text) => text !== "");
  const ended = phase === "Failed" || phase === "Succeeded";
  return {
    state: phase === "Running" ? "running" : ended || hopeless.has(waiting?.reason ?? "") ? "failed" : "starting",
    reason: words ?? "",
  };
}
