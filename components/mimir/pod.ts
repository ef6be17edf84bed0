import type { types } from "@pulumi/kubernetes";
import type { Settings } from "../../settings/schema";
import type { AlertmanagerInMimir } from "../alertmanager/types";
import type { Application } from "../kubernetes/application";
import { checksum } from "../kubernetes/checksum";
import { container, goMemoryLimit, probe } from "../kubernetes/container";
import { placement } from "../kubernetes/placement";
import { restrictedPod } from "../kubernetes/security";
import { dataVolume } from "../kubernetes/storage";
import type { StoragePod } from "../object-storage/types";
import { addressVariable, dataDirectory, ports } from "./config";

/** As in upstream's Helm chart; the image names no user. */
const uid = 10001;

const config = { name: "config", mountPath: "/etc/mimir", readOnly: true };
const data = { name: dataVolume, mountPath: dataDirectory };
const scratch = { name: "tmp", mountPath: "/tmp" };

/** Name of the port that serves the API, metrics and probes. */
export const httpPort = "http-metrics";

/** Key of the ConfigMap. */
export const configFile = "config.yaml";

/** Its Alertmanager's configuration: a key of the ConfigMap too, where Mimir runs one. */
export const alertmanagerFile = { key: "alertmanager.yaml", path: `${config.mountPath}/alertmanager.yaml` };

/** What Mimir's pod is made of. */
export interface MimirPodArgs {
  settings: Pick<Settings["mimir"], "resources" | "replicas">;
  image: string;
  /** Text of the configuration: the pod restarts when it changes. */
  config: string;
  /** Keys of the object store, and what the configuration's variables stand for. */
  storage: StoragePod;
  /** The Alertmanager that it runs; undefined: none. */
  alertmanager?: AlertmanagerInMimir;
}

/**
 * Mimir's pod.
 * @param app whose ConfigMap has the configuration
 * @param args what it is made of
 */
export function mimirPod(app: Application, args: MimirPodArgs): types.input.core.v1.PodTemplateSpec {
  const { settings, image, storage, alertmanager } = args;
  const { volume, volumeMount, annotations } = alertmanager?.secrets ?? {};
  const several = settings.replicas > 1;
  return app.pod({
    annotations: {
      "checksum/config": checksum(args.config),
      ...storage.annotations,
      ...(alertmanager && { "checksum/alertmanager-config": checksum(alertmanager.configuration) }),
      ...annotations,
    },
    ...placement(app.environment, [image], several ? app.selector : undefined),
    // Kubernetes would set MIMIR_PORT and more of the kind.
    enableServiceLinks: false,
    securityContext: restrictedPod(uid),
    // What it holds in memory is in the write-ahead log, on its volume: it has only uploads and queries to finish. Of several replicas each makes
    // blocks of it and uploads them: what doesn't fit into this time is on its volume.
    terminationGracePeriodSeconds: several ? 300 : 120,
    containers: [
      container({
        name: "mimir",
        image,
        // `all` is everything but the Alertmanager.
        args: [
          `-target=${alertmanager ? "all,alertmanager" : "all"}`,
          `-config.file=${config.mountPath}/${configFile}`,
          // For the pod's address, and for what a bucket's claim says.
          ...(args.config.includes("${") ? ["-config.expand-env=true"] : []),
        ],
        env: [
          ...(several ? [{ name: addressVariable, valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }] : []),
          ...storage.env,
          goMemoryLimit(settings.resources),
        ],
        ports: [
          { name: httpPort, containerPort: ports.http },
          { name: "grpc", containerPort: ports.grpc },
          ...(several ? [{ name: "http-memberlist", containerPort: ports.memberlist }] : []),
        ],
        readinessProbe: { ...probe("/ready", httpPort), failureThreshold: 3 },
        // Only whether the server answers: Mimir isn't ready for minutes when its log is long, and a restart would start over.
        livenessProbe: { ...probe("/api/v1/status/buildinfo", httpPort), initialDelaySeconds: 30, failureThreshold: 6 },
        resources: settings.resources,
        volumeMounts: [config, data, scratch, ...storage.volumeMounts, ...(volumeMount ? [volumeMount] : [])],
      }),
    ],
    volumes: [
      { name: config.name, configMap: { name: app.name } },
      { name: scratch.name, emptyDir: {} },
      ...storage.volumes,
      ...(volume ? [volume] : []),
    ],
  });
}
