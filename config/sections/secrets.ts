import { z } from "zod";
import { httpUrl, nonEmptyText, objectName, secretKey } from "../values";

/** Secrets: where given ones are read, where generated ones are kept. */

/** The secrets that a person gives, each with its fields. One 1Password item, or one entry of `secretValues`, each. */
export const givenSecrets = {
  minioAdmin: { fields: ["username", "password"], what: "MinIO's administrator, for buckets, users and policies" },
  lokiObjectStore: {
    fields: ["accessKey", "secretKey"],
    what: "Loki's key of an object store that exists (kind `existing`)",
  },
  mimirObjectStore: {
    fields: ["accessKey", "secretKey"],
    what: "Mimir's key of an object store that exists (kind `existing`)",
  },
  pushover: { fields: ["token", "userKey"], what: "Pushover's application token and user key" },
  heartbeat: { fields: ["url"], what: "the URL that a dead man's switch expects to be called" },
} as const satisfies Record<string, { fields: readonly string[]; what: string }>;

/** Name of a secret that a person gives. */
export type GivenSecret = keyof typeof givenSecrets;

/** The Kubernetes Secrets that pods use, by what they are for, with the keys that the program gives them. */
export const podSecrets = {
  lokiObjectStore: { keys: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], what: "Loki's object-store key" },
  mimirObjectStore: { keys: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], what: "Mimir's object-store key" },
  grafanaAdmin: { keys: ["admin-user", "admin-password"], what: "Grafana's administrator" },
  alertmanager: {
    keys: ["pushover-token", "pushover-user-key", "heartbeat-url"],
    what: "what Alertmanager's receivers need",
  },
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
    .describe("the program's key → the key in that Secret, where they differ"),
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
            "address of 1Password Connect; default: OP_CONNECT_HOST, or a service account by OP_SERVICE_ACCOUNT_TOKEN",
          ),
        items: z
          .partialRecord(
            z.enum(keysOf(givenSecrets)),
            z
              .string()
              .refine((v) => isOnePasswordId(v), "is not the UUID of an item")
              .meta(onePasswordIdMeta),
          )
          .default({})
          .describe("given secret → UUID of its item"),
      })
      .optional()
      .describe("needed with provider `onepassword`"),
    existing: z
      .partialRecord(z.enum(keysOf(podSecrets)), existingSecret)
      .default({})
      .describe(
        "Kubernetes Secrets that exist already (External Secrets, SOPS …) and are used in place of the program's own",
      ),
    rotation: z
      .int()
      .min(0)
      .default(0)
      .describe("raise it by one to make every generated secret anew at the next update"),
  })
  .prefault({});

/** Given secrets of a stack without 1Password: `pulumi config set --secret --path observability:secretValues.pushover.token …`. */
export const secretValues = z
  .partialRecord(z.enum(keysOf(givenSecrets)), z.record(z.string(), nonEmptyText))
  .default({})
  .meta({
    allowed: Object.entries(givenSecrets)
      .map(([secret, { fields }]) => `${secret}: ${fields.join(", ")}`)
      .join("; "),
  })
  .describe("given secrets of provider `config`, set with `pulumi config set --secret --path`");
