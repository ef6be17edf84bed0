import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { Settings } from "../../settings/schema";
import { grafanaAddress, grafanaSecretFiles, grafanaSecrets } from "../../settings/sections/grafana";
import { Application } from "../kubernetes/application";
import { checksum } from "../kubernetes/checksum";
import { namedPort } from "../kubernetes/container";
import type { Environment } from "../kubernetes/environment";
import { expose } from "../kubernetes/exposure";
import { imageVersion } from "../kubernetes/labels";
import type { Secrets } from "../secrets/secrets";
import type { SecretRef } from "../secrets/types";
import { dashboardProviders, grafanaConfig, httpPort, iniText } from "./config";
import type { Dashboard } from "./dashboard";
import { dashboardFiles } from "./dashboard-files";
import { ownDataSourceFile, type DataSource } from "./data-sources";
import { installPlugins } from "./plugins";
import { grafanaPod } from "./pod";
import { sidecarPermissions, sidecars } from "./sidecar";

/** Arguments of {@link Grafana}. */
export interface GrafanaArgs {
  environment: Environment;
  settings: Settings["grafana"];
  /** The adopted release of kube-prometheus-stack, whose own Grafana may be kept beside this one. */
  adopt?: Settings["adopt"]["kps"];
  images: Record<"grafana" | "k8s-sidecar", string>;
  dataSources: DataSource[];
  dashboards: Dashboard[];
  secrets: Pick<Secrets, "mount" | "generate" | "given">;
}

/** The stack's own Grafana: one replica, its database on a volume, its data sources and dashboards from ConfigMaps. */
export class Grafana extends pulumi.ComponentResource {
  /** How to open it. */
  readonly access: string;

  constructor(name: string, args: GrafanaArgs, opts: pulumi.ComponentResourceOptions) {
    const { environment, settings, adopt, images, dataSources, dashboards, secrets } = args;
    super("observability:grafana:Grafana", name, { environment, settings, images, dataSources, dashboards }, opts);
    // With a component: while a Grafana inside kube-prometheus-stack is kept beside this one, the Service must not select its pods.
    const identity = { name: "grafana", component: "server", version: imageVersion(images.grafana) };
    const app = new Application(this, { environment, name: "grafana", identity });

    const config = {
      "grafana.ini": iniText(grafanaConfig({ settings })),
      "dashboards.yaml": stringify(dashboardProviders(settings)),
    };
    const sources = { "datasources.yaml": stringify(ownDataSourceFile(dataSources, settings.dataSources)) };
    const files = dashboardFiles(dashboards);
    app.configMap(config);
    app.configMap(sources, "grafana-datasources");
    for (const { name, file, json } of files) app.configMap({ [file]: json }, name);
    const admin = secrets.mount("grafanaAdmin", () => ({
      "admin-user": "admin",
      "admin-password": secrets.generate("grafana-admin", { length: 32, username: "admin" }),
    }));
    const configSecrets = mountedSecrets(secrets, settings);
    const account = [
      app.serviceAccount(),
      ...(settings.sidecar.enabled ? sidecarPermissions(app, settings.sidecar, environment.namespace) : []),
    ];
    app.service({ ports: [namedPort("http", httpPort)] });
    expose(app, { port: { name: "http", number: httpPort }, ingress: settings.ingress, route: settings.route });

    const annotations = {
      // Not the dashboards: Grafana looks for changed ones itself.
      "checksum/config": checksum(JSON.stringify([config, sources])),
      "checksum/grafana-admin": admin.version,
      ...(configSecrets && { "checksum/grafana-config": configSecrets.version }),
    };
    const { resources } = settings;
    const template = grafanaPod(app, {
      ...{ image: images.grafana, resources, annotations, admin, configSecrets, dashboards: files },
      before: installPlugins(settings.plugins),
      secretMounts: settings.secretMounts,
      sidecars: settings.sidecar.enabled
        ? sidecars({ image: images["k8s-sidecar"], namespace: environment.namespace, settings, adopt })
        : undefined,
    });
    app.statefulSet({ volume: settings, template }, { dependsOn: account });
    app.monitor({ port: "http" });

    this.access = access(environment, settings, admin);
    this.registerOutputs({ access: this.access });
  }
}

/** The Secret with what grafana.ini names; undefined where it names nothing. */
function mountedSecrets(
  secrets: Pick<Secrets, "mount" | "given">,
  settings: Settings["grafana"],
): SecretRef | undefined {
  const read = grafanaSecrets(settings).map((secret) => ({ secret, ...grafanaSecretFiles[secret] }));
  if (read.length === 0) return undefined;
  const data = () =>
    Object.fromEntries(read.map(({ key, secret, field }) => [key, secrets.given(secret, field as never)]));
  return secrets.mount(
    "grafanaConfig",
    data,
    read.map(({ key }) => key),
  );
}

/** How a person opens it: the address, and the commands that show the password. */
function access({ namespace }: Environment, settings: Settings["grafana"], admin: SecretRef): string {
  const address =
    grafanaAddress(settings) ??
    `kubectl -n ${namespace} port-forward service/grafana ${httpPort}, then http://localhost:${httpPort}`;
  const key = admin.keys["admin-password"].replaceAll(".", "\\.");
  const password = `kubectl -n ${namespace} get secret ${admin.name} -o jsonpath='{.data.${key}}' | base64 -d`;
  return `${address}; user and password are in the Secret ${admin.name}: ${password}`;
}
