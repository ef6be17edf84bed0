import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../kubernetes/environment";
import { labels } from "../kubernetes/labels";
import { scrapeConfigSpec } from "./scrape-config";
import { baseTargets, type BaseTargetsArgs } from "./targets";

/** Arguments of {@link BaseMonitors}. */
export interface BaseMonitorsArgs extends BaseTargetsArgs {
  environment: Environment;
}

/** Scrapes the cluster itself: a ScrapeConfig for each of the base targets. Their CRD must exist before (`dependsOn`). */
export class BaseMonitors extends pulumi.ComponentResource {
  constructor(name: string, args: BaseMonitorsArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:monitors:BaseMonitors", name, args, opts);
    const { namespace } = args.environment;

    for (const target of baseTargets(args)) {
      new CustomResource(
        target.name,
        {
          apiVersion: "monitoring.coreos.com/v1alpha1",
          kind: "ScrapeConfig",
          metadata: { name: target.name, namespace, labels: labels({ name: "monitors", component: target.name }) },
          spec: scrapeConfigSpec(target),
        },
        { parent: this },
      );
    }

    this.registerOutputs();
  }
}
