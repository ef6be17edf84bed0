import { StatefulSet } from "@pulumi/kubernetes/apps/v1";
import { ConfigMap, Service, ServiceAccount } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { Settings } from "../../config/schema";
import { checksum } from "../kubernetes/checksum";
import { serviceHost, type Environment } from "../kubernetes/environment";
import { imageVersion, labels, selectorLabels } from "../kubernetes/labels";
import { placement } from "../kubernetes/placement";
import { restrictedContainer, restrictedPod } from "../kubernetes/security";
import { serviceMonitor } from "../kubernetes/service-monitor";
import { retainVolumes, volumeClaim } from "../kubernetes/storage";
import type { RuleGroup } from "../rules/types";
import type { Secrets } from "../secrets/secrets";
import { alertmanagerConfig } from "./config";
import { receiverSecrets } from "./receiver-secrets";
import { alertmanagerRules } from "./rules";
import type { AlertReceiver, AlertTarget } from "./types";

/** Arguments of {@link Alertmanager}. */
export interface AlertmanagerArgs {
  environment: Environment;
  settings: Settings["alertmanager"];
  images: { alertmanager: string };
  secrets: Secrets;
}

const identity = { name: "alertmanager" };
const config = { directory: "/etc/alertmanager/config", file: "alertmanager.yaml" };
const port = { name: "http", number: 9093 };
const uid = 65534; // nobody, as in the upstream image

/**
 * The stack's one Alertmanager, unless Mimir's is chosen: in every stage, told by whoever evaluates rules.
 *
 * One replica: Prometheus and Mimir's ruler send again until it answers, and its silences and notification log are on a volume.
 */
export class Alertmanager extends pulumi.ComponentResource implements AlertReceiver {
  readonly url: string;
  readonly target: AlertTarget;
  readonly rules: RuleGroup[];

  constructor(name: string, args: AlertmanagerArgs, opts: pulumi.ComponentResourceOptions) {
    const { environment, settings, images, secrets } = args;
    super("observability:alertmanager:Alertmanager", name, { environment, settings, images }, opts);
    this.url = `http://${serviceHost(environment, identity.name)}:${port.number}`;
    this.target = { namespace: environment.namespace, service: identity.name, port: port.name };
    this.rules = alertmanagerRules(environment);

    const metadata = {
      name: identity.name,
      namespace: environment.namespace,
      labels: labels({ ...identity, version: imageVersion(images.alertmanager) }),
    };
    const child = { parent: this };

    const configuration = stringify(alertmanagerConfig(settings));
    const configMap = new ConfigMap(identity.name, { metadata, data: { [config.file]: configuration } }, child);

    const credentials = receiverSecrets(secrets, settings);

    const account = new ServiceAccount(identity.name, { metadata, automountServiceAccountToken: false }, child);
    const data = { name: "data", mountPath: "/alertmanager" };
    const probe = (path: string) => ({ httpGet: { path, port: port.name }, periodSeconds: 10, timeoutSeconds: 5 });
    new StatefulSet(
      identity.name,
      {
        metadata,
        spec: {
          serviceName: identity.name,
          replicas: 1,
          // OrderedReady never replaces a pod that can't become ready, not even by its fix.
          podManagementPolicy: "Parallel",
          selector: { matchLabels: selectorLabels(identity) },
          persistentVolumeClaimRetentionPolicy: retainVolumes,
          volumeClaimTemplates: [
            volumeClaim(environment, { name: data.name, size: settings.storage, storageClass: settings.storageClass }),
          ],
          template: {
            metadata: {
              labels: metadata.labels,
              annotations: {
                "checksum/config": checksum(configuration),
                ...credentials?.annotations,
              },
            },
            spec: {
              ...placement(environment, [images.alertmanager]),
              serviceAccountName: identity.name,
              automountServiceAccountToken: false,
              securityContext: restrictedPod(uid),
              terminationGracePeriodSeconds: 60, // writes silences and notification log on its way out
              containers: [
                {
                  name: identity.name,
                  image: images.alertmanager,
                  imagePullPolicy: "IfNotPresent",
                  args: [
                    `--config.file=${config.directory}/${config.file}`,
                    `--storage.path=${data.mountPath}`,
                    `--web.listen-address=:${port.number}`,
                    `--web.external-url=${settings.externalUrl ?? this.url}`,
                    // By default the external URL's path becomes a prefix of the API, and nobody in the cluster finds it.
                    "--web.route-prefix=/",
                    "--cluster.listen-address=", // no peers
                    "--enable-feature=receiver-name-in-metrics", // tells a heartbeat that fails from a webhook that fails
                  ],
                  ports: [{ name: port.name, containerPort: port.number }],
                  livenessProbe: { ...probe("/-/healthy"), failureThreshold: 6 },
                  readinessProbe: probe("/-/ready"),
                  resources: settings.resources,
                  securityContext: restrictedContainer,
                  volumeMounts: [
                    data,
                    { name: "config", mountPath: config.directory, readOnly: true },
                    ...(credentials ? [credentials.volumeMount] : []),
                  ],
                },
              ],
              volumes: [
                { name: "config", configMap: { name: identity.name } },
                ...(credentials ? [credentials.volume] : []),
              ],
            },
          },
        },
      },
      { ...child, dependsOn: [configMap, account] },
    );

    new Service(
      identity.name,
      {
        metadata,
        spec: {
          selector: selectorLabels(identity),
          ports: [{ name: port.name, port: port.number, targetPort: port.name }],
        },
      },
      child,
    );
    serviceMonitor(
      identity.name,
      {
        namespace: environment.namespace,
        labels: metadata.labels,
        selector: selectorLabels(identity),
        endpoints: [{ port: port.name }],
      },
      child,
    );
    this.registerOutputs({ url: this.url });
  }
}
