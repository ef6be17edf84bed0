import { Deployment } from "@pulumi/kubernetes/apps/v1";
import { ConfigMap, Service } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../config/schema";
import { account } from "../kubernetes/account";
import type { Environment } from "../kubernetes/environment";
import { imageVersion, labels, selectorLabels } from "../kubernetes/labels";
import { placement } from "../kubernetes/placement";
import { serviceMonitor } from "../kubernetes/service-monitor";
import type { RuleGroup } from "../rules/types";
import { alloyRulesConfig } from "./metrics-config";
import { rulesPermissions } from "./metrics-permissions";
import { ruleSyncRules } from "./rule-sync-rules";
import { alloyPod, httpPort } from "./pod";

/** Arguments of {@link RuleSync}. */
export interface RuleSyncArgs {
  environment: Environment;
  settings: Settings["metrics"];
  images: Record<"alloy", string>;
  /** Base URL of Mimir, without a path. */
  rulerUrl: string;
}

const identity = { name: "alloy-rules" };

/**
 * Grafana Alloy as what keeps Mimir's ruler in step with the PrometheusRules of the whole cluster.
 *
 * A workload of its own, apart from the one that scrapes: an update makes what a stage brings before it changes or removes what it takes, so
 * rules are in Mimir before Prometheus evaluates them no more, and of two that scrape the new one is there before the old one goes.
 */
export class RuleSync extends pulumi.ComponentResource {
  /** Alerts on it. */
  readonly rules: RuleGroup[];

  constructor(name: string, args: RuleSyncArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:alloy:RuleSync", name, args, opts);
    const { environment, settings, images, rulerUrl } = args;
    const { namespace, cluster } = environment;
    const version = imageVersion(images.alloy);
    const metadata = { name, namespace, labels: labels({ ...identity, version }) };
    const selector = selectorLabels(identity);
    const child = { parent: this };

    const config = alloyRulesConfig({ settings, namespace, cluster, rulerUrl });
    const configMap = new ConfigMap(name, { metadata, data: { "config.alloy": config } }, child);
    const rights = account(name, { ...identity, version }, environment, rulesPermissions, child);
    new Deployment(
      name,
      {
        metadata,
        spec: {
          replicas: 1,
          // Two would each undo what the other has not seen yet.
          strategy: { type: "Recreate" },
          selector: { matchLabels: selector },
          template: alloyPod({
            identity: { ...identity, version },
            image: images.alloy,
            serviceAccount: name,
            configMap: name,
            config,
            resources: settings.rulesResources,
            placement: placement(environment, [images.alloy]),
          }),
        },
      },
      { ...child, dependsOn: [configMap, ...rights] },
    );

    const http = { name: "http", port: httpPort, targetPort: "http" };
    new Service(name, { metadata, spec: { clusterIP: "None", selector, ports: [http] } }, child);
    serviceMonitor(name, { namespace, labels: metadata.labels, selector, endpoints: [{ port: http.name }] }, child);

    this.rules = ruleSyncRules({ namespace, cluster });
    this.registerOutputs({});
  }
}
