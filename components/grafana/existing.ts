import { ConfigMap } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { Settings } from "../../config/schema";
import type { Environment } from "../kubernetes/environment";
import { labels } from "../kubernetes/labels";
import { dashboardProviders } from "./config";
import type { Dashboard } from "./dashboard";
import { dashboardFiles } from "./dashboard-files";
import { sharedDataSourceFile, type DataSource } from "./data-sources";

/** Arguments of {@link ExistingGrafana}. */
export interface ExistingGrafanaArgs {
  environment: Environment;
  settings: Settings["grafana"];
  dataSources: DataSource[];
  dashboards: Dashboard[];
}

const identity = { name: "grafana", component: "provisioning" };

/**
 * What a Grafana that exists is to show: ConfigMaps that its sidecar finds by their labels.
 * @see https://github.com/grafana-community/helm-charts/tree/main/charts/grafana#sidecar-for-dashboards
 */
export class ExistingGrafana extends pulumi.ComponentResource {
  /** How to open it. */
  readonly access = "the Grafana that exists, once its sidecar has found the ConfigMaps";

  constructor(name: string, args: ExistingGrafanaArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:grafana:ExistingGrafana", name, args, opts);
    const { settings, dataSources, dashboards } = args;
    const file = sharedDataSourceFile(dataSources, settings.claimDefault);
    // The sidecar puts all files into one folder, so the name must be nobody else's.
    this.#provide(args, "grafana-datasources", settings.dataSourceLabel, {
      "observability-datasources.yaml": stringify(file),
    });
    for (const { name, file, json } of dashboardFiles(dashboards)) {
      this.#provide(args, name, settings.dashboardLabel, { [file]: json });
    }
    this.registerOutputs({ access: this.access });
  }

  #provide({ environment }: ExistingGrafanaArgs, name: string, label: string, data: Record<string, string>): void {
    new ConfigMap(
      name,
      {
        metadata: {
          name,
          namespace: environment.namespace,
          labels: { ...labels(identity), [label]: "1" },
          // Read where the sidecar's `folderAnnotation` is set to it; no harm elsewhere.
          annotations: { grafana_folder: dashboardProviders.providers[0].folder },
        },
        data,
      },
      { parent: this },
    );
  }
}
