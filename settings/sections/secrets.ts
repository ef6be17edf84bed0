import { z } from "zod";
import { httpUrl, nonEmptyText, objectName, secretKey } from "../values";
import { receiverName } from "./receivers";

/** Secrets: where given ones are read, where generated ones are kept. */

/** The secrets that a person gives, each with its fields. One 1Password item, or one entry of `secretValues`, each. */
export const givenSecrets = {
  minioAdmin: { fields: ["username", "password"], what: "MinIO's administrator, for buckets, users and policies" },
  lokiObjectStore: {
    fields: ["accessKey", "secretKey"],
    what: "Loki's key for an existing object store (kind `existing`)",
  },
  mimirObjectStore: {
    fields: ["accessKey", "secretKey"],
    what: "Mimir's key for an existing object store (kind `existing`)",
  },
  pushover: { fields: ["token", "userKey"], what: "Pushover's application token and user key" },
  heartbeat: { fields: ["url"], what: "the URL that a dead man's switch expects to be called" },
  grafanaOauth: { fields: ["clientSecret"], what: "the secret of Grafana's client at the OpenID Connect provider" },
  grafanaSmtp: { fields: ["password"], what: "the password of Grafana's login at the mail server" },
} as const satisfies Record<string, { fields: readonly string[]; what: string }>;

/** A given secret that every stack may have. */
export type NamedSecret = keyof typeof givenSecrets;

const receiverPrefix = "receivers.";

/** Name of a secret that a person gives: one of the table, or that of a receiver in `alertmanager.receivers`, as a path. */
export type GivenSecret = NamedSecret | `${typeof receiverPrefix}${string}`;

/** Something for each given secret, as settings have it: those of receivers are one level deeper. */
export type GivenTable<T> = { readonly [Name in NamedSecret]?: T } & {
  readonly receivers?: Readonly<Record<string, T>>;
};

/**
 * Name of a receiver's given secret.
 * @param receiver the receiver's name
 */
export const secretOfReceiver = (receiver: string): GivenSecret => `${receiverPrefix}${receiver}`;

/**
 * The receiver that a given secret is of.
 * @param secret name of the given secret
 * @returns its name; undefined for one of the table
 */
export const receiverOfSecret = (secret: GivenSecret): string | undefined =>
  secret.startsWith(receiverPrefix) ? secret.slice(receiverPrefix.length) : undefined;

/**
 * What a table of the settings has for a given secret.
 * @param table `secretValues`, or the items of 1Password
 * @param secret name of the given secret
 */
export function entryOf<T>(table: GivenTable<T>, secret: GivenSecret): T | undefined {
  const receiver = receiverOfSecret(secret);
  return receiver === undefined ? table[secret as NamedSecret] : table.receivers?.[receiver];
}

/**
 * All that a table of the settings has.
 * @param table `secretValues`, or the items of 1Password
 */
export function entriesOf<T>({ receivers = {}, ...named }: GivenTable<T>): [secret: GivenSecret, entry: T][] {
  return [
    ...(Object.entries(named) as [NamedSecret, T][]),
    ...Object.entries(receivers).map(([name, entry]): [GivenSecret, T] => [secretOfReceiver(name), entry]),
  ];
}

/** The schema of a {@link GivenTable}. */
function givenTable<Entry extends z.ZodType>(entry: Entry) {
  type Shape = Record<NamedSecret, z.ZodOptional<Entry>>;
  const named = Object.fromEntries(Object.keys(givenSecrets).map((name) => [name, entry.optional()])) as Shape;
  return z.strictObject({ ...named, receivers: z.record(receiverName, entry).optional() }).prefault({});
}

/** The Kubernetes Secrets that pods use, by what they are for, with the keys that the program gives them. */
export const podSecrets = {
  lokiObjectStore: { keys: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], what: "Loki's object-store key" },
  mimirObjectStore: { keys: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], what: "Mimir's object-store key" },
  grafanaAdmin: { keys: ["admin-user", "admin-password"], what: "Grafana's administrator" },
  grafanaConfig: { keys: ["oauth-client-secret", "smtp-password"], what: "what Grafana's configuration needs" },
  alertmanager: {
    keys: ["pushover-token", "pushover-user-key", "heartbeat-url"],
    what: "what Alertmanager's receivers need",
  },
  victoriaMetrics: { keys: ["auth-key"], what: "VictoriaMetrics' key for snapshots and deletions" },
  objectStoreAdmin: {
    keys: ["MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"],
    what: "the embedded object store's administrator",
  },
} as const satisfies Record<string, { keys: readonly string[]; what: string }>;

/** Name of a Kubernetes Secret that pods use. */
export type PodSecret = keyof typeof podSecrets;

const keysOf = <T extends object>(table: T) => Object.keys(table) as [keyof T & string, ...(keyof T & string)[]];

/** An existing Kubernetes Secret that takes the place of one of the program's. */
const existingSecret = z.strictObject({
  name: objectName.describe("name of the Secret in the stack's namespace"),
  keys: z
    .record(z.string(), secretKey)
    .default({})
    .describe("the program's key → the key in that Secret, if they differ"),
});

const isOnePasswordId = (text: string): boolean => /^[a-z0-9]{26}$/.test(text);
const onePasswordIdMeta = {
  allowed: "26 lower-case letters and digits (a title is not unique)",
  example: "abcdefghijklmnopqrstuvwxy1",
};

/** Settings of the secret store. */
export const secrets = z
  .strictObject({
    provider: z
      .enum(["onepassword", "config"])
      .default("config")
      .describe(
        "where given secrets are read and generated ones kept: 1Password items, or the stack's own encrypted config and state",
      ),
    onepassword: z
      .strictObject({
        vault: z
          .string()
          .refine((v) => isOnePasswordId(v), "is not the UUID of a vault")
          .meta(onePasswordIdMeta)
          .describe("UUID of the vault that generated items are written to and given items are read from"),
        connectUrl: httpUrl
          .optional()
          .describe(
            "address of 1Password Connect; default: OP_CONNECT_HOST, or a service account with OP_SERVICE_ACCOUNT_TOKEN",
          ),
        items: givenTable(
          z
            .string()
            .refine((v) => isOnePasswordId(v), "is not the UUID of an item")
            .meta(onePasswordIdMeta),
        )
          .meta({
            allowed: `an object with keys ${Object.keys(givenSecrets).join(", ")}, and receivers.<name>; each value: ${onePasswordIdMeta.allowed}`,
          })
          .describe("given secret → UUID of its item"),
      })
      .optional()
      .describe("needed with provider `onepassword`"),
    existing: z
      .partialRecord(z.enum(keysOf(podSecrets)), existingSecret)
      .default({})
      .describe("existing Kubernetes Secrets (External Secrets, SOPS …) to use instead of the program's own"),
    rotation: z
      .int()
      .min(0)
      .default(0)
      .describe("raise it by one to regenerate every generated secret at the next update"),
  })
  .prefault({});

/** Given secrets of a stack without 1Password: `pulumi config set --secret --path observability:secretValues.pushover.token …`. */
export const secretValues = givenTable(z.record(z.string(), nonEmptyText))
  .meta({
    allowed: [
      ...Object.entries(givenSecrets).map(([secret, { fields }]) => `${secret}: ${fields.join(", ")}`),
      "receivers.<name>: what its kind reads",
    ].join("; "),
  })
  .describe("given secrets of provider `config`, set with `pulumi config set --secret --path`");
