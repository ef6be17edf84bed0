// Not from helm/v3, which loads a hundred modules more for Chart.
import { Release } from "@pulumi/kubernetes/helm/v3/release";
import * as pulumi from "@pulumi/pulumi";
import type { Retainable } from "../../settings/sections/removal";
import type { ChartSource } from "../../settings/values";
import type { Environment } from "../kubernetes/environment";
import { kept } from "../kubernetes/keep";
import { chartArgs } from "./chart-source";

/** Arguments of {@link PrometheusOperatorCrds}. */
export interface PrometheusOperatorCrdsArgs {
  environment: Environment;
  /** Version of the chart `prometheus-operator-crds`. */
  chartVersion: string;
  /** Where that chart comes from; default: upstream's repository. */
  chart?: ChartSource;
  /** The CRDs exist without Helm ownership, from another chart's `crds/` folder, and are taken over. */
  takeOwnership: boolean;
  /** `namespace/name` of a release of that chart that exists and is taken over. */
  release?: string;
  /** What stays when Pulumi forgets it; default: nothing, everything is protected. */
  retain?: readonly Retainable[];
}

/**
 * The Prometheus operator's CRDs, apart from the operator, so that its removal never removes a ServiceMonitor.
 * Protected, or retained: removing this release deletes every CRD, and with them every ServiceMonitor of everybody.
 */
export class PrometheusOperatorCrds extends pulumi.ComponentResource {
  constructor(name: string, args: PrometheusOperatorCrdsArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:kube-prometheus-stack:PrometheusOperatorCrds", name, args, opts);

    const [namespace, releaseName] = args.release?.split("/") ?? [args.environment.namespace, name];

    new Release(
      name,
      {
        name: releaseName,
        namespace,
        ...chartArgs("prometheus-operator-crds", args.chartVersion, args.chart),
        takeOwnership: args.takeOwnership,
      },
      { parent: this, ...kept("crds", args.retain), import: args.release },
    );

    this.registerOutputs();
  }
}
