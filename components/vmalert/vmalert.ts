import * as pulumi from "@pulumi/pulumi";
import type { Resources } from "../../settings/values";
import { Application } from "../kubernetes/application";
import { namedPort } from "../kubernetes/container";
import type { Environment } from "../kubernetes/environment";
import { imageVersion } from "../kubernetes/labels";
import type { RuleGroup } from "../rules/types";
import { httpPort } from "./arguments";
import { gatherRules, type GatherArgs } from "./gathered";
import { vmalertPod } from "./pod";
import { ruleFilesScript, scriptFile } from "./rule-files";
import { vmalertRules } from "./rules";
import { vmalertUrl } from "./url";

/** Arguments of {@link Vmalert}. */
export interface VmalertArgs {
  environment: Environment;
  images: Record<"vmalert" | "prometheus" | "prometheus-operator", string>;
  resources: Resources;
  operatorResources: Resources;
  /** Base URL of VictoriaMetrics. */
  metricsUrl: string;
  /** Base URL of the Alertmanager. */
  alertmanagerUrl: string;
  /** Interval of groups that name none (Prometheus duration). */
  evaluationInterval: string;
  /** What monitors name that its operator may read, where that gathers monitors for vmagent too: settings `metrics`. */
  readable?: GatherArgs["readable"];
}

/**
 * vmalert: evaluates the PrometheusRules of the whole cluster on VictoriaMetrics, sends alerts to the Alertmanager, and writes recorded series back.
 *
 * One replica: a second one would write every recorded series twice. It keeps no state of its own: since when an alert is pending is in
 * VictoriaMetrics.
 */
export class Vmalert extends pulumi.ComponentResource {
  /** Base URL of its API, which is Prometheus's of rules and alerts. */
  readonly url: string;
  /** Alerts on it. */
  readonly rules: RuleGroup[];

  constructor(name: string, args: VmalertArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:vmalert:Vmalert", name, args, opts);
    const { environment, images, operatorResources, readable } = args;
    const gatherer = new Application(this, {
      environment,
      name: `${name}-operator`,
      identity: { name: `${name}-operator`, version: imageVersion(images["prometheus-operator"]) },
    });
    const gathered = gatherRules(gatherer, { images, resources: operatorResources, readable });

    const app = new Application(this, { environment, name, identity: { name, version: imageVersion(images.vmalert) } });
    const configMap = app.configMap({ [scriptFile]: ruleFilesScript });
    const account = app.serviceAccount();
    app.service({ ports: [namedPort("http", httpPort)] });

    const template = vmalertPod(app, { ...args, image: images.vmalert, operator: gatherer.name });
    // Recreate: two would write every recorded series twice.
    app.deployment(
      { replicas: 1, strategy: { type: "Recreate" }, template },
      { dependsOn: [configMap, account, gathered] },
    );
    app.monitor({ port: "http" });

    this.url = vmalertUrl(environment);
    this.rules = vmalertRules(environment);
    this.registerOutputs({ url: this.url });
  }
}
