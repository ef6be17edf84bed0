import type * as client from "@kubernetes/client-node" with { "resolution-mode": "import" };
import { podSecrets, type PodSecret } from "../../settings/sections/secrets";
import type { Inventory } from "./inventory";
import { releaseOf } from "./objects";
import { isStacks } from "../shared/belongings";

/** A Secret that replaces one of the program's, as in the settings. */
export interface ExistingSecret {
  name: string;
  /** The program's key → the key in that Secret, if they differ. */
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
 * The Secrets in a namespace whose keys fit, by the keys' names only. Without this program's, and without a Helm release's, which are deleted with it.
 * @param inventory what the cluster has
 * @param use what the Secret is for
 * @param namespace the stack's
 */
export function secretsWith({ secrets }: Inventory, use: PodSecret, namespace: string): ExistingSecret[] {
  return secrets
    .filter((secret) => secret.metadata?.namespace === namespace && !isStacks(secret) && !releaseOf(secret))
    .flatMap((secret) => fitting(secret, use) ?? []);
}

/** The Secret that fits: the only one, or the only one whose name says what it is for. */
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
