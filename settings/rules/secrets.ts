import { contentOf, neededSecrets, type NeededSecret } from "../needed-secrets";
import { nearest } from "../nearest";
import { openFields } from "../plain-secrets";
import { formatPath } from "../problem";
import { textsIn } from "../texts";
import { receiverFiles } from "../receiver-files";
import type { ParsedSettings } from "../schema";
import {
  entriesOf,
  entryOf,
  podSecrets,
  receiverOfSecret,
  secretOfReceiver,
  type PodSecret,
} from "../sections/secrets";
import type { Rule } from "./rule";

const instead = ({ unless }: NeededSecret) => (unless ? `, or an existing Secret as secrets.existing.${unless}` : "");

const exampleId = "abcdefghijklmnopqrstuvwxy1";

/** A shorter text, in characters, may stand elsewhere by accident. */
const leastLength = 8;

/** The keys of a Kubernetes Secret that the program may read. */
const keysOf = (secret: PodSecret, alertmanager: ParsedSettings["alertmanager"]): string[] => [
  ...new Set([
    ...podSecrets[secret].keys,
    ...(secret === "alertmanager" ? receiverFiles(alertmanager).map(({ key }) => key) : []),
  ]),
];

/** Rules of secrets. */
export const secretRules: readonly Rule[] = [
  {
    must: "provider onepassword has a vault",
    check: ({ secrets }) =>
      secrets.provider === "onepassword" && !secrets.onepassword
        ? [
            {
              key: "secrets.onepassword",
              what: "is missing, but secrets.provider is onepassword",
              allowed: "the vault's UUID, and the UUID of the item of each given secret",
              example: { vault: exampleId },
            },
          ]
        : [],
  },
  {
    must: "provider onepassword has an item for each secret that the stack needs",
    check: (settings) => {
      const { provider, onepassword } = settings.secrets;
      if (provider !== "onepassword") return [];
      return neededSecrets(settings)
        .filter(({ secret }) => !onepassword || !entryOf<string>(onepassword.items, secret))
        .map((needed) => ({
          key: `secrets.onepassword.items.${needed.secret}`,
          what: `is missing, but ${needed.because} needs it: ${needed.what}`,
          allowed: `UUID of an item with the fields ${needed.fields.join(", ")}${instead(needed)}`,
          example: exampleId,
        }));
    },
  },
  {
    must: "provider config is given each secret that the stack needs",
    check: (settings) => {
      if (settings.secrets.provider !== "config") return [];
      return neededSecrets(settings).flatMap((needed) =>
        needed.fields
          .filter((field) => !entryOf<Record<string, string>>(settings.secretValues, needed.secret)?.[field])
          .map((field) => ({
            key: `secretValues.${needed.secret}.${field}`,
            what: `is missing, but ${needed.because} needs it: ${needed.what}`,
            allowed: `text, encrypted in the stack file${instead(needed)}`,
            command: `npx pulumi config set --secret --path observability:secretValues.${needed.secret}.${field}`,
          })),
      );
    },
  },
  {
    must: "a given secret has the fields that the program reads",
    check: ({ secretValues, alertmanager }) =>
      entriesOf<Record<string, string>>(secretValues).flatMap(([secret, values]) => {
        const known = contentOf(secret, alertmanager)?.fields;
        if (!known) return [];
        return Object.keys(values)
          .filter((field) => !known.includes(field))
          .map((field) => {
            const near = nearest(field, known);
            return {
              key: formatPath(["secretValues", ...secret.split("."), field]),
              what: `there is no such field${near ? `; did you mean secretValues.${secret}.${near}?` : ""}`,
              allowed: known.join(", "),
            };
          });
      }),
  },
  {
    must: "a receiver's secret belongs to a receiver that reads one",
    check: ({ secrets, secretValues, alertmanager }) =>
      [
        ...entriesOf<unknown>(secretValues).map(([secret]) => ({ secret, table: "secretValues" })),
        ...entriesOf<unknown>(secrets.onepassword?.items ?? {}).map(([secret]) => ({
          secret,
          table: "secrets.onepassword.items",
        })),
      ]
        .filter(({ secret }) => !contentOf(secret, alertmanager))
        .map(({ secret, table }) => {
          const names = Object.keys(alertmanager.receivers ?? {}).filter((name) =>
            contentOf(secretOfReceiver(name), alertmanager),
          );
          const name = String(receiverOfSecret(secret));
          const near = nearest(name, names);
          return {
            key: `${table}.${secret}`,
            what:
              name in (alertmanager.receivers ?? {})
                ? `is not read: the receiver ${name} needs no secret`
                : `there is no receiver ${name}${near ? `; did you mean ${table}.${secretOfReceiver(near)}?` : ""}`,
            allowed:
              names.length > 0
                ? `receivers that read a secret: ${names.join(", ")}`
                : "nothing: no receiver in alertmanager.receivers reads a secret",
          };
        }),
  },
  {
    must: "secrets are given for the provider that is used",
    check: ({ secrets, secretValues }) =>
      secrets.provider === "config"
        ? []
        : entriesOf<unknown>(secretValues).map(([secret]) => ({
            key: `secretValues.${secret}`,
            what: "is not read: secrets.provider is onepassword",
            allowed: "nothing, or secrets.provider: config",
          })),
  },
  {
    must: "a given secret is nowhere else in the settings",
    check: ({ secretValues, adopt, grafana, alertmanager }) => {
      const elsewhere = textsIn({
        adopt: { kps: { values: adopt.kps?.values } },
        grafana: {
          ingress: { annotations: grafana.ingress?.annotations },
          ...{ oauth: grafana.oauth, smtp: grafana.smtp, dataSources: grafana.dataSources, settings: grafana.settings },
        },
        alertmanager: { webhook: alertmanager.webhook, receivers: alertmanager.receivers },
      });
      return textsIn(secretValues)
        .filter(({ path, text }) => text.length >= leastLength && !openFields.includes(String(path.at(-1))))
        .flatMap((secret) =>
          elsewhere
            .filter(({ text }) => text.includes(secret.text))
            .map(({ path }) => ({
              key: formatPath(path),
              what: `has the secret secretValues.${secret.path.join(".")} in plain text: previews and Pulumi's state would show it`,
              allowed:
                "nothing, or the name of a Kubernetes Secret; and change this secret, because others may have seen it",
            })),
        );
    },
  },
  {
    must: "an existing Secret maps keys that the program reads",
    check: ({ secrets, alertmanager }) =>
      (Object.keys(secrets.existing) as PodSecret[]).flatMap((secret) => {
        const known = keysOf(secret, alertmanager);
        return Object.keys(secrets.existing[secret]?.keys ?? {})
          .filter((key) => !known.includes(key))
          .map((key) => ({
            key: formatPath(["secrets", "existing", secret, "keys", key]),
            what: "the program reads no such key",
            allowed: known.join(", "),
            example: known[0],
          }));
      }),
  },
];
