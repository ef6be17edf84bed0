import type { Settings } from "../../config/schema";

/** A file of Grafana's configuration: section → key → value. */
export type Ini = Record<string, Record<string, string | number | boolean>>;

/** Folder with the administrator's name and password, a file each. */
export const adminFolder = "/etc/grafana-admin";
/** Folder that Grafana reads dashboards from. */
export const dashboardsFolder = "/etc/grafana-dashboards";
/** Folder of Grafana's database. */
export const dataFolder = "/var/lib/grafana";
/** Port of Grafana's HTTP server. */
export const httpPort = 3000;

/** What the configuration is made of. */
export interface GrafanaConfigArgs {
  settings: Settings["grafana"];
}

/**
 * `grafana.ini`: what differs from Grafana's defaults. Paths are the image's.
 * @param args settings
 * @see https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/
 */
export function grafanaConfig({ settings: { ingress } }: GrafanaConfigArgs): Ini {
  return {
    server: { http_port: httpPort, ...(ingress && { root_url: `${ingressUrl(ingress)}/` }) },
    // Without it a reader locks out whoever writes, and the other way round.
    database: { type: "sqlite3", wal: true },
    security: {
      admin_user: `$__file{${adminFolder}/admin-user}`,
      admin_password: `$__file{${adminFolder}/admin-password}`,
      disable_gravatar: true,
      cookie_secure: ingress?.tlsSecret !== undefined,
    },
    analytics: {
      reporting_enabled: false,
      check_for_updates: false,
      check_for_plugin_updates: false,
      feedback_links_enabled: false,
    },
    news: { news_feed_enabled: false },
    snapshots: { external_enabled: false },
    // At each start Grafana 13 would fetch newer versions of the plugins that its image has: what runs is what the image has.
    plugins: { preinstall_disabled: true, preinstall_auto_update: false },
    // An index that it makes anew at each start; of no use on the volume.
    unified_storage: { index_path: "/tmp/grafana-search/bleve" },
    log: { mode: "console" },
  };
}

/**
 * Address of an ingress, without a slash at its end.
 * @param ingress the settings of it
 */
export function ingressUrl({ host, tlsSecret }: NonNullable<Settings["grafana"]["ingress"]>): string {
  return `${tlsSecret ? "https" : "http"}://${host}`;
}

/**
 * The text of an ini file.
 * @param ini its sections
 */
export function iniText(ini: Ini): string {
  return Object.entries(ini)
    .map(([section, keys]) => [`[${section}]`, ...Object.entries(keys).map(([key, value]) => `${key} = ${value}`), ""])
    .flat()
    .join("\n");
}

/**
 * The provisioning file that tells Grafana where dashboards are. It looks every 30 seconds, so a changed dashboard needs no restart.
 * @see https://grafana.com/docs/grafana/latest/administration/provisioning/#dashboards
 */
export const dashboardProviders = {
  apiVersion: 1,
  providers: [
    {
      name: "observability",
      orgId: 1,
      folder: "Observability",
      folderUid: "observability",
      type: "file",
      // What a stage no longer has goes from Grafana too.
      disableDeletion: false,
      allowUiUpdates: false,
      updateIntervalSeconds: 30,
      options: { path: dashboardsFolder },
    },
  ],
};
