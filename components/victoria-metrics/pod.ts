import type { types } from "@pulumi/kubernetes";
import type { Settings } from "../../settings/schema";
import type { Application } from "../kubernetes/application";
import { container, probe } from "../kubernetes/container";
import { placement } from "../kubernetes/placement";
import { restrictedPod } from "../kubernetes/security";
import { dataVolume } from "../kubernetes/storage";
import type { SecretRef } from "../secrets/types";
import { dataDirectory, httpPort, victoriaMetricsArguments } from "./arguments";

/** As upstream's operator runs it with `useStrictSecurity`; the image names no user. */
const uid = 65534;

const key = { name: "key", mountPath: "/etc/victoria-metrics", readOnly: true };

/** Key of the Secret, and name of its file. */
export const authKey = "auth-key";

/** What VictoriaMetrics' pod is made of. */
export interface VictoriaMetricsPodArgs {
  settings: Settings["victoriaMetrics"];
  image: string;
  /** The key that snapshots and deletions ask for. */
  secret: SecretRef;
  /** What evaluates rules on it; default: nothing does. */
  evaluatorUrl?: string;
}

/**
 * VictoriaMetrics' pod.
 * @param app where it is
 * @param args what it is made of
 */
export function victoriaMetricsPod(
  app: Application,
  { settings, image, secret, evaluatorUrl }: VictoriaMetricsPodArgs,
): types.input.core.v1.PodTemplateSpec {
  const health = probe("/health", "http");
  return app.pod({
    ...placement(app.environment, [image]),
    // Kubernetes would set VICTORIA_METRICS_PORT and more of the kind.
    enableServiceLinks: false,
    securityContext: restrictedPod(uid),
    // What it holds in memory is written to the volume at its end.
    terminationGracePeriodSeconds: 120,
    containers: [
      container({
        name: "victoria-metrics",
        image,
        args: victoriaMetricsArguments({ settings, keyFile: `${key.mountPath}/${authKey}`, evaluatorUrl }),
        ports: [{ name: "http", containerPort: httpPort }],
        // It answers once its index is open, which takes minutes from a slow disk.
        startupProbe: { ...health, failureThreshold: 120 },
        livenessProbe: { ...health, failureThreshold: 6 },
        readinessProbe: health,
        resources: settings.resources,
        volumeMounts: [key, { name: dataVolume, mountPath: dataDirectory }],
      }),
    ],
    volumes: [
      {
        name: key.name,
        secret: {
          secretName: secret.name,
          defaultMode: 0o440, // by the pod's user, through fsGroup
          items: [{ key: secret.keys[authKey], path: authKey }],
        },
      },
    ],
  });
}
