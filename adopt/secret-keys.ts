import type * as client from "@kubernetes/client-node" with { "resolution-mode": "import" };
import { podSecrets, type PodSecret } from "../config/sections/secrets";
import type { Inventory } from "./inventory";
import { isOwn, releaseOf } from "./objects";

/** A Secret in place of one of the program's, as the settings name it. */
export interface ExistingSecret {
  name: string;
  /** The program's key → the key in that Secret, where they differ. */
  keys: Record<string, string>;
}

/** Other names of the program's keys. */
const synonyms: Readonly<Record<string, readonly string[]>> = {
  AWS_ACCESS_KEY_ID: ["aws_access_key_id", "access_key_id", "access-key-id", "accessKeyId", "access_key", "accessKey"],
  AWS_SECRET_ACCESS_KEY: [
    "aws_secret_access_key",
    "secret_access_key",
    "secret-access-key",
    "secretAccessKey",
    "secret_key",
    "secretKey",
  ],
  "admin-user": ["adminUser", "admin_user", "GF_SECURITY_ADMIN_USER"],
  "admin-password": ["adminPassword", "admin_password", "GF_SECURITY_ADMIN_PASSWORD"],
};

/**
 * The Secrets in a namespace whose keys fit, by their names only. Those of this program and those of a Helm release, which go with it, don't.
 * @param inventory what the cluster has
 * @param use what the Secret is for
 * @param namespace the stack's
 */
export function secretsWith({ secrets }: Inventory, use: PodSecret, namespace: string): ExistingSecret[] {
  return secrets
    .filter((secret) => secret.metadata?.namespace === namespace && !isOwn(secret) && !releaseOf(secret))
    .flatMap((secret) => fitting(secret, use) ?? []);
}

/** The one that fits: the only one, or the only one whose name says what it is for. */
export function secretWith(inventory: Inventory, use: PodSecret, namespace: string): ExistingSecret | undefined {
  const fit = secretsWith(inventory, use, namespace);
  const word = use.replace(/[A-Z].*$/, "");
  const named = fit.filter(({ name }) => name.includes(word));
  return fit.length === 1 ? fit[0] : named.length === 1 ? named[0] : undefined;
}

function fitting({ metadata, data = {} }: client.V1Secret, use: PodSecret): ExistingSecret | undefined {
  const pairs = podSecrets[use].keys.map((key) => [key, [key, ...(synonyms[key] ?? [])].find((name) => name in data)]);
  if (pairs.some(([, there]) => there === undefined)) return undefined;
  return { name: metadata?.name ?? "", keys: Object.fromEntries(pairs.filter(([key, there]) => key !== there)) };
}
