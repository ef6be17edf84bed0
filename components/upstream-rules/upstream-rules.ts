// Not from helm/v3, which loads a hundred modules more for Chart.
import { Release } from "@pulumi/kubernetes/helm/v3/release";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings/schema";
import { upstreamRelease } from "../../settings/release-values";
import type { Environment } from "../kubernetes/environment";
import { chartArgs } from "../kube-prometheus-stack/chart-source";
import { upstreamValues, type UpstreamArgs } from "./values";

/** Arguments of {@link UpstreamRules}. */
export interface UpstreamRulesArgs extends UpstreamArgs {
  environment: Environment;
  /** Version of the chart, and where it comes from: those of kube-prometheus-stack. */
  chart: Pick<Settings["kps"], "chart" | "chartVersion">;
}

/**
 * Upstream's rules and dashboards, in every stage: a release of the chart kube-prometheus-stack that installs nothing else. Apart from
 * the release with operator and Prometheus, so that they outlive it. It has no data, so it is not protected.
 */
export class UpstreamRules extends pulumi.ComponentResource {
  constructor(name: string, args: UpstreamRulesArgs, opts: pulumi.ComponentResourceOptions) {
    const { environment, chart } = args;
    super("observability:upstream-rules:UpstreamRules", name, args, opts);

    new Release(
      name,
      {
        name: upstreamRelease,
        namespace: environment.namespace,
        ...chartArgs("kube-prometheus-stack", chart.chartVersion, chart.chart),
        values: upstreamValues(args),
      },
      { parent: this },
    );

    this.registerOutputs();
  }
}
