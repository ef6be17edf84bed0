import type { types } from "@pulumi/kubernetes";
import type { Settings } from "../../settings/schema";
import { configurationDirectory, configurationKey } from "../../settings/sections/alerting";
import type { Application } from "../kubernetes/application";
import { checksum } from "../kubernetes/checksum";
import { container, probe } from "../kubernetes/container";
import { placement } from "../kubernetes/placement";
import { restrictedPod } from "../kubernetes/security";
import { dataVolume } from "../kubernetes/storage";
import { port } from "./address";
import type { ReceiverSecrets } from "./receiver-secrets";

const uid = 65534; // nobody, as in the upstream image

const config = { name: "config", mountPath: configurationDirectory, readOnly: true };
const data = { name: dataVolume, mountPath: "/alertmanager" };

/** What Alertmanager's pod is made of. */
export interface AlertmanagerPodArgs {
  settings: Pick<Settings["alertmanager"], "resources">;
  image: string;
  /** Address that notifications link to. */
  externalUrl: string;
  /** Text of the configuration, at whose change the pod restarts; or the Secret that has it. */
  configuration: { text: string } | { existingSecret: string };
  /** What its receivers read; undefined: nothing. */
  receivers?: ReceiverSecrets;
}

/**
 * Alertmanager's pod.
 * @param app whose ConfigMap has the configuration
 * @param args what it is made of
 */
export function alertmanagerPod(app: Application, args: AlertmanagerPodArgs): types.input.core.v1.PodTemplateSpec {
  const { settings, image, externalUrl, configuration, receivers } = args;
  return app.pod({
    annotations: {
      ...("text" in configuration && { "checksum/config": checksum(configuration.text) }),
      ...receivers?.annotations,
    },
    ...placement(app.environment, [image]),
    securityContext: restrictedPod(uid),
    terminationGracePeriodSeconds: 60, // writes silences and notification log on its way out
    containers: [
      container({
        name: app.name,
        image,
        args: [
          `--config.file=${config.mountPath}/${configurationKey}`,
          `--storage.path=${data.mountPath}`,
          `--web.listen-address=:${port.number}`,
          `--web.external-url=${externalUrl}`,
          // By default the external URL's path becomes a prefix of the API, and clients in the cluster would not find it.
          "--web.route-prefix=/",
          "--cluster.listen-address=", // no peers
          "--enable-feature=receiver-name-in-metrics", // distinguishes a failing heartbeat from a failing webhook
        ],
        ports: [{ name: port.name, containerPort: port.number }],
        livenessProbe: { ...probe("/-/healthy", port.name), failureThreshold: 6 },
        readinessProbe: probe("/-/ready", port.name),
        resources: settings.resources,
        volumeMounts: [data, config, ...(receivers ? [receivers.volumeMount] : [])],
      }),
    ],
    volumes: [
      "text" in configuration
        ? { name: config.name, configMap: { name: app.name } }
        : // All of it: templates that the configuration names may stand beside it.
          { name: config.name, secret: { secretName: configuration.existingSecret, defaultMode: 0o440 } },
      ...(receivers ? [receivers.volume] : []),
    ],
  });
}
