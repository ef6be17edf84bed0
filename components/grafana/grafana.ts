import { StatefulSet } from "@pulumi/kubernetes/apps/v1";
import { ConfigMap, Service, ServiceAccount } from "@pulumi/kubernetes/core/v1";
import { Ingress } from "@pulumi/kubernetes/networking/v1";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { Settings } from "../../config/schema";
import { checksum } from "../kubernetes/checksum";
import type { Environment } from "../kubernetes/environment";
import { imageVersion, labels, selectorLabels } from "../kubernetes/labels";
import { placement } from "../kubernetes/placement";
import { restrictedPod } from "../kubernetes/security";
import { serviceMonitor } from "../kubernetes/service-monitor";
import { retainVolumes, volumeClaim } from "../kubernetes/storage";
import type { Secrets } from "../secrets/secrets";
import { dashboardProviders, grafanaConfig, httpPort, iniText, ingressUrl } from "./config";
import { grafanaContainers, grafanaUser, grafanaVolumes } from "./containers";
import type { Dashboard } from "./dashboard";
import { dashboardFiles } from "./dashboard-files";
import { ownDataSourceFile, type DataSource } from "./data-sources";

/** Arguments of {@link Grafana}. */
export interface GrafanaArgs {
  environment: Environment;
  settings: Settings["grafana"];
  images: Record<"grafana", string>;
  dataSources: DataSource[];
  dashboards: Dashboard[];
  secrets: Pick<Secrets, "mount" | "generate">;
}

// With a component: while a Grafana inside kube-prometheus-stack is kept beside this one, the Service must not select its pods.
const identity = { name: "grafana", component: "server" };

/** The stack's own Grafana: one replica, its database on a volume, its data sources and dashboards from ConfigMaps. */
export class Grafana extends pulumi.ComponentResource {
  /** How to open it. */
  readonly access: string;

  constructor(name: string, args: GrafanaArgs, opts: pulumi.ComponentResourceOptions) {
    const { environment, settings, images, dataSources, dashboards, secrets } = args;
    super("observability:grafana:Grafana", name, { environment, settings, images, dataSources, dashboards }, opts);
    const { namespace } = environment;
    const child = { parent: this };
    const version = imageVersion(images.grafana);
    const metadata = { name: "grafana", namespace, labels: labels({ ...identity, version }) };
    const configMap = (name: string, data: Record<string, string>) =>
      new ConfigMap(name, { metadata: { ...metadata, name }, data }, child);

    const config = {
      "grafana.ini": iniText(grafanaConfig({ settings })),
      "dashboards.yaml": stringify(dashboardProviders),
    };
    const sources = { "datasources.yaml": stringify(ownDataSourceFile(dataSources)) };
    const files = dashboardFiles(dashboards);
    configMap("grafana", config);
    configMap("grafana-datasources", sources);
    for (const { name, file, json } of files) configMap(name, { [file]: json });

    const admin = secrets.mount("grafanaAdmin", () => ({
      "admin-user": "admin",
      "admin-password": secrets.generate("grafana-admin", { length: 32, username: "admin" }),
    }));

    new ServiceAccount("grafana", { metadata, automountServiceAccountToken: false }, child);
    new StatefulSet(
      "grafana",
      {
        metadata,
        spec: {
          serviceName: "grafana",
          replicas: 1,
          // OrderedReady never replaces a pod that can't become ready, not even by its fix.
          podManagementPolicy: "Parallel",
          selector: { matchLabels: selectorLabels(identity) },
          persistentVolumeClaimRetentionPolicy: retainVolumes,
          volumeClaimTemplates: [
            volumeClaim(environment, { name: "data", size: settings.storage, storageClass: settings.storageClass }),
          ],
          template: {
            metadata: {
              labels: metadata.labels,
              annotations: {
                // Not the dashboards: Grafana looks for changed ones itself.
                "checksum/config": checksum(JSON.stringify([config, sources])),
                "checksum/grafana-admin": admin.version,
              },
            },
            spec: {
              ...placement(environment, [images.grafana]),
              serviceAccountName: "grafana",
              automountServiceAccountToken: false,
              securityContext: restrictedPod(grafanaUser),
              terminationGracePeriodSeconds: 30,
              ...grafanaContainers({ image: images.grafana, resources: settings.resources }),
              volumes: grafanaVolumes({ admin, dashboards: files }),
            },
          },
        },
      },
      child,
    );

    new Service(
      "grafana",
      {
        metadata,
        spec: {
          selector: selectorLabels(identity),
          ports: [{ name: "http", port: httpPort, targetPort: "http" }],
        },
      },
      child,
    );
    if (settings.ingress) this.#ingress(metadata, settings.ingress);

    serviceMonitor(
      "grafana",
      {
        namespace,
        labels: metadata.labels,
        selector: selectorLabels(identity),
        endpoints: [{ port: "http" }],
      },
      child,
    );

    const way = settings.ingress
      ? ingressUrl(settings.ingress)
      : `kubectl -n ${namespace} port-forward service/grafana ${httpPort}, then http://localhost:${httpPort}`;
    const password = `kubectl -n ${namespace} get secret ${admin.name} -o jsonpath='{.data.${admin.keys["admin-password"].replaceAll(".", "\\.")}}' | base64 -d`;
    this.access = `${way}; user and password are in the Secret ${admin.name}: ${password}`;
    this.registerOutputs({ access: this.access });
  }

  #ingress(
    metadata: { name: string; namespace: string; labels: Record<string, string> },
    { host, className, tlsSecret, annotations }: NonNullable<Settings["grafana"]["ingress"]>,
  ): void {
    const backend = { service: { name: "grafana", port: { name: "http" } } };
    new Ingress(
      "grafana",
      {
        // Many a controller at home never reports an address, for which Pulumi would wait ten minutes and then fail.
        metadata: { ...metadata, annotations: { ...annotations, "pulumi.com/skipAwait": "true" } },
        spec: {
          ingressClassName: className,
          rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
          ...(tlsSecret && { tls: [{ hosts: [host], secretName: tlsSecret }] }),
        },
      },
      { parent: this },
    );
  }
}
