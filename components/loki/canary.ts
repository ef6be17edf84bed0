import { DaemonSet } from "@pulumi/kubernetes/apps/v1";
import { Service, ServiceAccount } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import type { Environment } from "../kubernetes/environment";
import { imageVersion, labels, selectorLabels } from "../kubernetes/labels";
import { everyNode } from "../kubernetes/placement";
import { restrictedContainer, restrictedPod } from "../kubernetes/security";
import { serviceMonitor } from "../kubernetes/service-monitor";

/** Arguments of {@link LokiCanary}. */
export interface LokiCanaryArgs {
  environment: Environment;
  /** Reference of loki-canary. */
  image: string;
  /** Host and port of Loki's gateway. */
  gateway: string;
}

const port = 3500;
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
    const identity = { name, version: imageVersion(image) };
    const selector = selectorLabels(identity);
    const metadata = { name, namespace: environment.namespace, labels: labels(identity) };
    const child = { parent: this };

    const account = new ServiceAccount(name, { metadata, automountServiceAccountToken: false }, child);
    new DaemonSet(
      name,
      {
        metadata,
        spec: {
          selector: { matchLabels: selector },
          template: {
            metadata: { labels: metadata.labels },
            spec: {
              ...everyNode([image]),
              serviceAccountName: name,
              automountServiceAccountToken: false,
              enableServiceLinks: false,
              securityContext: restrictedPod(uid),
              terminationGracePeriodSeconds: 30,
              containers: [
                {
                  name,
                  image,
                  imagePullPolicy: "IfNotPresent",
                  args: [
                    `-addr=${gateway}`,
                    "-push=true",
                    "-labelname=app",
                    `-labelvalue=${name}`,
                    "-streamname=canary",
                    "-streamvalue=$(NODE_NAME)",
                  ],
                  env: [{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
                  ports: [{ name: "http-metrics", containerPort: port }],
                  // Not whether Loki answers: the canary must stay up to count that it doesn't.
                  readinessProbe: { httpGet: { path: "/metrics", port: "http-metrics" }, timeoutSeconds: 5 },
                  resources: { requests: { cpu: "10m", memory: "48Mi" }, limits: { memory: "128Mi" } },
                  securityContext: restrictedContainer,
                },
              ],
            },
          },
        },
      },
      { ...child, dependsOn: [account] },
    );
    new Service(
      name,
      { metadata, spec: { clusterIP: "None", selector, ports: [{ name: "http-metrics", port }] } },
      child,
    );
    serviceMonitor(
      name,
      {
        namespace: environment.namespace,
        labels: metadata.labels,
        selector,
        endpoints: [{ port: "http-metrics" }],
      },
      child,
    );
    this.registerOutputs();
  }
}
