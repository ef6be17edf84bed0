import { ownDataSources as names, type ExtraDataSource } from "../../settings/sections/grafana";
import { backends, type Backend } from "../../stages";

/**
 * Grafana's data sources, as its file provisioning reads them.
 * @see https://grafana.com/docs/grafana/latest/administration/provisioning/#data-sources
 */

/** A data source of the provisioning file. */
export interface DataSource {
  name: string;
  uid: string;
  type: "prometheus" | "loki" | "alertmanager";
  /** Grafana's server asks, not the browser. */
  access: "proxy";
  orgId: number;
  url: string;
  /** Grafana refuses to start with two. */
  isDefault: boolean;
  /** Not in the user interface: the next start would undo it. */
  editable: boolean;
  jsonData: Record<string, string | number | boolean>;
}

type Uid = keyof typeof names;

/** What a stage has to query. */
export interface DataSourcesArgs {
  /** Grafana's default data source; where the stage doesn't have it (no kube-prometheus-stack), Loki is. */
  default: "prometheus" | Backend;
  /** URL of Loki. */
  loki: string;
  /** URL of kube-prometheus-stack's Prometheus, where there is one. */
  prometheus?: string;
  /** URL of Mimir's Prometheus API (`…/prometheus`), where there is one. Without a Prometheus the uid `prometheus` leads to it too, so that no dashboard breaks. */
  mimir?: string;
  /** URL of VictoriaMetrics's Prometheus API, likewise. */
  "victoria-metrics"?: string;
  /** URL of Alertmanager. */
  alertmanager: string;
  /** How often targets are scraped (Prometheus duration): no panel asks for finer steps. */
  scrapeInterval: string;
}

/**
 * The data sources of a stage, exactly one of them the default.
 * @param args what there is
 */
export function dataSources(args: DataSourcesArgs): DataSource[] {
  const prometheus = (url: string, prometheusType: "Prometheus" | "Mimir") =>
    ({
      type: "prometheus",
      url,
      jsonData: {
        prometheusType,
        httpMethod: "POST",
        timeInterval: args.scrapeInterval,
        manageAlerts: true,
        alertmanagerUid: "alertmanager",
      },
    }) as const;
  const ofBackends = Object.fromEntries(
    backends.flatMap((backend) => {
      const url = args[backend];
      if (!url) return [];
      // VictoriaMetrics isn't a type that Grafana knows; its API is Prometheus's. Each an object of its own: YAML would write an alias.
      return (["prometheus", backend] as const).map((uid) => [
        uid,
        prometheus(url, backend === "mimir" ? "Mimir" : "Prometheus"),
      ]);
    }),
  );
  const stage: Partial<Record<Uid, Pick<DataSource, "type" | "url" | "jsonData">>> = {
    ...ofBackends,
    ...(args.prometheus && { prometheus: prometheus(args.prometheus, "Prometheus") }),
    loki: {
      type: "loki",
      url: args.loki,
      // Seconds. Grafana gives up after 30, Loki only after its own limit (2m by default): a day of logs takes its time on a Pi.
      jsonData: { timeout: 120, maxLines: 1000, manageAlerts: true, alertmanagerUid: "alertmanager" },
    },
    alertmanager: {
      type: "alertmanager",
      url: args.alertmanager,
      jsonData: { implementation: "prometheus", handleGrafanaManagedAlerts: false },
    },
  };
  const byDefault = stage[args.default] ? args.default : "loki";
  return Object.entries(stage).map(([uid, { type, url, jsonData }]) => ({
    name: names[uid as Uid],
    uid,
    type,
    access: "proxy",
    orgId: 1,
    url,
    isDefault: uid === byDefault,
    editable: false,
    jsonData,
  }));
}

/** A provisioning file of data sources. */
export interface DataSourceFile {
  apiVersion: 1;
  deleteDatasources?: { name: string; orgId: number }[];
  /** What the file no longer lists is deleted, as far as this file brought it. */
  prune?: true;
  datasources: (DataSource | (ExtraDataSource & Pick<DataSource, "orgId" | "isDefault" | "editable">))[];
}

/**
 * The file for a Grafana of the stack's own. It also deletes what another stage had: provisioning keeps what a file no longer lists.
 * @param dataSources the stage's
 * @param extra those of the settings; none of them is the default
 */
export function ownDataSourceFile(
  dataSources: readonly DataSource[],
  extra: readonly ExtraDataSource[] = [],
): DataSourceFile {
  const there = dataSources.map(({ name }) => name);
  return {
    apiVersion: 1,
    // Of VictoriaMetrics there is none from before: pruning takes it.
    deleteDatasources: Object.values(names)
      .filter((name) => !there.includes(name) && name !== names["victoria-metrics"])
      .map((name) => ({ name, orgId: 1 })),
    prune: true,
    datasources: [...dataSources, ...extra.map((each) => ({ ...each, orgId: 1, isDefault: false, editable: false }))],
  };
}

/**
 * The file for a Grafana that exists. Nothing is deleted there: a `Prometheus` that this stage doesn't have may be somebody else's.
 * @param dataSources the stage's
 * @param claimDefault one of them is the default; none other may be then
 */
export function sharedDataSourceFile(dataSources: readonly DataSource[], claimDefault: boolean): DataSourceFile {
  return {
    apiVersion: 1,
    datasources: dataSources.map((each) => ({ ...each, isDefault: each.isDefault && claimDefault })),
  };
}
