import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings/schema";
import { seconds } from "../../settings/units";
import { targetPermissions } from "../alloy/metrics-permissions";
import { Application } from "../kubernetes/application";
import { checksum } from "../kubernetes/checksum";
import { container, namedPort, probe, repeatedly } from "../kubernetes/container";
import type { Environment } from "../kubernetes/environment";
import { imageVersion } from "../kubernetes/labels";
import { placement } from "../kubernetes/placement";
import { restrictedPod } from "../kubernetes/security";
import { dataVolume } from "../kubernetes/storage";
import type { RuleGroup } from "../rules/types";
import { withoutPods } from "../vmalert/gathered";
import {
  configFolder,
  dataDirectory,
  httpPort,
  relabelFile,
  relabelRules,
  scriptFolder,
  vmagentArguments,
} from "./arguments";
import { vmagentRules } from "./rules";
import {
  certificatesFolder,
  gatheredSpec,
  gatheredVolumes,
  scrapeConfigScript,
  scriptFile,
  type ScrapeArgs,
} from "./scrape-config";

/** Arguments of {@link Vmagent}. */
export interface VmagentArgs extends Pick<ScrapeArgs, "scrapeInterval"> {
  environment: Environment;
  settings: Pick<Settings["metrics"], "storage" | "storageClass" | "mimirOutage" | "resources">;
  images: Record<"vmagent" | "prometheus", string>;
  operatorResources: Settings["kps"]["operatorResources"];
  /** Where samples are pushed to. */
  pushUrl: string;
}

/** As VictoriaMetrics' own pod; the image names no user. */
const uid = 65534;

const gatheredFolder = "/gathered";

/**
 * vmagent: scrapes the ServiceMonitors, PodMonitors, Probes and ScrapeConfigs of the whole cluster, and writes to VictoriaMetrics. The operator that
 * writes its configuration is vmalert's, which must be there before (`dependsOn`).
 *
 * One replica: a second one would scrape everything twice. What VictoriaMetrics has not taken yet is on its volume, and sent after a restart too.
 */
export class Vmagent extends pulumi.ComponentResource {
  /** Alerts on it. */
  readonly rules: RuleGroup[];

  constructor(name: string, args: VmagentArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:vmagent:Vmagent", name, args, opts);
    const { environment, settings, images, operatorResources, pushUrl, scrapeInterval } = args;
    const app = new Application(this, { environment, name, identity: { name, version: imageVersion(images.vmagent) } });

    const configMap = app.configMap({ [scriptFile]: scrapeConfigScript, [relabelFile]: relabelRules });
    const account = [app.serviceAccount(), ...app.clusterRole(targetPermissions)];
    const service = app.service({ clusterIP: "None", ports: [namedPort("http", httpPort)] });
    const { cluster } = environment;
    const spec = {
      ...{ image: images.prometheus, resources: operatorResources },
      ...gatheredSpec({ cluster, scrapeInterval }),
    };
    const gathered = withoutPods(app, spec);

    const bring = ["sh", `${scriptFolder}/${scriptFile}`, gatheredFolder, configFolder];
    const config = {
      image: images.vmagent,
      volumeMounts: [
        { name: "script", mountPath: scriptFolder, readOnly: true },
        { name: "gathered", mountPath: gatheredFolder, readOnly: true },
        { name: "config", mountPath: configFolder },
      ],
      resources: { requests: { cpu: "5m", memory: "16Mi" }, limits: { memory: "64Mi" } },
    };
    const template = app.pod({
      ...placement(environment, [images.vmagent]),
      annotations: { "checksum/config": checksum(scrapeConfigScript + relabelRules) },
      automountServiceAccountToken: true,
      securityContext: restrictedPod(uid),
      // It writes what it holds in memory to its volume before it goes.
      terminationGracePeriodSeconds: 60,
      initContainers: [container({ ...config, name: "first-scrape-config", command: bring })],
      containers: [
        container({
          name: "vmagent",
          image: images.vmagent,
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
    app.statefulSet({ volume: settings, template }, { dependsOn: [configMap, service, ...account, gathered] });
    app.monitor({ port: "http" });

    this.rules = vmagentRules({ environment, settings });
    this.registerOutputs({});
  }
}
