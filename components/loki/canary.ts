import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../kubernetes/environment";
import { Application } from "../kubernetes/application";
import { container } from "../kubernetes/container";
import { imageVersion } from "../kubernetes/labels";
import { everyNode } from "../kubernetes/placement";
import { restrictedPod } from "../kubernetes/security";

/** Arguments of {@link LokiCanary}. */
export interface LokiCanaryArgs {
  environment: Environment;
  /** Reference of loki-canary. */
  image: string;
  /** Host and port of Loki's gateway. */
  gateway: string;
}

const port = { name: "http-metrics", number: 3500 };
const uid = 10001; // the image names no user, and would run as root

/**
 * On every node a program that writes a line a second and reads it back, both by the gateway, and counts what it misses.
 *
 * Its lines don't pass the collector, so they have no label `cluster`. Which node they are from is in a label of their own, `canary`: any
 * label that the collector sets too would make the canary read back what the collector collects from the canary's own log.
 *
 * @see https://grafana.com/docs/loki/v3.6.x/operations/loki-canary/
 */
export class LokiCanary extends pulumi.ComponentResource {
  constructor(name: string, args: LokiCanaryArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:loki:LokiCanary", name, args, opts);
    const { environment, image, gateway } = args;
    const app = new Application(this, { environment, name, identity: { name, version: imageVersion(image) } });

    const account = app.serviceAccount();
    app.service({ clusterIP: "None", ports: [{ name: port.name, port: port.number }] });
    app.daemonSet(canaryPod(app, image, gateway), { dependsOn: [account] });
    app.monitor({ port: port.name });

    this.registerOutputs();
  }
}

function canaryPod(app: Application, image: string, gateway: string): types.input.core.v1.PodTemplateSpec {
  return app.pod({
    ...everyNode([image]),
    enableServiceLinks: false,
    securityContext: restrictedPod(uid),
    terminationGracePeriodSeconds: 30,
    containers: [
      container({
        name: app.name,
        image,
        args: [
          `-addr=${gateway}`,
          "-push=true",
          "-labelname=app",
          `-labelvalue=${app.name}`,
          "-streamname=canary",
          "-streamvalue=$(NODE_NAME)",
        ],
        env: [{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
        ports: [{ name: port.name, containerPort: port.number }],
        // Not whether Loki answers: the canary must stay up to count that it doesn't.
        readinessProbe: { httpGet: { path: "/metrics", port: port.name }, timeoutSeconds: 5 },
        resources: { requests: { cpu: "10m", memory: "48Mi" }, limits: { memory: "128Mi" } },
      }),
    ],
  });
}
