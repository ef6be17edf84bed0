import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings/schema";
import type { Environment } from "../kubernetes/environment";
import { kubeStateMetrics } from "./kube-state-metrics";
import { nodeExporter } from "./node-exporter";

/** Arguments of {@link Exporters}. */
export interface ExportersArgs {
  environment: Environment;
  settings: Settings["exporters"];
  /** References of the images. */
  images: Record<"node-exporter" | "kube-state-metrics", string>;
  /**
   * A kube-prometheus-stack that is taken over. While it keeps its own exporters these wait, both: host port 9100 can be had only
   * once, and two kube-state-metrics count everything twice.
   */
  adopt?: Settings["adopt"]["kps"];
}

/** What exports the nodes' metrics and those of the cluster's objects, and their ServiceMonitors, whose CRD must exist (`dependsOn`). */
export class Exporters extends pulumi.ComponentResource {
  constructor(name: string, args: ExportersArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:exporters:Exporters", name, args, opts);
    const { environment, settings, images } = args;

    if (!args.adopt?.keepExporters) {
      if (settings.nodeExporter.enabled) {
        nodeExporter(this, { environment, settings: settings.nodeExporter, image: images["node-exporter"] });
      }
      if (settings.kubeStateMetrics.enabled) {
        const image = images["kube-state-metrics"];
        kubeStateMetrics(this, { environment, settings: settings.kubeStateMetrics, image });
      }
    }

    this.registerOutputs();
  }
}
