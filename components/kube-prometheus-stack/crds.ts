// Not from helm/v3, which loads a hundred modules more for Chart.
import { Release } from "@pulumi/kubernetes/helm/v3/release";
import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../kubernetes/environment";
import { repository } from "./chart";

/** Arguments of {@link PrometheusOperatorCrds}. */
export interface PrometheusOperatorCrdsArgs {
  environment: Environment;
  /** Version of the chart `prometheus-operator-crds`. */
  chartVersion: string;
  /** The CRDs exist without Helm ownership, from another chart's `crds/` folder, and are taken over. */
  takeOwnership: boolean;
}

/**
 * The Prometheus operator's CRDs, apart from the operator, so that its removal never removes a ServiceMonitor.
 * Always protected: removing this release deletes every CRD, and with them every ServiceMonitor of everybody.
 */
export class PrometheusOperatorCrds extends pulumi.ComponentResource {
  constructor(name: string, args: PrometheusOperatorCrdsArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:kube-prometheus-stack:PrometheusOperatorCrds", name, args, opts);

    new Release(
      name,
      {
        name,
        namespace: args.environment.namespace,
        chart: "prometheus-operator-crds",
        version: args.chartVersion,
        repositoryOpts: { repo: repository },
        takeOwnership: args.takeOwnership,
      },
      { parent: this, protect: true },
    );

    this.registerOutputs();
  }
}
