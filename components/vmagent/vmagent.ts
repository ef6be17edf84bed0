import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings/schema";
import { targetPermissions } from "../alloy/metrics-permissions";
import { Application } from "../kubernetes/application";
import { namedPort } from "../kubernetes/container";
import type { Environment } from "../kubernetes/environment";
import { imageVersion } from "../kubernetes/labels";
import type { RuleGroup } from "../rules/types";
import { withoutPods } from "../vmalert/gathered";
import { httpPort, relabelFile, relabelRules } from "./arguments";
import { vmagentPod } from "./pod";
import { vmagentRules } from "./rules";
import { gatheredSpec, scrapeConfigScript, scriptFile, type ScrapeArgs } from "./scrape-config";

/** Arguments of {@link Vmagent}. */
export interface VmagentArgs extends Pick<ScrapeArgs, "scrapeInterval"> {
  environment: Environment;
  settings: Pick<Settings["metrics"], "storage" | "storageClass" | "mimirOutage" | "resources">;
  images: Record<"vmagent" | "prometheus", string>;
  operatorResources: Settings["kps"]["operatorResources"];
  /** Where samples are pushed to. */
  pushUrl: string;
}

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

    const template = vmagentPod(app, { image: images.vmagent, settings, pushUrl, scrapeInterval });
    app.statefulSet({ volume: settings, template }, { dependsOn: [configMap, service, ...account, gathered] });
    app.monitor({ port: "http" });

    this.rules = vmagentRules({ environment, settings });
    this.registerOutputs({});
  }
}
