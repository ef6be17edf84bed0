import type { types } from "@pulumi/kubernetes";
import type { Settings } from "../../settings/schema";
import type { Application } from "../kubernetes/application";
import { checksum } from "../kubernetes/checksum";
import { container, probe } from "../kubernetes/container";
import { placement } from "../kubernetes/placement";
import { restrictedPod } from "../kubernetes/security";

const uid = 65534; // nobody; the image's own user is root

const config = { name: "config", mountPath: "/etc/blackbox_exporter", readOnly: true };

/** Key of the configuration in its ConfigMap. */
export const configurationKey = "config.yml";

/** The exporter's port: probes, and its own metrics. */
export const port = { name: "http", number: 9115 };

/** What the exporter's pod is made of. */
export interface BlackboxPodArgs {
  settings: Settings["exporters"]["blackbox"];
  image: string;
  /** Text of the configuration: the pod restarts when it changes. */
  configuration: string;
  /** Whether it pings. */
  pings: boolean;
}

/**
 * The blackbox exporter's pod: as restricted as all others, also where it pings. The kernel lets a group send echo requests without a
 * capability (`net.ipv4.ping_group_range`, for IPv6 too), and the exporter tries that first (`ProbeICMP` in prober/icmp.go). It is one of
 * Kubernetes's safe sysctls, and the Pod Security Standard `restricted` allows it.
 * @param app whose ConfigMap has the configuration
 * @param args what it is made of
 * @see https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/#safe-and-unsafe-sysctls
 */
export function blackboxPod(app: Application, args: BlackboxPodArgs): types.input.core.v1.PodTemplateSpec {
  const { settings, image, configuration, pings } = args;
  return app.pod({
    annotations: { "checksum/config": checksum(configuration) },
    ...placement(app.environment, [image]),
    securityContext: {
      ...restrictedPod(uid),
      ...(pings && { sysctls: [{ name: "net.ipv4.ping_group_range", value: `${uid} ${uid}` }] }),
    },
    containers: [
      container({
        name: app.name,
        image,
        args: [`--config.file=${config.mountPath}/${configurationKey}`, `--web.listen-address=:${port.number}`],
        ports: [{ name: port.name, containerPort: port.number }],
        livenessProbe: probe("/-/healthy", port.name),
        readinessProbe: probe("/-/healthy", port.name),
        resources: settings.resources,
        volumeMounts: [config],
      }),
    ],
    volumes: [{ name: config.name, configMap: { name: app.name } }],
  });
}
