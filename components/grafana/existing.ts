import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { Settings } from "../../settings/schema";
import { Application } from "../kubernetes/application";
import type { Environment } from "../kubernetes/environment";
import { ownFolder } from "./config";
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
    const { environment, settings, dataSources, dashboards } = args;
    const app = new Application(this, { environment, name: "grafana", identity });
    // Read where the sidecar's `folderAnnotation` is set to it; no harm elsewhere.
    const annotations = { [settings.sidecar.folderAnnotation]: ownFolder };
    const provide = (name: string, label: string, data: Record<string, string>) =>
      app.configMap(data, name, { labels: { [label]: settings.labelValue }, annotations });

    // The sidecar puts all files into one folder, so no other file may have this name.
    const sources = stringify(sharedDataSourceFile(dataSources, settings.claimDefault));
    provide("grafana-datasources", settings.dataSourceLabel, { "observability-datasources.yaml": sources });
    for (const { name, file, json } of dashboardFiles(dashboards)) {
      provide(name, settings.dashboardLabel, { [file]: json });
    }

    this.registerOutputs({ access: this.access });
  }
}
