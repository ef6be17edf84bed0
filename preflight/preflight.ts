import { applications, applicationNames, bucketsOf } from "../components/object-storage/applications";
import type { LoadedSettings } from "../config/load";
import type { GivenSecret } from "../config/sections/secrets";
import { stageOf } from "../migration/stages";
import { lookAtCluster } from "./cluster";
import type { Deadline } from "./network";
import { lookAtExisting, lookAtMinio, type S3Key } from "./object-store";
import { lookAtOnePassword } from "./one-password";
import { skipped, type Result } from "./result";

/** Values of given secrets as far as they can be read from here, in clear. */
type Values = Partial<Record<GivenSecret, Record<string, string>>>;

/**
 * Looks at everything outside that a stack's settings name, from the machine that runs Pulumi. Nothing is written anywhere.
 * @param loaded the stack's settings and given secrets
 * @param env environment, for the tokens that are no settings
 * @param deadline how long each request may take
 */
export async function preflight(loaded: LoadedSettings, env: NodeJS.ProcessEnv, deadline: Deadline): Promise<Result[]> {
  const results = await Promise.all([
    lookAtSecretsAndStore(loaded, env, deadline),
    lookAtCluster(loaded.settings, deadline),
  ]);
  return results.flat();
}

/** One after the other: the object store's key is a secret. */
async function lookAtSecretsAndStore(
  loaded: LoadedSettings,
  env: NodeJS.ProcessEnv,
  deadline: Deadline,
): Promise<Result[]> {
  const { results, values } = await lookAtSecrets(loaded, env, deadline);
  return [...results, ...(await lookAtObjectStore(loaded, values, deadline))];
}

async function lookAtSecrets(
  { settings: { secrets }, secretValues }: LoadedSettings,
  env: NodeJS.ProcessEnv,
  deadline: Deadline,
): Promise<{ results: Result[]; values: Values }> {
  if (secrets.onepassword && secrets.provider === "onepassword")
    return lookAtOnePassword(secrets.onepassword, env, deadline);
  const found = skipped("given secrets stand in the stack's own config");
  return { results: [{ area: "secrets", what: "stack config", ...found }], values: secretValues };
}

async function lookAtObjectStore({ settings }: LoadedSettings, values: Values, deadline: Deadline): Promise<Result[]> {
  const { objectStore, buckets } = settings;
  switch (objectStore.kind) {
    case "minio":
      return lookAtMinio(objectStore, buckets, keyOf(values.minioAdmin, "username", "password"), deadline);
    case "existing": {
      const used = applicationNames.filter((name) => name !== "mimir" || stageOf(settings).mimir);
      const uses = used.map((name) => ({
        buckets: bucketsOf(name, buckets),
        key: keyOf(values[applications[name].secret], "accessKey", "secretKey"),
      }));
      return lookAtExisting(objectStore, uses, deadline);
    }
    case "embedded":
      return [{ area: "object store", what: "MinIO", ...skipped("will be made inside the cluster") }];
  }
}

/** A key to S3; none where it can't be read, a placeholder for an encrypted value included. */
function keyOf(values: Record<string, string> | undefined, id: string, secret: string): S3Key | undefined {
  const [known, hidden] = [values?.[id], values?.[secret]];
  return known && hidden && !isPlaceholder(hidden) ? { id: known, secret: hidden } : undefined;
}

/** Stands for a `secure:` value, which only the stack's own key decrypts: `offline/project.ts`. */
const isPlaceholder = (value: string): boolean => value.startsWith("offline-placeholder-for-");
