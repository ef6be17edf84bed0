import { neededSecrets, type NeededSecret } from "../needed-secrets";
import { nearest } from "../nearest";
import { formatPath } from "../problem";
import { givenSecrets, podSecrets, type GivenSecret, type PodSecret } from "../sections/secrets";
import type { Rule } from "./rule";

const instead = ({ unless }: NeededSecret) => (unless ? `, or an existing Secret as secrets.existing.${unless}` : "");

const exampleId = "abcdefghijklmnopqrstuvwxy1";

/** Fields of a given secret that only say whose it is. */
const openFields = ["username", "accessKey"];

/** A shorter text, in characters, may stand elsewhere by accident. */
const leastLength = 8;

/** Every text in settings, and where it is. */
function textsIn(
  value: unknown,
  path: readonly (string | number)[] = [],
): { path: (string | number)[]; text: string }[] {
  if (typeof value === "string") return [{ path: [...path], text: value }];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    textsIn(each, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

/** Rules of secrets. */
export const secretRules: readonly Rule[] = [
  {
    must: "provider onepassword knows its vault",
    check: ({ secrets }) =>
      secrets.provider === "onepassword" && !secrets.onepassword
        ? [
            {
              key: "secrets.onepassword",
              what: "is missing, and secrets.provider is onepassword",
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
        .filter(({ secret }) => !onepassword?.items[secret])
        .map((needed) => ({
          key: `secrets.onepassword.items.${needed.secret}`,
          what: `is missing, and ${needed.because} needs it: ${givenSecrets[needed.secret].what}`,
          allowed: `UUID of an item with the fields ${givenSecrets[needed.secret].fields.join(", ")}${instead(needed)}`,
          example: exampleId,
        }));
    },
  },
  {
    must: "provider config is given each secret that the stack needs",
    check: (settings) => {
      if (settings.secrets.provider !== "config") return [];
      return neededSecrets(settings).flatMap((needed) =>
        givenSecrets[needed.secret].fields
          .filter((field) => !settings.secretValues[needed.secret]?.[field])
          .map((field) => ({
            key: `secretValues.${needed.secret}.${field}`,
            what: `is missing, and ${needed.because} needs it: ${givenSecrets[needed.secret].what}`,
            allowed: `text, by \`pulumi config set --secret --path observability:secretValues.${needed.secret}.${field}\`${instead(needed)}`,
          })),
      );
    },
  },
  {
    must: "a given secret has the fields that the program reads",
    check: ({ secretValues }) =>
      (Object.keys(secretValues) as GivenSecret[]).flatMap((secret) => {
        const known: readonly string[] = givenSecrets[secret].fields;
        return Object.keys(secretValues[secret] ?? {})
          .filter((field) => !known.includes(field))
          .map((field) => {
            const near = nearest(field, known);
            return {
              key: formatPath(["secretValues", secret, field]),
              what: `there is no such field${near ? `; did you mean secretValues.${secret}.${near}?` : ""}`,
              allowed: known.join(", "),
            };
          });
      }),
  },
  {
    must: "secrets are given where the provider reads them",
    check: ({ secrets, secretValues }) =>
      secrets.provider === "config"
        ? []
        : Object.keys(secretValues).map((secret) => ({
            key: `secretValues.${secret}`,
            what: "is not read: secrets.provider is onepassword",
            allowed: "nothing, or secrets.provider: config",
          })),
  },
  {
    must: "a given secret stands nowhere else in the settings",
    check: ({ secretValues, adopt, grafana, alertmanager }) => {
      const elsewhere = textsIn({
        adopt: { kps: { values: adopt.kps?.values } },
        grafana: { ingress: { annotations: grafana.ingress?.annotations } },
        alertmanager: { webhook: alertmanager.webhook },
      });
      return textsIn(secretValues)
        .filter(({ path, text }) => text.length >= leastLength && !openFields.includes(String(path.at(-1))))
        .flatMap((secret) =>
          elsewhere
            .filter(({ text }) => text.includes(secret.text))
            .map(({ path }) => ({
              key: formatPath(path),
              what: `has the secret secretValues.${secret.path.join(".")} in clear text: previews and Pulumi's state would show it`,
              allowed: "nothing, or the name of a Kubernetes Secret; and a new secret, as this one is known",
            })),
        );
    },
  },
  {
    must: "an existing Secret stands for keys that the program reads",
    check: ({ secrets }) =>
      (Object.keys(secrets.existing) as PodSecret[]).flatMap((secret) => {
        const known: readonly string[] = podSecrets[secret].keys;
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
