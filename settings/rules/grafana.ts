import { isSecretKey } from "../plain-secrets";
import { formatPath, type Problem } from "../problem";
import type { ParsedSettings } from "../schema";
import { addressOf } from "../sections/exposure";
import { fileOfSecret, ownDataSources, secretMountsFolder } from "../sections/grafana";
import { textsIn } from "../texts";
import type { Rule } from "./rule";

type Grafana = ParsedSettings["grafana"];

/**
 * Keys that are secret in Grafana although their names don't say so, or not to `isSecretKey`: what Grafana hides of its own settings, what its
 * defaults.ini calls a connection, and headers of requests.
 * @see https://github.com/grafana/grafana/blob/main/pkg/setting/setting.go (RedactedValue)
 * @see https://github.com/grafana/grafana/blob/main/conf/defaults.ini
 */
const secretKeys = [
  /(secret|(account|access|encryption|write)_key|provider_config|db_pass|license_text)$/i,
  /^(connstr|.*connection_string|.*dsn)$/i,
  /^(authorization|proxy-authorization|cookie|.*-(api-?)?(key|token)|httpHeaderValue\d+)$/i,
];

/** Keys of grafana.ini whose text is an address that has the password in any form. */
const secretIniKeys = new Set(["database.url", "unified_storage.db_url"]);

/** Texts that stand for a secret: https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/#variable-expansion */
const reference = /^\$__(file|vault)\{[^{}]+\}$/;

/** Texts that are secret whatever their key: a password in an address, in a connection of MySQL or in its parameters; a header's credentials. */
const secretTexts = [
  /:\/\/[^/\s:@]*:[^/\s@]+@/,
  /^[^\s:@/]+:[^\s@]+@(tcp|unix)\(/,
  /[?&,;\s](password|passwd|(\w+_)?token|api_?key|secret)=[^\s&,;$]/i,
  /^(Bearer|Basic) +[^\s$]/i,
];

/** Whether a text would be a secret in plain text, by its key or by itself. */
const isPlainSecret = (key: string, text: string): boolean =>
  text !== "" &&
  !reference.test(text) &&
  (isSecretKey(key) || secretKeys.some((known) => known.test(key)) || secretTexts.some((form) => form.test(text)));

/** Keys that the program sets, each with the setting to use instead. */
const ownIniKeys: readonly [key: RegExp, instead: string][] = [
  [/^paths\./, "nothing: the pod's volumes are mounted there"],
  [/^server\.(http_port|protocol|http_addr|socket)$/, "nothing: Service and probes use them"],
  [/^security\.admin_(user|password)$/, "secrets.existing.grafanaAdmin, or nothing: the password is generated"],
  [/^plugins\.preinstall/, "grafana.plugins"],
];

/** What only the stack's own Grafana can have. */
const ofOwn = [
  "ingress",
  "route",
  "oauth",
  "anonymous",
  "smtp",
  "plugins",
  "dataSources",
  "secretMounts",
  "settings",
] as const;

const isSet = (value: unknown): boolean =>
  typeof value === "object" && value !== null ? Object.keys(value).length > 0 : Boolean(value);

/** Names and uids of the stack's own data sources, in any stage. Grafana's database may ignore case. */
const taken = [
  ...new Set(
    Object.entries(ownDataSources)
      .flat()
      .map((each) => each.toLowerCase()),
  ),
];

const secretInClear = (key: string, name: string): Problem => ({
  key,
  what: `would have the secret ${name} in plain text, in a ConfigMap, in previews and in Pulumi's state`,
  allowed: `$__file{${secretMountsFolder}/<Secret>/<key>} of a Secret in grafana.secretMounts; for oauth and smtp: a given secret`,
});

/** Rules of Grafana. */
export const grafanaRules: readonly Rule[] = [
  {
    must: "an existing Grafana is not configured here",
    check: ({ grafana }) =>
      grafana.create
        ? []
        : ofOwn
            .filter((key) => isSet(grafana[key]))
            .map((key) => ({
              key: `grafana.${key}`,
              what: "is not used: grafana.create is false, and this program doesn't configure an existing Grafana",
              allowed: "nothing, or grafana.create: true",
            })),
  },
  {
    must: "grafana.settings has no secrets",
    check: ({ grafana }) =>
      iniEntries(grafana).flatMap(({ section, key, value, path }) => {
        if (typeof value === "boolean") return [];
        const [name, text] = [`${section}.${key}`, String(value)];
        const isAddress = secretIniKeys.has(name) && text !== "" && !reference.test(text);
        return isAddress || isPlainSecret(key, text) ? [secretInClear(path, name)] : [];
      }),
  },
  {
    must: "grafana.dataSources has no secrets but in secureJsonData",
    check: ({ grafana: { dataSources } }) =>
      dataSources.flatMap(({ secureJsonData: _, ...source }, i) =>
        textsIn(source, ["grafana", "dataSources", i])
          .filter(({ path, text }) => isPlainSecret(String(path.at(-1)), text))
          .map(({ path }) => ({
            ...secretInClear(formatPath(path), path.slice(3).join(".")),
            allowed: `grafana.dataSources[${i}].secureJsonData, with ${fileOfSecret}`,
          })),
      ),
  },
  {
    must: "grafana.settings doesn't set what the program sets",
    check: ({ grafana }) =>
      iniEntries(grafana).flatMap(({ section, key, path }) =>
        ownIniKeys
          .filter(([own]) => own.test(`${section}.${key}`))
          .map(([, instead]) => ({ key: path, what: "is set by this program", allowed: instead })),
      ),
  },
  {
    must: "grafana.settings fits into grafana.ini",
    check: ({ grafana }) =>
      iniEntries(grafana)
        .filter(
          ({ section, key, value }) =>
            /[\]\r\n]/.test(section) || !/^[\w.-]+$/.test(key) || /[\r\n]/.test(String(value)),
        )
        .map(({ path }) => ({
          key: path,
          what: "can't be written into grafana.ini",
          allowed: "a section without ], a key of letters, digits, '_', '.' and '-', a value in one line",
        })),
  },
  {
    must: "a file that Grafana reads belongs to a Secret that it mounts",
    check: ({ grafana }) => {
      const texts = [
        ...iniEntries(grafana).map(({ value, path }) => ({ path, text: String(value) })),
        ...grafana.dataSources.flatMap(({ secureJsonData = {} }, i) =>
          Object.entries(secureJsonData).map(([key, text]) => ({
            path: formatPath(["grafana", "dataSources", i, "secureJsonData", key]),
            text,
          })),
        ),
      ];
      return texts.flatMap(({ path, text }) => {
        const [, secret] = new RegExp(`\\$__file\\{${secretMountsFolder}/([^/}]+)`).exec(text) ?? [];
        return secret === undefined || grafana.secretMounts.includes(secret)
          ? []
          : [
              {
                key: path,
                what: `names a file of the Secret "${secret}", which Grafana doesn't mount`,
                allowed: `grafana.secretMounts with "${secret}" in it${grafana.secretMounts.length > 0 ? `, or one of ${grafana.secretMounts.join(", ")}` : ""}`,
              },
            ];
      });
    },
  },
  {
    must: "every data source has a unique name and uid",
    check: ({ grafana: { dataSources } }) =>
      (["name", "uid"] as const).flatMap((field) =>
        dataSources.flatMap((source, i) => {
          const value = source[field].toLowerCase();
          const earlier = dataSources.slice(0, i).some((other) => other[field].toLowerCase() === value);
          if (!earlier && !taken.includes(value)) return [];
          return [
            {
              key: `grafana.dataSources[${i}].${field}`,
              what: `"${source[field]}" is ${earlier ? "used twice" : "that of one of the stack's data sources"}`,
              allowed: `another one; these are taken: ${taken.join(", ")}`,
            },
          ];
        }),
      ),
  },
  {
    must: "each plugin is listed once",
    check: ({ grafana: { plugins } }) =>
      plugins.flatMap(({ id }, i) =>
        plugins.findIndex((other) => other.id === id) === i
          ? []
          : [
              {
                key: `grafana.plugins[${i}].id`,
                what: `"${id}" is there twice`,
                allowed: "one version of each plugin",
              },
            ],
      ),
  },
  {
    must: "roles come from one place",
    check: ({ grafana: { oauth } }) =>
      oauth?.roles && oauth.roleAttributePath
        ? [
            {
              key: "grafana.oauth.roleAttributePath",
              what: "contradicts grafana.oauth.roles: both assign roles",
              allowed: "one of the two",
            },
          ]
        : [],
  },
  {
    must: "Alertmanager is only exposed if it is this program's own workload",
    check: ({ alertmanager, adopt }) => {
      if (alertmanager.implementation === "prometheus" && !adopt.alertmanagerUrl) return [];
      const why = adopt.alertmanagerUrl ? "adopt.alertmanagerUrl uses an existing one" : "Alertmanager is inside Mimir";
      return (["ingress", "httpRoute"] as const)
        .filter((key) => alertmanager[key])
        .map((key) => ({
          key: `alertmanager.${key}`,
          what: `leads nowhere: ${why}`,
          allowed: "nothing, or the stack's own Alertmanager (implementation: prometheus)",
        }));
    },
  },
  {
    must: "links in mail and logins lead back to Grafana",
    check: ({ grafana }) =>
      grafana.oauth?.autoLogin && !addressOf(grafana) && !grafana.settings.server?.root_url
        ? [
            {
              key: "grafana.oauth.autoLogin",
              what: "sends everyone to the provider, which can't lead back: Grafana has no address",
              allowed: "grafana.ingress, grafana.route, or grafana.settings.server.root_url; or false",
            },
          ]
        : [],
  },
];

function iniEntries({ settings }: Grafana) {
  return Object.entries(settings).flatMap(([section, keys]) =>
    Object.entries(keys).map(([key, value]) => ({
      section,
      key,
      value,
      path: formatPath(["grafana", "settings", section, key]),
    })),
  );
}
