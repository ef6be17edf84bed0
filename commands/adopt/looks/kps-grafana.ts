import { isMap } from "../../../engine/json";
import { isSecretKey } from "../../../settings/plain-secrets";
import { at, textAt } from "../config-values";
import type { Findings } from "../findings";
import type { Inventory } from "../inventory";
import { called, inWords } from "../objects";
import type { Values } from "../release";
import { withoutSecrets } from "../secret-values";

const runbook = "docs/adoption.md#what-its-grafana-had";

/** Sections and keys of grafana.ini that are the chart's own, or that this program sets. */
const chartsOwn =
  /^(paths|unified_storage)\.|^server\.(domain|http_port|protocol)$|^security\.admin_|^log\.mode$|^plugins\.preinstall/;

/**
 * The Grafana of a release of kube-prometheus-stack: what it had, as settings of the stack's own, which takes its place. No secret is among them.
 * @param inventory what the cluster has
 * @param given the values that were given to the release
 * @param effective the same with the chart's defaults
 * @param found receives the settings
 */
export function lookAtKpsGrafana(inventory: Inventory, given: Values, effective: Values, found: Findings): void {
  const values = at(effective, "grafana");
  const own = at(given, "grafana");
  if (!isMap<unknown>(values)) return;
  sidecar(inventory, values, found);
  if (!isMap<unknown>(own)) return;
  wayIn(own, found);
  configuration(own, found);
  plugins(own, found);
  dataSources(own, found);
  files(own, found);
}

function sidecar({ secrets }: Inventory, values: Values, found: Findings): void {
  const said = (path: string) => textAt(values, `sidecar.${path}`);
  const as = "as its sidecar looks for them";
  // The schema's defaults are the chart's: what is the same is not printed.
  const fit = (key: string, value: string | undefined, usual: string) =>
    found.fit(`grafana.${key}`, value === usual ? undefined : value, as);
  const dashboardLabel = said("dashboards.label") ?? "grafana_dashboard";
  const dataSourceLabel = said("datasources.label") ?? "grafana_datasource";
  fit("dashboardLabel", dashboardLabel, "grafana_dashboard");
  fit("dataSourceLabel", dataSourceLabel, "grafana_datasource");
  // The stack has one value for both. Where the chart has none, or two, any is taken.
  const [value, another] = ["dashboards", "datasources"].map((what) => {
    const given = at(values, `sidecar.${what}.labelValue`);
    return given === undefined ? "1" : String(given ?? "");
  });
  fit("labelValue", value === another ? value : "", "1");
  fit("sidecar.folderAnnotation", said("dashboards.folderAnnotation"), "grafana_folder");
  const where = at(values, "sidecar.dashboards.searchNamespace");
  const named = Array.isArray(where) ? where.map(String) : typeof where === "string" ? where.split(",") : [];
  if (named.length > 0 && !named.includes("ALL")) found.fit("grafana.sidecar.namespaces", named, as);
  const labelled = secrets.filter(({ metadata: { labels = {} } = {} }) =>
    [dashboardLabel, dataSourceLabel].some((label) => label in labels),
  );
  if (labelled.length > 0)
    found.fit(
      "grafana.sidecar.secrets",
      true,
      `dashboards or data sources in Secrets: ${inWords(labelled.map(called))}`,
    );
}

/** Two can't have one host, so it moves when the old Grafana goes. */
function wayIn(own: Values, found: Findings): void {
  const ask = (what: string, grafana: object) =>
    found.ask(
      `its Grafana is reached through ${what}, which the stack's own can't have at the same time`,
      `set it in the update with adopt.kps.keepGrafana: false; until then: kubectl port-forward service/grafana 3000`,
      { grafana },
    );
  const hosts = at(own, "ingress.hosts");
  const host: unknown = Array.isArray(hosts) ? hosts[0] : undefined;
  if (at(own, "ingress.enabled") === true && typeof host === "string") {
    const tls = at(own, "ingress.tls");
    const annotations = at(own, "ingress.annotations");
    const ingress = defined({
      host,
      className: textAt(own, "ingress.ingressClassName"),
      tlsSecret: Array.isArray(tls) && isMap<unknown>(tls[0]) ? textAt(tls[0], "secretName") : undefined,
      annotations: isMap<unknown>(annotations) ? withoutSecrets(annotations).kept : undefined,
    });
    ask(`the Ingress of ${host}`, { ingress });
  }
  const [parentRefs, hostnames] = [at(own, "route.main.parentRefs"), at(own, "route.main.hostnames")];
  if (at(own, "route.main.enabled") === true && Array.isArray(parentRefs) && Array.isArray(hostnames)) {
    const refs = parentRefs
      .filter(isMap<unknown>)
      .map(({ name, namespace, sectionName, port }) => defined({ name, namespace, sectionName, port }));
    ask(`an HTTPRoute of ${inWords(hostnames.map(String))}`, { route: { parentRefs: refs, hostnames } });
  }
}

/** What grafana.ini said: login and mail as settings of their own, the rest word for word. */
function configuration(own: Values, found: Findings): void {
  const ini = own["grafana.ini"];
  if (!isMap<unknown>(ini)) return;
  const rest: Record<string, Record<string, unknown>> = {};
  const withheld: string[] = [];
  for (const [section, keys] of Object.entries(ini)) {
    if (!isMap<unknown>(keys)) continue;
    const taken = sections[section]?.(keys, found) ?? [];
    for (const [key, value] of Object.entries(keys)) {
      if (taken.includes(key) || chartsOwn.test(`${section}.${key}`) || value === null) continue;
      const isPlain = ["string", "number", "boolean"].includes(typeof value) && !String(value).includes("{{");
      const hidden = isSecretKey(key) || withoutSecrets({ [key]: value }).withheld.length > 0;
      if (hidden || !isPlain || /\$(__\w+)?\{/.test(String(value))) withheld.push(`${section}.${key}`);
      else rest[section] = { ...rest[section], [key]: value };
    }
  }
  found.fit(
    "grafana.settings",
    Object.keys(rest).length > 0 ? rest : undefined,
    "the rest of its grafana.ini; check it",
  );
  if (withheld.length > 0)
    found.ask(
      `its grafana.ini has secrets or references that were left out: ${withheld.join(", ")}`,
      `put each into a Secret, name it in grafana.secretMounts, and write $__file{/etc/grafana-secrets/<Secret>/<key>} into grafana.settings: ${runbook}`,
    );
}

const isTrue = (value: unknown) => value === true || value === "true";
const list = (value: unknown) => (typeof value === "string" && value !== "" ? value.split(/[\s,]+/) : undefined);

/** Sections with settings of their own: what each gives, and which keys it has taken. */
const sections: Record<string, (keys: Values, found: Findings) => string[]> = {
  "auth.generic_oauth": (keys, found) => {
    if (!isTrue(keys.enabled)) return [];
    const oauth = defined({
      name: textAt(keys, "name"),
      clientId: plain(keys.client_id),
      authUrl: plain(keys.auth_url),
      tokenUrl: plain(keys.token_url),
      apiUrl: plain(keys.api_url),
      scopes: list(keys.scopes),
      roleAttributePath: plain(keys.role_attribute_path),
      roleAttributeStrict: given(keys.role_attribute_strict),
      allowSignUp: given(keys.allow_sign_up),
      allowedDomains: list(keys.allowed_domains),
      // The chart's Grafana has none of these unless it says so.
      usePkce: isTrue(keys.use_pkce),
      autoLogin: given(keys.auto_login),
    });
    const lacks = (["clientId", "authUrl", "tokenUrl"] as const).filter((key) => oauth[key] === undefined);
    if (lacks.length === 0) {
      found.fit("grafana.oauth", oauth, "its login; the client's secret is the given secret grafanaOauth");
      found.ask(
        "its login by OpenID Connect needs the client's secret",
        "set observability:secretValues.grafanaOauth.clientSecret (docs/first-deployment.md#3-state-and-its-passphrase), or the 1Password item secrets.onepassword.items.grafanaOauth, or secrets.existing.grafanaConfig; the provider must know the new Grafana's address, if it has another",
      );
    } else
      found.ask(
        `its login by OpenID Connect lacks ${lacks.join(", ")} in its values`,
        `write grafana.oauth: ${runbook}`,
      );
    return [
      ...["enabled", "name", "client_id", "client_secret", "auth_url", "token_url", "api_url", "scopes"],
      ...["role_attribute_path", "role_attribute_strict", "allow_sign_up", "allowed_domains", "use_pkce", "auto_login"],
    ];
  },
  "auth.anonymous": (keys, found) => {
    if (!isTrue(keys.enabled) || (keys.org_role ?? "Viewer") !== "Viewer") return [];
    found.fit("grafana.anonymous", true, "anyone may view it without a login");
    return ["enabled", "org_role"];
  },
  smtp: (keys, found) => {
    const host = plain(keys.host);
    if (!isTrue(keys.enabled) || !host || !plain(keys.from_address)) return [];
    const username = plain(keys.user);
    const policy = textAt(keys, "startTLS_policy")?.replace("StartTLS", "").toLowerCase().replace(/^no$/, "none");
    const smtp = {
      host,
      from: plain(keys.from_address),
      fromName: plain(keys.from_name),
      username,
      startTls: policy ?? "opportunistic",
    };
    found.fit("grafana.smtp", defined(smtp), "its mail server");
    if (username)
      found.ask(
        "its mail server needs the password of its login",
        "set observability:secretValues.grafanaSmtp.password (docs/first-deployment.md#3-state-and-its-passphrase), or use another way as for every given secret",
      );
    return ["enabled", "host", "from_address", "from_name", "user", "password", "startTLS_policy"];
  },
};

function plugins(own: Values, found: Findings): void {
  const listed = at(own, "plugins");
  if (!Array.isArray(listed) || listed.length === 0) return;
  // `id`, `id version`, `id@version` or `url;id`: the image's script and Grafana's own.
  const split = listed.map(String).map((text) => /^([a-z0-9-]+)[ @](\d\S*)$/.exec(text.trim()));
  const exact = split.flatMap((match) => (match ? [{ id: match[1], version: match[2] }] : []));
  found.fit("grafana.plugins", exact.length > 0 ? exact : undefined, "its plugins");
  const vague = listed.filter((_, i) => split[i] === null).map(String);
  if (vague.length > 0)
    found.ask(
      `its plugins ${inWords(vague)} have no exact version`,
      "write each as grafana.plugins with id and version: Administration → Plugins shows what is installed",
    );
}

function dataSources(own: Values, found: Findings): void {
  const inFiles = Object.values((at(own, "datasources") ?? {}) as Values).flatMap((file) =>
    isMap<unknown>(file) && Array.isArray(file.datasources) ? (file.datasources as unknown[]) : [],
  );
  const additional = at(own, "additionalDataSources");
  const listed = [...(Array.isArray(additional) ? (additional as unknown[]) : []), ...inFiles];
  const known = ["name", "uid", "type", "url", "access", "user", "database", "basicAuth", "basicAuthUser", "jsonData"];
  const taken: object[] = [];
  for (const each of listed.filter(isMap<unknown>)) {
    const name = textAt(each, "name") ?? "without a name";
    const uid =
      textAt(each, "uid") ??
      name
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, "-")
        .replace(/^-|-$/g, "");
    const isTemplate = JSON.stringify(each).includes("{{");
    if (!isTemplate) {
      const kept = Object.fromEntries(Object.entries(each).filter(([key]) => known.includes(key)));
      taken.push({ ...withoutSecrets({ ...kept, uid }).kept });
    }
    const reasons = [
      ...(isTemplate ? ["is a template of Helm's"] : []),
      ...(each.secureJsonData ? [`has secrets (${inWords(Object.keys(each.secureJsonData))})`] : []),
      ...(each.uid
        ? []
        : [`has no uid: dashboards that refer to its uid need the one that Grafana gave it, not ${uid}`]),
      ...(each.isDefault === true ? ["is the default, which the stack's own is now"] : []),
    ];
    if (reasons.length > 0)
      found.ask(
        `its data source ${name} ${reasons.join("; ")}`,
        `complete it in grafana.dataSources, secrets by grafana.secretMounts: ${runbook}`,
      );
  }
  found.fit("grafana.dataSources", taken.length > 0 ? taken : undefined, "its additional data sources");
}

/** Values of the chart's Grafana that have no counterpart as a whole. */
const ownFiles = [
  ...["alerting", "notifiers", "ldap", "env", "envValueFrom", "envRenderSecret", "envFromSecret", "envFromSecrets"],
  ...["envFromConfigMaps", "extraConfigmapMounts", "extraSecretMounts", "extraInitContainers", "extraContainers"],
];

/** What its values put into its pod: dashboards that it fetches or mounts, files and variables. */
function files(own: Values, found: Findings): void {
  const names = (path: string) =>
    Object.entries((at(own, path) ?? {}) as Record<string, unknown>).map(([name, value]) => ({ name, value }));
  const fetched = names("dashboards").flatMap(({ name: provider, value }) =>
    Object.keys((value ?? {}) as object).map((name) => `${provider}/${name}`),
  );
  if (fetched.length > 0)
    found.ask(
      `its Grafana has dashboards from its own values (grafana.dashboards), which no other Grafana gets automatically: ${inWords(fetched)}`,
      `export and import them with the option --provisioned while both run: ${runbook}`,
    );
  const mounted = names("dashboardsConfigMaps").map(({ value }) => String(value));
  if (mounted.length > 0)
    found.ask(
      `its Grafana mounts ConfigMaps with dashboards (grafana.dashboardsConfigMaps): ${inWords(mounted)}`,
      "give each the label by which the stack's sidecar finds them (grafana.dashboardLabel)",
    );
  const others = ownFiles.flatMap((key) => {
    const value = at(own, key);
    const isEmpty = !value || (typeof value === "object" && Object.keys(value).length === 0);
    // Of texts nothing is shown: they may be secrets.
    return isEmpty ? [] : [isMap(value) ? `${key} (${Object.keys(value).join(", ")})` : key];
  });
  if (others.length > 0)
    found.ask(
      `its Grafana has values for which there are no settings here, and which end with it: ${others.join(", ")}`,
      `GF_ variables can be grafana.settings, mounted Secrets grafana.secretMounts, alert rules PrometheusRules: ${runbook}`,
    );
}

/** A text that is not a reference to something else. */
const plain = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" && !/\$(__\w+)?\{|\{\{/.test(value) ? value : undefined;

const given = (value: unknown): boolean | undefined => (value === undefined ? undefined : isTrue(value));

const defined = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
