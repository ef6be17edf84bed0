import type { Settings } from "../../settings/schema";
import { grafanaAddress, grafanaSecretFiles } from "../../settings/sections/grafana";

/** A file of Grafana's configuration: section → key → value. */
export type Ini = Record<string, Record<string, string | number | boolean>>;

/** Folder with the administrator's name and password, a file each. */
export const adminFolder = "/etc/grafana-admin";
/** Folder with the secrets that the configuration names, a file each. */
export const configSecretsFolder = "/etc/grafana-config";
/** Folder that Grafana reads the stack's dashboards from. */
export const dashboardsFolder = "/etc/grafana-dashboards";
/**
 * Folder that Grafana reads other applications' dashboards from. It is that of Grafana's chart: annotations with absolute paths in it
 * (`/tmp/dashboards/Storage`) are common.
 */
export const sidecarDashboardsFolder = "/tmp/dashboards";
/** Folder of Grafana's database. */
export const dataFolder = "/var/lib/grafana";
/** Port of Grafana's HTTP server. */
export const httpPort = 3000;

/** What the configuration is made of. */
export interface GrafanaConfigArgs {
  settings: Settings["grafana"];
}

/**
 * `grafana.ini`: what differs from Grafana's defaults, then what the settings say, which counts. Paths are the image's.
 * @param args settings
 * @see https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/
 */
export function grafanaConfig({ settings }: GrafanaConfigArgs): Ini {
  const address = grafanaAddress(settings);
  const ini: Ini = {
    server: { http_port: httpPort, ...(address && { root_url: `${address}/` }) },
    // Without it a reader locks out whoever writes, and the other way round.
    database: { type: "sqlite3", wal: true },
    security: {
      admin_user: `$__file{${adminFolder}/admin-user}`,
      admin_password: `$__file{${adminFolder}/admin-password}`,
      disable_gravatar: true,
      cookie_secure: address?.startsWith("https:") ?? false,
    },
    ...(settings.oauth && { "auth.generic_oauth": oauthConfig(settings.oauth) }),
    // Of whom the provider says no group at all.
    ...(settings.oauth?.roles && { users: { auto_assign_org_role: settings.oauth.roles.others } }),
    ...(settings.anonymous && { "auth.anonymous": { enabled: true, org_role: "Viewer", hide_version: true } }),
    ...(settings.smtp && { smtp: smtpConfig(settings.smtp) }),
    analytics: {
      reporting_enabled: false,
      check_for_updates: false,
      check_for_plugin_updates: false,
      feedback_links_enabled: false,
    },
    news: { news_feed_enabled: false },
    snapshots: { external_enabled: false },
    // At each start Grafana 13 would fetch newer versions of the plugins that its image has: what runs is what the image has, and
    // `grafana.plugins`, which an init container installs: this key would turn off Grafana's own lists of plugins too (setting_plugins.go).
    plugins: { preinstall_disabled: true, preinstall_auto_update: false },
    // An index that is rebuilt at each start, so it needs no place on the volume.
    unified_storage: { index_path: "/tmp/grafana-search/bleve" },
    log: { mode: "console" },
  };
  const sections = [...new Set([...Object.keys(ini), ...Object.keys(settings.settings)])];
  return Object.fromEntries(sections.map((name) => [name, { ...ini[name], ...settings.settings[name] }]));
}

type OAuth = NonNullable<Settings["grafana"]["oauth"]>;

/** @see https://grafana.com/docs/grafana/latest/setup-grafana/configure-access/configure-authentication/generic-oauth/ */
function oauthConfig(oauth: OAuth): Ini[string] {
  const rolePath = oauth.roleAttributePath ?? (oauth.roles ? rolesPath(oauth.roles) : undefined);
  return {
    enabled: true,
    name: oauth.name,
    client_id: oauth.clientId,
    client_secret: secretFile("grafanaOauth"),
    scopes: oauth.scopes.join(" "),
    auth_url: oauth.authUrl,
    token_url: oauth.tokenUrl,
    ...(oauth.apiUrl && { api_url: oauth.apiUrl }),
    ...(rolePath && { role_attribute_path: rolePath }),
    role_attribute_strict: oauth.roleAttributeStrict,
    // Without a path no role is changed: roles that an administrator gave in Grafana stay.
    skip_org_role_sync: rolePath === undefined,
    allow_sign_up: oauth.allowSignUp,
    ...(oauth.allowedDomains && { allowed_domains: oauth.allowedDomains.join(" ") }),
    use_pkce: oauth.usePkce,
    use_refresh_token: true,
    auto_login: oauth.autoLogin,
  };
}

/**
 * Roles by group, as the JMESPath that Grafana evaluates over a person's claims: first those of the ID token, then UserInfo's, until one gives a
 * role. So what has no groups gives none; whom nothing gives one gets `users.auto_assign_org_role`.
 * @see https://github.com/grafana/grafana/blob/main/pkg/login/social/connectors/generic_oauth.go (UserInfo)
 */
function rolesPath({ claim, admin = [], editor = [], others }: NonNullable<OAuth["roles"]>): string {
  // A list, also of one text or of nothing, of which `contains` would be an error.
  const given = `[${claim}][]`;
  const member = (group: string) => `contains(${given}, ${quoted(group)})`;
  const role = (name: string, groups: readonly string[]) =>
    groups.length === 0
      ? []
      : [`${groups.length > 1 ? `(${groups.map(member).join(" || ")})` : member(groups[0])} && '${name}'`];
  return `${given} && (${[...role("Admin", admin), ...role("Editor", editor), `'${others}'`].join(" || ")})`;
}

/** A raw string of JMESPath: https://jmespath.org/specification.html#raw-string-literals */
const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

const startTls = {
  opportunistic: "OpportunisticStartTLS",
  mandatory: "MandatoryStartTLS",
  none: "NoStartTLS",
} as const;

function smtpConfig(smtp: NonNullable<Settings["grafana"]["smtp"]>): Ini[string] {
  return {
    enabled: true,
    host: smtp.host,
    from_address: smtp.from,
    from_name: smtp.fromName,
    ...(smtp.username && { user: smtp.username, password: secretFile("grafanaSmtp") }),
    startTLS_policy: startTls[smtp.startTls],
  };
}

/** How the configuration names a given secret: by its file. */
const secretFile = (secret: keyof typeof grafanaSecretFiles): string =>
  `$__file{${configSecretsFolder}/${grafanaSecretFiles[secret].key}}`;

/**
 * The text of an ini file.
 * @param ini its sections
 */
export function iniText(ini: Ini): string {
  return Object.entries(ini)
    .map(([section, keys]) => [
      `[${section}]`,
      ...Object.entries(keys).map(([key, value]) => `${key} = ${iniValue(value)}`),
      "",
    ])
    .flat()
    .join("\n");
}

/**
 * A value as Grafana's reader takes it: `#` and `;` would begin a comment, quotes around it would go, a `\` at its end would join two lines.
 * @see https://github.com/go-ini/ini/blob/main/parser.go (readValue)
 */
function iniValue(value: string | number | boolean): string {
  const text = String(value);
  if (!/[#;`]|^["'\s]|["'\s\\]$/.test(text)) return text;
  return text.includes("`") ? `"""${text}"""` : `\`${text}\``;
}

const provider = { orgId: 1, type: "file", allowUiUpdates: false, updateIntervalSeconds: 30 };

/** The folder of the stack's own dashboards. */
export const ownFolder = "Observability";

/**
 * The provisioning file that says where Grafana finds dashboards. It looks every 30 seconds, so a changed dashboard needs no restart.
 * @param settings whether other applications' dashboards are shown
 * @see https://grafana.com/docs/grafana/latest/administration/provisioning/#dashboards
 */
export const dashboardProviders = ({ sidecar }: Pick<Settings["grafana"], "sidecar">) => ({
  apiVersion: 1,
  providers: [
    {
      name: "observability",
      folder: ownFolder,
      folderUid: "observability",
      ...provider,
      // What a stage no longer has goes from Grafana too.
      disableDeletion: false,
      options: { path: dashboardsFolder },
    },
    ...(sidecar.enabled
      ? [
          {
            name: "applications",
            ...provider,
            disableDeletion: false,
            options: { path: sidecarDashboardsFolder, foldersFromFilesStructure: true },
          },
        ]
      : []),
  ],
});
