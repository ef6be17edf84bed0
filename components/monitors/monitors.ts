import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../kubernetes/environment";
import { labels } from "../kubernetes/labels";
import { scrapeConfig } from "./scrape-config";
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
      const identity = { name: "monitors", component: target.name };
      scrapeConfig(target, { namespace, labels: labels(identity) }, { parent: this });
    }

    this.registerOutputs();
  }
}
