import type { types } from "@pulumi/kubernetes";
import type { Settings } from "../../config/schema";
import { quantityValue } from "../../config/units";
import type { AlertmanagerInMimir } from "../alertmanager/types";
import { checksum } from "../kubernetes/checksum";
import type { Environment } from "../kubernetes/environment";
import { placement } from "../kubernetes/placement";
import { restrictedContainer, restrictedPod } from "../kubernetes/security";
import { secretEnv } from "../secrets/env";
import type { SecretRef } from "../secrets/types";
import { dataDirectory, ports } from "./config";

/** As in upstream's Helm chart; the image names no user. */
const uid = 10001;

const config = { name: "config", mountPath: "/etc/mimir", readOnly: true };
const data = { name: "data", mountPath: dataDirectory };
const scratch = { name: "tmp", mountPath: "/tmp" };

/** Name of the volume claim. */
export const dataVolume = data.name;

/** Key of the ConfigMap. */
export const configFile = "config.yaml";

/** Its Alertmanager's configuration: a key of the ConfigMap too, where Mimir runs one. */
export const alertmanagerFile = { key: "alertmanager.yaml", path: `${config.mountPath}/alertmanager.yaml` };

/** What Mimir's pod is made of. */
export interface MimirPodArgs {
  environment: Environment;
  settings: Pick<Settings["mimir"], "resources">;
  image: string;
  /** Labels of the pod. */
  labels: Record<string, string>;
  /** Name of the ServiceAccount and of the ConfigMap. */
  name: string;
  /** Text of the configuration: the pod restarts when it changes. */
  config: string;
  /** Keys of the object store. */
  credentials: SecretRef;
  /** The Alertmanager that it runs; undefined: none. */
  alertmanager?: AlertmanagerInMimir;
}

/**
 * Mimir's pod.
 * @param args what it is made of
 */
export function mimirPod(args: MimirPodArgs): types.input.core.v1.PodTemplateSpec {
  const { environment, settings, image, labels, name, credentials, alertmanager } = args;
  return {
    metadata: {
      labels,
      annotations: {
        "checksum/config": checksum(args.config),
        "checksum/mimir-object-store": credentials.version,
        ...(alertmanager && { "checksum/alertmanager-config": checksum(alertmanager.configuration) }),
        ...alertmanager?.secrets?.annotations,
      },
    },
    spec: {
      ...placement(environment, [image]),
      serviceAccountName: name,
      automountServiceAccountToken: false,
      // Kubernetes would set MIMIR_PORT and more of the kind.
      enableServiceLinks: false,
      securityContext: restrictedPod(uid),
      // What it holds in memory is in the write-ahead log, on its volume: it has only uploads and queries to finish.
      terminationGracePeriodSeconds: 120,
      containers: [
        {
          name: "mimir",
          image,
          imagePullPolicy: "IfNotPresent",
          // `all` is everything but the Alertmanager.
          args: [
            `-target=${alertmanager ? "all,alertmanager" : "all"}`,
            `-config.file=${config.mountPath}/${configFile}`,
          ],
          env: [
            secretEnv(credentials, "AWS_ACCESS_KEY_ID"),
            secretEnv(credentials, "AWS_SECRET_ACCESS_KEY"),
            // Collects garbage more eagerly near the limit, instead of being killed at it.
            { name: "GOMEMLIMIT", value: `${Math.floor(quantityValue(settings.resources.limits.memory) * 0.9)}` },
          ],
          ports: [
            { name: "http-metrics", containerPort: ports.http },
            { name: "grpc", containerPort: ports.grpc },
          ],
          readinessProbe: { ...probe("/ready"), failureThreshold: 3 },
          // Only whether the server answers: Mimir isn't ready for minutes when its log is long, and a restart would start over.
          livenessProbe: { ...probe("/api/v1/status/buildinfo"), initialDelaySeconds: 30, failureThreshold: 6 },
          resources: settings.resources,
          securityContext: restrictedContainer,
          volumeMounts: [config, data, scratch, ...(alertmanager?.secrets ? [alertmanager.secrets.volumeMount] : [])],
        },
      ],
      volumes: [
        { name: config.name, configMap: { name } },
        { name: scratch.name, emptyDir: {} },
        ...(alertmanager?.secrets ? [alertmanager.secrets.volume] : []),
      ],
    },
  };
}

const probe = (path: string) => ({
  httpGet: { path, port: "http-metrics" },
  periodSeconds: 10,
  timeoutSeconds: 5,
});
