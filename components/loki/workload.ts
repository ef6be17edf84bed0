import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings/schema";
import { Application } from "../kubernetes/application";
import { namedPort } from "../kubernetes/container";
import type { Environment } from "../kubernetes/environment";
import { imageVersion } from "../kubernetes/labels";
import { httpPort, lokiPod, type LokiPodArgs } from "./pod";
import { headlessService, ports } from "./topology";

/** Arguments of {@link LokiWorkload}. */
export interface LokiWorkloadArgs extends LokiPodArgs {
  environment: Environment;
  /** Size and class of the volumes. */
  settings: Pick<Settings["loki"], "storage" | "storageClass">;
}

// Writers are replaced one after the other, each when the one before is ready again: more of them may take longer than Pulumi's ten minutes.
const patience = { create: "20m", update: "20m" };

/** Equal processes of Loki with their Services: a StatefulSet where each has a volume, else a Deployment. */
export class LokiWorkload extends pulumi.ComponentResource {
  constructor(name: string, args: LokiWorkloadArgs, opts: pulumi.ComponentResourceOptions) {
    const { environment, settings, workload } = args;
    super("observability:loki:LokiWorkload", name, { environment, settings, workload }, opts);
    const { component, replicas, left = replicas, persistent } = workload;
    const identity = { name: "loki", component, version: imageVersion(args.image) };
    const app = new Application(this, { environment, name, identity });

    const headless = headlessService(workload);
    const grpc = namedPort("grpc", ports.grpc);
    const services = [app.service({ ports: [namedPort(httpPort, ports.http), grpc] })];
    if (workload.headless) services.push(app.service({ clusterIP: "None", ports: [grpc] }, headless));

    const template = lokiPod(app, args);
    const options = { dependsOn: services, customTimeouts: patience };
    if (persistent) app.statefulSet({ serviceName: headless, replicas: left, volume: settings, template }, options);
    else app.deployment({ replicas, template }, options);
    app.disruptionBudget(replicas);

    this.registerOutputs();
  }
}
