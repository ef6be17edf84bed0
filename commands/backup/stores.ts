import { kebabCase } from "../../components/kubernetes/names";
import { applications, applicationsWith, type ApplicationName } from "../../components/object-storage/applications";
import type { BucketUse } from "../../components/object-storage/types";
import { InvalidInput } from "../../engine/errors";
import { claimsOf } from "../../settings/claims";
import type { Settings } from "../../settings/schema";
import type { Api } from "../shared/api/api-server";
import type { Hosts } from "./mc";

/** A bucket of a stack. */
export interface Bucket {
  /** What it is for; of several uses that share it, the first. */
  use: BucketUse;
  name: string;
  /** Alias of its server, with its key: `loki` or `mimir`; of a claim, its use. */
  alias: string;
}

/** A stack's buckets, and how they are reached. */
export interface Stores {
  buckets: readonly Bucket[];
  hosts: Hosts;
}

/** What {@link storesOf} asks. */
export interface StoresArgs {
  settings: Settings;
  /** The object store's address from here; default: that of the settings. */
  store?: string;
  /** Variables `MC_HOST_<alias>`; they win. */
  environment: Readonly<Record<string, string | undefined>>;
  /** The cluster, where a key or a claim has to be read. */
  api(): Promise<Api>;
}

/** Where a bucket is, and what has the key to it. */
interface Access extends Bucket {
  secret: string;
  keys: readonly [id: string, key: string];
  /** Of a claim. */
  configMap?: string;
}

/**
 * A stack's buckets. Addresses and keys come from the environment, else from the stack's Secrets in the cluster.
 * @throws InvalidInput with everything that is missing
 */
export async function storesOf(args: StoresArgs): Promise<Stores> {
  const { settings, environment } = args;
  const wanted = accesses(settings);
  const hosts: Record<string, string> = {};
  const problems: string[] = [];
  const buckets: Bucket[] = [];
  for (const access of wanted) {
    const { alias, use } = access;
    const given = environment[`MC_HOST_${alias}`];
    try {
      const [place, host] = await located(access, given ?? hosts[alias], args);
      hosts[alias] = host;
      buckets.push({ use, alias, name: place });
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length > 0) throw new InvalidInput([...new Set(problems)].join("\n"));
  return { buckets, hosts };
}

function accesses(settings: Settings): Access[] {
  const { objectStore, buckets, metrics, secrets } = settings;
  const names = applicationsWith(metrics.backend);
  const uses = names.flatMap((name) => applications[name].buckets.map((use) => ({ name, use: use as BucketUse })));
  if (objectStore.kind === "claim")
    return claimsOf(
      objectStore,
      buckets,
      uses.map(({ use }) => use),
    ).map(({ name, uses: [use] }) => {
      const keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] as const;
      return { use, alias: use, name: buckets[use], secret: name, keys, configMap: name };
    });
  const firsts = uses.filter(({ use }, i) => uses.findIndex((each) => buckets[each.use] === buckets[use]) === i);
  return firsts.map(({ name, use }) => ({ use, alias: name, name: buckets[use], ...keyOf(name, secrets.existing) }));
}

function keyOf(name: ApplicationName, existing: Settings["secrets"]["existing"]): Pick<Access, "secret" | "keys"> {
  const { secret } = applications[name];
  const own = existing[secret];
  const key = (which: string) => own?.keys[which] ?? which;
  return {
    secret: own?.name ?? kebabCase(secret),
    keys: [key("AWS_ACCESS_KEY_ID"), key("AWS_SECRET_ACCESS_KEY")],
  };
}

/** The bucket's name, and its server's address with the key. */
async function located(access: Access, given: string | undefined, args: StoresArgs): Promise<[string, string]> {
  const { secret, keys, configMap, alias, name } = access;
  const namespace = args.settings.namespace.name;
  // A claim's name of its bucket may be one that only the cluster knows.
  if (given !== undefined && !configMap) return [name, given];
  const api = await args.api();
  const read = async (kind: "secrets" | "configmaps", object: string) => {
    const path = `/api/v1/namespaces/${namespace}/${kind}/${object}`;
    const { status, body } = await api.request(path);
    if (status === 200) return (JSON.parse(body) as { data?: Record<string, string> }).data ?? {};
    const why = status === 404 ? "isn't there" : `can't be read (${status})`;
    throw new InvalidInput(
      `${kind === "secrets" ? "Secret" : "ConfigMap"} ${namespace}/${object} ${why}\n→ npm run up creates it; or give address and key yourself: export MC_HOST_${alias}=http://KEY:SECRET@HOST:9000`,
    );
  };
  const claim = configMap ? await read("configmaps", configMap) : undefined;
  const bucket = claim?.BUCKET_NAME ?? name;
  if (given !== undefined) return [bucket, given];
  const address = addressOf(args, claim);
  const data = await read("secrets", secret);
  const [id, key] = keys.map((each) => Buffer.from(data[each] ?? "", "base64").toString());
  if (!id || !key)
    throw new InvalidInput(
      `Secret ${namespace}/${secret} has no ${keys.join(" and ")}\n→ set its keys' names in secrets.existing`,
    );
  if (`${id}${key}`.includes(":"))
    throw new InvalidInput(
      `the key in Secret ${namespace}/${secret} has a colon, which mc can't handle\n→ give the user another key`,
    );
  const [scheme, host] = address.split("://");
  return [bucket, `${scheme}://${id}:${key}@${host}`];
}

/** Its address from this machine. */
function addressOf({ settings, store }: StoresArgs, claim: Record<string, string> | undefined): string {
  const { objectStore, namespace } = settings;
  if (store !== undefined) return store;
  if (objectStore.kind === "minio")
    return `${objectStore.providerTls ? "https" : "http"}://${objectStore.providerAddress}`;
  const tls = objectStore.kind === "claim" && objectStore.tls;
  const url =
    objectStore.kind === "existing"
      ? objectStore.endpoint
      : claim
        ? `http${tls ? "s" : ""}://${claim.BUCKET_HOST}:${claim.BUCKET_PORT}`
        : `http://minio.${namespace.name}.svc:9000`;
  if (!/\.svc(\.|$)/.test(new URL(url).hostname)) return url;
  const [service, of = namespace.name] = new URL(url).hostname.split(".");
  throw new InvalidInput(
    `the object store is inside the cluster, at ${url}\n→ kubectl -n ${of} port-forward service/${service} 9000:${new URL(url).port || 80}, and --store http://127.0.0.1:9000`,
  );
}
