import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings/schema";
import { Application } from "../kubernetes/application";
import { namedPort } from "../kubernetes/container";
import type { Environment } from "../kubernetes/environment";
import { imageVersion } from "../kubernetes/labels";
import { placement } from "../kubernetes/placement";
import type { RuleGroup } from "../rules/types";
import { alloyRulesConfig } from "./metrics-config";
import { rulesPermissions } from "./metrics-permissions";
import { ruleSyncRules } from "./rule-sync-rules";
import { alloyPod, configFile, httpPort } from "./pod";

/** Arguments of {@link RuleSync}. */
export interface RuleSyncArgs {
  environment: Environment;
  settings: Omit<Settings["metrics"], "backend">;
  images: Record<"alloy", string>;
  /** Base URL of Mimir, without a path. */
  rulerUrl: string;
}

/**
 * Grafana Alloy as what keeps Mimir's ruler in step with the PrometheusRules of the whole cluster.
 *
 * A workload of its own, apart from the one that scrapes: an update makes what a stage brings before it changes or removes what it takes, so
 * rules are in Mimir before Prometheus stops evaluating them, and a new scraper runs before the old one is removed.
 */
export class RuleSync extends pulumi.ComponentResource {
  /** Alerts on it. */
  readonly rules: RuleGroup[];

  constructor(name: string, args: RuleSyncArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:alloy:RuleSync", name, args, opts);
    const { environment, settings, images, rulerUrl } = args;
    const { namespace, cluster } = environment;
    const app = new Application(this, {
      environment,
      name,
      identity: { name: "alloy-rules", version: imageVersion(images.alloy) },
    });

    const config = alloyRulesConfig({ settings, namespace, cluster, rulerUrl });
    const configMap = app.configMap({ [configFile]: config });
    const account = [app.serviceAccount(), ...app.clusterRole(rulesPermissions)];
    app.service({ clusterIP: "None", ports: [namedPort("http", httpPort)] });

    const template = alloyPod(app, {
      image: images.alloy,
      config,
      resources: settings.rulesResources,
      placement: placement(environment, [images.alloy]),
    });
    // Recreate: two would each undo what the other has not seen yet.
    app.deployment({ replicas: 1, strategy: { type: "Recreate" }, template }, { dependsOn: [configMap, ...account] });
    app.monitor({ port: "http" });

    this.rules = ruleSyncRules({ namespace, cluster });
    this.registerOutputs({});
  }
}
