import { z } from "zod";
import {
  bytes,
  hostPort,
  httpUrl,
  labelKey,
  labelValue,
  namespaceName,
  nonEmptyText,
  objectName,
  resources,
} from "../values";
import { addressOf, httpRoute, ingress } from "./exposure";

/** Folder with the Secrets of `grafana.secretMounts`, each a folder of its name. */
export const secretMountsFolder = "/etc/grafana-secrets";

/** How Grafana is told to read a file of these Secrets. */
export const fileOfSecret = `$__file{${secretMountsFolder}/<Secret>/<key>}`;

/**
 * Uid → name of every data source that a stage can have. A uid never changes: dashboards and links have it. Neither does a name:
 * Grafana finds what it provisioned before by name, and refuses a second one of the same uid.
 */
export const ownDataSources = {
  prometheus: "Prometheus",
  mimir: "Mimir",
  "victoria-metrics": "VictoriaMetrics",
  loki: "Loki",
  alertmanager: "Alertmanager",
} as const;

/** Dashboards and data sources that other applications bring. */
const sidecar = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe(
        "shows other applications' dashboards and data sources in labelled ConfigMaps, as kube-prometheus-stack's Grafana does",
      ),
    namespaces: z
      .array(namespaceName)
      .min(1)
      .optional()
      .meta({ allowed: "a list of namespaces, at least one", example: ["monitoring", "shop"] })
      .describe("where they are looked for, besides the stack's own namespace; default: in all namespaces"),
    secrets: z
      .boolean()
      .default(false)
      .describe("looks into labelled Secrets too; without `namespaces` it may then read every Secret of the cluster"),
    folderAnnotation: labelKey
      .default("grafana_folder")
      .describe("annotation of a ConfigMap that names the folder of its dashboards"),
    resources: resources({ cpu: "10m", memory: "96Mi", memoryLimit: "192Mi" }),
  })
  .prefault({})
  .describe("other applications' dashboards and data sources in labelled ConfigMaps");

const groups = z
  .array(nonEmptyText)
  .min(1)
  .meta({ allowed: "a list of groups, at least one", example: ["admins"] });

/** Login by an identity provider. */
const oauth = z
  .strictObject({
    name: nonEmptyText.default("OAuth").describe("what the button says: Sign in with …"),
    clientId: nonEmptyText.describe("the client's id; its secret is the given secret `grafanaOauth`"),
    authUrl: httpUrl.describe("where people log in: `authorization_endpoint` of the provider's discovery document"),
    tokenUrl: httpUrl.describe("`token_endpoint`; queried by Grafana"),
    apiUrl: httpUrl.optional().describe("`userinfo_endpoint`; queried by Grafana"),
    scopes: z
      .array(nonEmptyText)
      .default(["openid", "profile", "email"])
      .meta({ allowed: "a list of scopes", example: ["openid", "profile", "email", "groups"] })
      .describe("scopes that Grafana requests; with many providers, `groups` returns the groups"),
    roles: z
      .strictObject({
        claim: z
          .string()
          .regex(/^[A-Za-z_][\w.]*$/)
          .meta({ allowed: "the name of a claim: letters, digits, '_' and '.'", example: "groups" })
          .default("groups")
          .describe("claim with a person's groups"),
        admin: groups.optional().describe("their members are administrators"),
        editor: groups.optional().describe("their members may change dashboards"),
        others: z
          .enum(["Viewer", "None"])
          .default("Viewer")
          .describe("role of everyone else, including people without such a claim; None: they log in and see nothing"),
      })
      .optional()
      .describe("roles by group; if neither this nor roleAttributePath is set, everyone may view"),
    roleAttributePath: nonEmptyText
      .meta({ example: "contains(roles[*], 'ops') && 'Admin' || 'Viewer'" })
      .optional()
      .describe("your own JMESPath instead of `roles`"),
    roleAttributeStrict: z
      .boolean()
      .default(false)
      .describe("refuses people without a role; with `roles`: people without such a claim"),
    allowSignUp: z.boolean().default(true).describe("creates a user at the first login"),
    allowedDomains: z
      .array(nonEmptyText)
      .optional()
      .meta({ allowed: "a list of domains", example: ["example.org"] })
      .describe("only addresses of these domains; default: any"),
    usePkce: z.boolean().default(true).describe("PKCE; false for a provider that does not know it"),
    autoLogin: z.boolean().default(false).describe("skips Grafana's own login page"),
  })
  .optional()
  .describe("login through an OpenID Connect provider, in addition to the administrator (given secret `grafanaOauth`)");

/** Mail. */
const smtp = z
  .strictObject({
    host: hostPort.meta({ example: "smtp.example.org:587" }).describe("the mail server"),
    from: z
      .string()
      .regex(/^[^\s@,<>"]+@[^\s@,<>"]+$/)
      .meta({ allowed: "name@host", example: "grafana@example.org" })
      .describe("whose mail it is"),
    fromName: nonEmptyText.default("Grafana").describe("the sender's name"),
    username: nonEmptyText.optional().describe("user name of its login (given secret `grafanaSmtp`); none: no login"),
    startTls: z
      .enum(["opportunistic", "mandatory", "none"])
      .default("mandatory")
      .describe("whether a server without TLS is accepted"),
  })
  .optional()
  .describe("sends Grafana's own mail: invitations, its own alerts");

const plugin = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
    .meta({ allowed: "lower-case letters, digits and '-'", example: "grafana-clock-panel" })
    .describe("its name in Grafana's catalogue"),
  version: z
    .string()
    .regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/)
    .meta({ allowed: "an exact version", example: "2.1.8" })
    .describe("exact version"),
  url: httpUrl
    .optional()
    .describe("address of its archive (zip), for example on your own server; default: Grafana's catalogue"),
});

const plain = z.union([z.string(), z.number(), z.boolean()]).meta({ allowed: "text, a number, true or false" });

const dataSource = z.strictObject({
  name: nonEmptyText.describe("its name; don't change it, because Grafana finds the data source by it"),
  uid: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,40}$/)
    .meta({ allowed: "at most 40 letters, digits, '-' and '_'", example: "postgres" })
    .describe("what dashboards name"),
  type: nonEmptyText.meta({ example: "tempo" }).describe("its plugin, such as tempo, influxdb, postgres"),
  url: nonEmptyText.meta({ example: "http://tempo.tracing:3200" }).optional().describe("its address"),
  access: z
    .enum(["proxy", "direct"])
    .default("proxy")
    .describe("who queries it: Grafana (proxy), or the browser (direct)"),
  user: nonEmptyText.optional().describe("user of a database"),
  database: nonEmptyText.optional().describe("a database's name"),
  basicAuth: z.boolean().optional().describe("HTTP basic authentication"),
  basicAuthUser: nonEmptyText.optional().describe("its user"),
  jsonData: z
    .record(z.string(), z.json())
    .default({})
    .meta({ allowed: "an object", example: { timeInterval: "30s" } })
    .describe("the plugin's settings; write `$$` for a `$` in a text"),
  secureJsonData: z
    .record(
      z.string(),
      z
        .string()
        .regex(/^\$__file\{[^{}]+\}$/)
        .meta({ allowed: fileOfSecret, example: `$__file{${secretMountsFolder}/tempo/password}` }),
    )
    .optional()
    .describe("its secrets, each read from a file of `secretMounts`"),
});

/** A data source of one's own, as the settings give it. */
export type ExtraDataSource = z.output<typeof dataSource>;

/** Grafana: the stack's own, or one that exists. */
export const grafana = z
  .strictObject({
    create: z
      .boolean()
      .default(true)
      .describe(
        "false: uses an existing Grafana, through ConfigMaps that its sidecar reads (labels `grafana_datasource`, `grafana_dashboard`)",
      ),
    dashboardLabel: labelKey
      .default("grafana_dashboard")
      .describe(
        "label of ConfigMaps with dashboards: those of other applications, and the stack's for an existing Grafana",
      ),
    dataSourceLabel: labelKey.default("grafana_datasource").describe("the same for data sources"),
    labelValue: labelValue.default("1").describe('value of these labels; `""`: the sidecar takes any value'),
    claimDefault: z
      .boolean()
      .default(false)
      .describe(
        "with create: false: the stack's default data source becomes Grafana's; first switch off the existing default (kube-prometheus-stack: `grafana.sidecar.datasources.isDefaultDatasource: false`), because Grafana does not start with two",
      ),
    sidecar,
    ingress: ingress.describe("how people reach Grafana; with neither this nor `route`: `kubectl port-forward`"),
    route: httpRoute.describe("how people reach Grafana, through the Gateway API: an HTTPRoute"),
    oauth,
    anonymous: z.boolean().default(false).describe("anyone who reaches it may view everything, without a login"),
    smtp,
    plugins: z
      .array(plugin)
      .default([])
      .meta({ allowed: "a list of plugins, each with id and version" })
      .describe("plugins to install on its volume, each once; without internet access each needs a `url`"),
    dataSources: z
      .array(dataSource)
      .default([])
      .meta({ allowed: "a list of data sources" })
      .describe("data sources in addition to the stack's own"),
    secretMounts: z
      .array(objectName)
      .default([])
      .meta({ allowed: "a list of Secrets in the stack's namespace", example: ["tempo"] })
      .describe(`Secrets whose keys Grafana reads as files: \`${fileOfSecret}\` in \`dataSources\` and \`settings\``),
    settings: z
      .record(nonEmptyText, z.record(nonEmptyText, plain))
      .default({})
      .meta({
        allowed: "an object: section → key → value",
        example: { users: { default_theme: "light" }, "auth.generic_oauth": { tls_skip_verify_insecure: true } },
      })
      .describe("everything else for grafana.ini; no secrets: refer to a file"),
    storage: bytes.default("2Gi").describe("size of the volume for Grafana's database and plugins, in bytes"),
    storageClass: objectName.optional().describe("storage class of that volume; default: cluster.storageClass"),
    resources: resources({ cpu: "50m", memory: "192Mi", memoryLimit: "512Mi" }),
  })
  .prefault({});

/** The settings of Grafana, as the program has them. */
type Grafana = z.output<typeof grafana>;

/** The given secrets that grafana.ini names, each with its field, and the key of the Secret `grafana-config` that is its file. */
export const grafanaSecretFiles = {
  grafanaOauth: { key: "oauth-client-secret", field: "clientSecret" },
  grafanaSmtp: { key: "smtp-password", field: "password" },
} as const;

/**
 * Which of them Grafana reads.
 * @param settings of Grafana
 */
export function grafanaSecrets({
  create,
  oauth,
  smtp,
}: Pick<Grafana, "create" | "oauth" | "smtp">): (keyof typeof grafanaSecretFiles)[] {
  return create
    ? [...(oauth ? ["grafanaOauth" as const] : []), ...(smtp?.username ? ["grafanaSmtp" as const] : [])]
    : [];
}

/**
 * The address at which people reach Grafana, without a slash at its end.
 * @param settings of Grafana
 * @returns undefined where it is reached by `kubectl port-forward` alone
 */
export const grafanaAddress = ({ ingress, route }: Pick<Grafana, "ingress" | "route">) => addressOf({ ingress, route });
