import type { types } from "@pulumi/kubernetes";
import type { Application } from "../kubernetes/application";
import { container, probe } from "../kubernetes/container";
import { serviceHost } from "../kubernetes/environment";
import { placement } from "../kubernetes/placement";
import { restrictedPod } from "../kubernetes/security";
import { dataVolume } from "../kubernetes/storage";
import { secretEnv } from "../secrets/env";
import type { SecretRef } from "../secrets/types";
import type { ObjectStorageArgs } from "./types";

/** The embedded server's port: S3, metrics, probes. */
export const port = { name: "s3", number: 9000 };

/** The user of the server and of its setup. */
export const uid = 1000;

/** A folder that may be written to. */
export const scratch = { volume: { name: "tmp", emptyDir: {} }, mount: { name: "tmp", mountPath: "/tmp" } };

const data = { name: dataVolume, mountPath: "/data" };

/** What the embedded server's pod is made of. */
export interface MinioPodArgs {
  settings: ObjectStorageArgs<"embedded">["settings"];
  image: string;
  /** The Secret of its root user. */
  administrator: SecretRef;
}

/**
 * URL of the embedded server inside the cluster.
 * @param app the server
 */
export const serverUrl = ({ environment, name }: Application): string =>
  `http://${serviceHost(environment, name)}:${port.number}`;

/**
 * The embedded server's pod.
 * @param app the server
 * @param args what it is made of
 */
export function minioPod(
  app: Application,
  { settings, image, administrator }: MinioPodArgs,
): types.input.core.v1.PodTemplateSpec {
  const alive = probe("/minio/health/live", port.name);
  return app.pod({
    annotations: { "checksum/object-store-admin": administrator.version },
    ...placement(app.environment, [image]),
    securityContext: restrictedPod(uid),
    terminationGracePeriodSeconds: 60,
    containers: [
      container({
        name: "minio",
        image,
        // Its own folder for certificates would be in the read-only root.
        args: ["server", data.mountPath, `--address=:${port.number}`, "--certs-dir=/tmp/certs"],
        env: [
          secretEnv(administrator, "MINIO_ROOT_USER"),
          secretEnv(administrator, "MINIO_ROOT_PASSWORD"),
          { name: "MINIO_REGION", value: settings.region },
          { name: "MINIO_BROWSER", value: "off" },
          { name: "MINIO_UPDATE", value: "off" },
          { name: "MINIO_PROMETHEUS_AUTH_TYPE", value: "public" },
        ],
        ports: [{ name: port.name, containerPort: port.number }],
        startupProbe: { ...alive, periodSeconds: 2, failureThreshold: 60 },
        livenessProbe: { ...alive, failureThreshold: 6 },
        readinessProbe: probe("/minio/health/ready", port.name),
        resources: settings.resources,
        volumeMounts: [data, scratch.mount],
      }),
    ],
    volumes: [scratch.volume],
  });
}
