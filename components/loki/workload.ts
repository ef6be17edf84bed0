import { Deployment, StatefulSet } from "@pulumi/kubernetes/apps/v1";
import { Service } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../config/schema";
import { disruptionBudget } from "../kubernetes/disruption-budget";
import { imageVersion, labels, selectorLabels } from "../kubernetes/labels";
import { retainVolumes, volumeClaim } from "../kubernetes/storage";
import { dataVolume, lokiPod, type LokiPodArgs } from "./pod";
import { headlessService, ports } from "./topology";

/** Arguments of {@link LokiWorkload}. */
export interface LokiWorkloadArgs extends Omit<LokiPodArgs, "identity"> {
  /** Size and class of the volumes. */
  settings: Pick<Settings["loki"], "storage" | "storageClass">;
}

const grpcPort = { name: "grpc", port: ports.grpc, targetPort: "grpc" };

// Writers are replaced one after the other, each when the one before is ready again: more of them may take longer than Pulumi's ten minutes.
const patience = { create: "20m", update: "20m" };

/** Equal processes of Loki with their Services: a StatefulSet where each has a volume, else a Deployment. */
export class LokiWorkload extends pulumi.ComponentResource {
  constructor(name: string, args: LokiWorkloadArgs, opts: pulumi.ComponentResourceOptions) {
    const { environment, settings, workload } = args;
    super("observability:loki:LokiWorkload", name, { environment, settings, workload }, opts);
    const { replicas, persistent } = workload;
    const identity = { name: "loki", component: workload.component, version: imageVersion(args.image) };
    const selector = selectorLabels(identity);
    const metadata = { name, namespace: environment.namespace, labels: labels(identity) };
    const child = { parent: this };

    const services = [
      new Service(
        name,
        {
          metadata,
          spec: { selector, ports: [{ name: "http-metrics", port: ports.http, targetPort: "http-metrics" }, grpcPort] },
        },
        child,
      ),
    ];
    const headless = headlessService(workload);
    if (persistent) {
      services.push(
        new Service(
          headless,
          { metadata: { ...metadata, name: headless }, spec: { clusterIP: "None", selector, ports: [grpcPort] } },
          child,
        ),
      );
    }

    const template = lokiPod({ ...args, identity });
    const running = { ...child, dependsOn: services, customTimeouts: patience };
    if (persistent) {
      new StatefulSet(
        name,
        {
          metadata,
          spec: {
            serviceName: headless,
            replicas,
            // OrderedReady never replaces a pod that can't become ready, not even by its fix; and writers need one another to be ready.
            podManagementPolicy: "Parallel",
            selector: { matchLabels: selector },
            persistentVolumeClaimRetentionPolicy: retainVolumes,
            volumeClaimTemplates: [
              volumeClaim(environment, {
                name: dataVolume,
                size: settings.storage,
                storageClass: settings.storageClass,
              }),
            ],
            template,
          },
        },
        running,
      );
    } else {
      new Deployment(name, { metadata, spec: { replicas, selector: { matchLabels: selector }, template } }, running);
    }
    disruptionBudget(name, { environment, identity, replicas }, child);
    this.registerOutputs();
  }
}
