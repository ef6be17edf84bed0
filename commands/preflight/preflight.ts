import { applications, applicationNames, bucketsOf, usesWith } from "../../components/object-storage/applications";
import type { LoadedSettings } from "../../settings/load";
import { contentOf } from "../../settings/needed-secrets";
import type { GivenSecret } from "../../settings/sections/secrets";
import { stageOf } from "../../stages";
import { lookAtClaims } from "./claims";
import { lookAtCluster, type Managed } from "./cluster";
import type { Deadline } from "../shared/api/network";
import { lookAtExisting, lookAtMinio, type S3Key } from "./object-store";
import { lookAtOnePassword } from "./one-password";
import { skipped, type Result } from "../shared/api/result";

/** Values of given secrets as far as they can be read from here, in clear. */
type Values = Partial<Record<GivenSecret, Record<string, string>>>;

/**
 * Checks every external system that a stack's settings refer to, from the machine that runs Pulumi. Nothing is written.
 * @param loaded the stack's settings and given secrets
 * @param env environment, for the tokens that are no settings
 * @param deadline how long each request may take
 * @param managed the protected parts in the stack's state; undefined if the state can't be read
 */
export async function preflight(
  loaded: LoadedSettings,
  env: NodeJS.ProcessEnv,
  deadline: Deadline,
  managed?: Managed,
): Promise<Result[]> {
  const results = await Promise.all([
    lookAtSecretsAndStore(loaded, env, deadline, managed),
    lookAtCluster(loaded.settings, deadline, managed),
  ]);
  return results.flat();
}

/** One after the other: the object store's key is a secret. */
async function lookAtSecretsAndStore(
  loaded: LoadedSettings,
  env: NodeJS.ProcessEnv,
  deadline: Deadline,
  managed?: Managed,
): Promise<Result[]> {
  const { results, values } = await lookAtSecrets(loaded, env, deadline);
  return [...results, ...(await lookAtObjectStore(loaded, values, deadline, managed))];
}

async function lookAtSecrets(
  { settings: { secrets, alertmanager }, secretValues }: LoadedSettings,
  env: NodeJS.ProcessEnv,
  deadline: Deadline,
): Promise<{ results: Result[]; values: Values }> {
  if (secrets.onepassword && secrets.provider === "onepassword")
    return lookAtOnePassword(
      secrets.onepassword,
      (secret) => contentOf(secret, alertmanager)?.fields ?? [],
      env,
      deadline,
    );
  const found = skipped("given secrets are in the stack's own config");
  return { results: [{ area: "secrets", what: "stack config", ...found }], values: secretValues };
}

async function lookAtObjectStore(
  { settings }: LoadedSettings,
  values: Values,
  deadline: Deadline,
  managed?: Managed,
): Promise<Result[]> {
  const { objectStore, buckets, metrics } = settings;
  switch (objectStore.kind) {
    case "minio": {
      const names = usesWith(metrics.backend).map((use) => buckets[use]);
      return lookAtMinio(objectStore, names, keyOf(values.minioAdmin, "username", "password"), deadline);
    }
    case "existing": {
      const used = applicationNames.filter((name) => name !== "mimir" || stageOf(settings).mimir);
      const uses = used.map((name) => ({
        buckets: bucketsOf(name, buckets),
        key: keyOf(values[applications[name].secret], "accessKey", "secretKey"),
      }));
      return lookAtExisting(objectStore, uses, deadline);
    }
    case "claim":
      return lookAtClaims({ ...settings, objectStore }, deadline, managed);
    case "embedded":
      return [{ area: "object store", what: "MinIO", ...skipped("will be created inside the cluster") }];
  }
}

/** A key to S3; none where it can't be read, a placeholder for an encrypted value included. */
function keyOf(values: Record<string, string> | undefined, id: string, secret: string): S3Key | undefined {
  const [known, hidden] = [values?.[id], values?.[secret]];
  return known && hidden && !isPlaceholder(hidden) ? { id: known, secret: hidden } : undefined;
}

/** Stands for a `secure:` value, which only the stack's own key decrypts: `engine/project.ts`. */
const isPlaceholder = (value: string): boolean => value.startsWith("offline-placeholder-for-");
