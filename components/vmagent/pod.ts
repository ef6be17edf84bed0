import type { types } from "@pulumi/kubernetes";
import type { Settings } from "../../settings/schema";
import { seconds } from "../../settings/units";
import type { Application } from "../kubernetes/application";
import { checksum } from "../kubernetes/checksum";
import { container, probe, repeatedly } from "../kubernetes/container";
import { placement } from "../kubernetes/placement";
import { restrictedPod } from "../kubernetes/security";
import { dataVolume } from "../kubernetes/storage";
import { configFolder, dataDirectory, httpPort, relabelRules, scriptFolder, vmagentArguments } from "./arguments";
import { certificatesFolder, gatheredVolumes, scrapeConfigScript, scriptFile } from "./scrape-config";

/** As VictoriaMetrics' own pod; the image names no user. */
const uid = 65534;

const gatheredFolder = "/gathered";

/** What vmagent's pod is made of. */
export interface VmagentPodArgs {
  image: string;
  settings: Pick<Settings["metrics"], "resources" | "storage">;
  /** Where samples are pushed to. */
  pushUrl: string;
  /** Interval of targets that name none (Prometheus duration). */
  scrapeInterval: string;
}

/**
 * vmagent's pod, with the container that brings it the gathered configuration.
 * @param app whose ConfigMap has the script
 * @param args what it is made of
 */
export function vmagentPod(app: Application, args: VmagentPodArgs): types.input.core.v1.PodTemplateSpec {
  const { image, settings, pushUrl, scrapeInterval } = args;
  const bring = ["sh", `${scriptFolder}/${scriptFile}`, gatheredFolder, configFolder];
  const config = {
    image,
    volumeMounts: [
      { name: "script", mountPath: scriptFolder, readOnly: true },
      { name: "gathered", mountPath: gatheredFolder, readOnly: true },
      { name: "config", mountPath: configFolder },
    ],
    resources: { requests: { cpu: "5m", memory: "16Mi" }, limits: { memory: "64Mi" } },
  };
  return app.pod({
    ...placement(app.environment, [image]),
    annotations: { "checksum/config": checksum(scrapeConfigScript + relabelRules) },
    automountServiceAccountToken: true,
    securityContext: restrictedPod(uid),
    // It writes what it holds in memory to its volume before it goes.
    terminationGracePeriodSeconds: 60,
    initContainers: [container({ ...config, name: "first-scrape-config", command: bring })],
    containers: [
      container({
        name: "vmagent",
        image,
        args: vmagentArguments({ pushUrl, storage: settings.storage }),
        ports: [{ name: "http", containerPort: httpPort }],
        // Ready once every target is found and was scraped twice: only then does an update remove what scraped before.
        readinessProbe: { ...probe("/ready", "http"), initialDelaySeconds: 2 * seconds(scrapeInterval) },
        livenessProbe: { ...probe("/health", "http"), failureThreshold: 6 },
        resources: settings.resources,
        volumeMounts: [
          { name: "script", mountPath: scriptFolder, readOnly: true },
          { name: "config", mountPath: configFolder, readOnly: true },
          { name: "certificates", mountPath: certificatesFolder, readOnly: true },
          { name: dataVolume, mountPath: dataDirectory },
        ],
      }),
      container({ ...config, name: "scrape-config", command: repeatedly(bring) }),
    ],
    volumes: [
      { name: "script", configMap: { name: app.name } },
      ...gatheredVolumes(app.name),
      // Passwords of monitors are in it: never on a disk.
      { name: "config", emptyDir: { medium: "Memory", sizeLimit: "32Mi" } },
    ],
  });
}
