import { Deployment } from "@pulumi/kubernetes/apps/v1";
import { ConfigMap, Service, ServiceAccount } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../config/schema";
import { checksum } from "../kubernetes/checksum";
import { disruptionBudget } from "../kubernetes/disruption-budget";
import { serviceHost, type Environment } from "../kubernetes/environment";
import { imageVersion, labels, selectorLabels } from "../kubernetes/labels";
import { placement } from "../kubernetes/placement";
import { restrictedContainer, restrictedPod } from "../kubernetes/security";
import { gatewayConfig, gatewayPort } from "./gateway-config";

/** Arguments of {@link LokiGateway}. */
export interface LokiGatewayArgs {
  environment: Environment;
  settings: Settings["loki"];
  /** Reference of nginx-unprivileged. */
  image: string;
}

/** The user of the image: https://github.com/nginx/docker-nginx-unprivileged */
const uid = 101;

/** nginx before Loki: one address, whichever mode Loki runs in. */
export class LokiGateway extends pulumi.ComponentResource {
  /** Host of the Service, which listens on port 80. */
  readonly host: string;

  constructor(name: string, args: LokiGatewayArgs, opts: pulumi.ComponentResourceOptions) {
    const { environment, settings, image } = args;
    super("observability:loki:LokiGateway", name, { environment, settings: settings.gateway, image }, opts);
    this.host = serviceHost(environment, name);
    const { replicas, resources } = settings.gateway;
    const identity = { name: "loki", component: "gateway", version: imageVersion(image) };
    const selector = selectorLabels(identity);
    const metadata = { name, namespace: environment.namespace, labels: labels(identity) };
    const child = { parent: this };

    const configuration = gatewayConfig(args);
    const configMap = new ConfigMap(name, { metadata, data: { "nginx.conf": configuration } }, child);

    const account = new ServiceAccount(name, { metadata, automountServiceAccountToken: false }, child);
    const probe = { httpGet: { path: "/", port: "http" }, periodSeconds: 10, timeoutSeconds: 5 };
    new Deployment(
      name,
      {
        metadata,
        spec: {
          replicas,
          selector: { matchLabels: selector },
          template: {
            metadata: { labels: metadata.labels, annotations: { "checksum/config": checksum(configuration) } },
            spec: {
              ...placement(environment, [image], replicas > 1 ? identity : undefined),
              serviceAccountName: name,
              automountServiceAccountToken: false,
              enableServiceLinks: false,
              securityContext: restrictedPod(uid),
              terminationGracePeriodSeconds: 30,
              containers: [
                {
                  name: "nginx",
                  image,
                  imagePullPolicy: "IfNotPresent",
                  ports: [{ name: "http", containerPort: gatewayPort }],
                  livenessProbe: { ...probe, failureThreshold: 6 },
                  readinessProbe: probe,
                  resources,
                  securityContext: restrictedContainer,
                  volumeMounts: [
                    // In place of the image's whole folder: none of its own configuration is read.
                    { name: "config", mountPath: "/etc/nginx", readOnly: true },
                    { name: "tmp", mountPath: "/tmp" },
                  ],
                },
              ],
              volumes: [
                { name: "config", configMap: { name } },
                { name: "tmp", emptyDir: {} },
              ],
            },
          },
        },
      },
      { ...child, dependsOn: [configMap, account] },
    );
    new Service(name, { metadata, spec: { selector, ports: [{ name: "http", port: 80, targetPort: "http" }] } }, child);
    disruptionBudget(name, { environment, identity, replicas }, child);
    this.registerOutputs({ host: this.host });
  }
}
