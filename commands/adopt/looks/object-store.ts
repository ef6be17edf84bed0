import type * as client from "@kubernetes/client-node" with { "resolution-mode": "import" };
import type { Settings } from "../../../settings/schema";
import type { Findings, Look } from "../findings";
import type { CustomObject, Inventory, PlainObject } from "../inventory";
import { bucketOf, isPlaceholder, lokiConfigs, type LokiBucket } from "../loki-config";
import { called, inWords, releaseOf } from "../objects";
import { secretWith, type ExistingSecret } from "../secret-keys";
import { isStacks } from "../../shared/belongings";

const runbook = "docs/adoption.md#object-store";

/** Where data is or can be stored: the bucket of a Loki, a claim of Ceph, a MinIO. */
export const lookAtObjectStore: Look = (inventory, { namespace: { name }, objectStore }, found) => {
  const [config, ...others] = lokiConfigs(inventory);
  const bucket = config && others.length === 0 ? bucketOf(config.config) : undefined;
  const isChosen = objectStore.kind === "minio" || objectStore.kind === "existing";
  if (bucket && isWhole(bucket) && isChosen) return inChosen(bucket, objectStore, found);
  const claims = claimsIn(inventory, name);
  const claim = claims.find((each) => (bucket ? each.bucket.bucket === bucket.bucket : each.name.includes("loki")));
  if (claim && !isChosen) return useClaims(claim, claims, objectStore, found);
  if (bucket) {
    lookAtItsMinio(bucket, config.source, inventory, found);
    const key = isWhole(bucket) ? secretWith(inventory, "lokiObjectStore", name) : undefined;
    return key ? propose(bucket, key, `as in ${called(config.source)}`, found) : askFor(bucket, name, found);
  }
  const servers = inventory.services.filter(isMinio);
  if (servers.length > 0)
    found.ask(
      `MinIO runs in the cluster: ${inWords(servers.map(called))}`,
      `to use it, set objectStore.kind: minio (with its administrator's key) or existing; or keep kind embedded and don't use it: ${runbook}`,
      settingsOf({ bucket: "loki", endpoint: urlOf(servers[0]) }),
    );
};

const isWhole = ({ bucket, endpoint }: LokiBucket) =>
  !isPlaceholder(bucket) && !isPlaceholder(endpoint) && !bucket.includes(",");

/** The stack's file already has its object store: Loki's data is expected in it. */
function inChosen(
  { bucket, endpoint }: LokiBucket,
  chosen: Extract<Settings["objectStore"], { kind: "minio" | "existing" }>,
  found: Findings,
): void {
  found.fit("buckets.loki", bucket, "the bucket with Loki's data");
  if (chosen.kind === "minio")
    found.fit("objectStore.importBuckets", [...new Set([...chosen.importBuckets, bucket])], "it is there already");
  if (endpoint && hostOf(endpoint) !== hostOf(chosen.endpoint))
    found.ask(
      `Loki's data is at ${endpoint}, and the stack's file has objectStore.endpoint: ${chosen.endpoint}`,
      `do nothing if both are the same server; otherwise set the one with the data, or copy the bucket before the update (mc mirror): ${runbook}`,
    );
}

const hostOf = (url: string) => (URL.canParse(url) ? new URL(url).host : url);

function propose(bucket: LokiBucket, key: ExistingSecret, why: string, found: Findings): void {
  const settings = settingsOf(bucket);
  found.fit("objectStore", settings.objectStore, why);
  found.fit("buckets.loki", settings.buckets.loki, why);
  found.fit("secrets.existing.lokiObjectStore", key, `the Secret ${key.name}, by the names of its keys`);
  found.ask(
    "from stage dual-write on, Mimir needs three buckets and a key for them (buckets.mimirBlocks …)",
    `create them, and give the key as secrets.existing.mimirObjectStore or as given secret mimirObjectStore: ${runbook}`,
  );
}

function askFor(bucket: LokiBucket, namespace: string, found: Findings): void {
  const where = isPlaceholder(bucket.bucket) ? "named by an environment variable" : bucket.bucket;
  const server = bucket.endpoint && !isPlaceholder(bucket.endpoint) ? ` at ${bucket.endpoint}` : "";
  const lacks = isWhole(bucket)
    ? `no single Secret in ${namespace} has a key that fits`
    : "its address can't be read completely, or it uses several buckets";
  found.ask(
    `Loki's data is in the bucket ${where}${server}, and ${lacks}: until this is decided, the stack's Loki starts with an empty store`,
    `give its key as given secret lokiObjectStore or as secrets.existing.lokiObjectStore; or set objectStore.kind: minio with its administrator's key: ${runbook}`,
    isWhole(bucket) ? settingsOf(bucket) : undefined,
  );
}

/** The MinIO that Loki's chart can install is part of its release. */
function lookAtItsMinio({ endpoint }: LokiBucket, source: PlainObject, { services }: Inventory, found: Findings): void {
  const host = endpoint && URL.canParse(endpoint) ? new URL(endpoint).hostname.split(".") : [];
  const service = services.find(
    ({ metadata }) => metadata?.name === host[0] && metadata?.namespace === (host[1] ?? source.metadata?.namespace),
  );
  const release = service && releaseOf(service);
  if (release && release === releaseOf(source))
    found.ask(
      `the MinIO with Loki's data (${called(service)}) is part of Loki's release ${release}, and is deleted with it`,
      `before you uninstall Loki, copy its buckets to another store (mc mirror), and set that one: ${runbook}`,
    );
}

/** A claim that is bound, with the bucket that its ConfigMap names. */
interface BoundClaim {
  object: CustomObject;
  name: string;
  bucket: LokiBucket;
}

/** The bound claims of a namespace that this program didn't make. */
const claimsIn = (inventory: Inventory, namespace: string): BoundClaim[] =>
  inventory.custom.objectbucketclaims
    .filter((object) => object.metadata?.namespace === namespace && !isStacks(object))
    .flatMap((object) => {
      const bucket = bucketOfClaim(inventory, object);
      return bucket ? [{ object, name: object.metadata?.name ?? "", bucket }] : [];
    });

/** By which words a claim's name shows what of Mimir's is in its bucket. */
const mimirWords = { mimirBlocks: /block|tsdb/, mimirRuler: /rule/, mimirAlertmanager: /alert/ } as const;

/** Loki's claim, and those of Mimir that show by their names: what is missing will be claimed from the same class. */
function useClaims(
  loki: BoundClaim,
  all: readonly BoundClaim[],
  chosen: Settings["objectStore"],
  found: Findings,
): void {
  const mimirs = all.filter(({ name }) => name !== loki.name && name.includes("mimir"));
  const byWord = Object.entries(mimirWords).flatMap(([use, word]) => {
    const fitting = mimirs.filter(({ name }) => word.test(name));
    return fitting.length === 1 ? [[use, fitting[0]] as const] : [];
  });
  // One for all of it: then each has a prefix.
  const isShared = byWord.length === 0 && mimirs.length === 1;
  const ofMimir = isShared ? Object.keys(mimirWords).map((use) => [use, mimirs[0]] as const) : byWord;
  found.take(loki.object, ...new Set(ofMimir.map(([, { object }]) => object)));
  const claims = Object.fromEntries([["loki", loki] as const, ...ofMimir].map(([use, { name }]) => [use, name]));
  const why = `the ObjectBucketClaim ${called(loki.object)}`;
  if (chosen.kind === "claim") return found.fit("objectStore.claims", claims, why);
  const bucketClass = loki.object.spec?.storageClassName;
  const { endpoint = "", region } = loki.bucket;
  const tls = endpoint.startsWith("https:");
  found.fit("objectStore", { kind: "claim", bucketClass, claims, ...(tls && { tls }), ...(region && { region }) }, why);
  if (tls)
    found.ask(
      `${why} leads to ${endpoint}, which uses TLS`,
      `if a private authority signed its certificate, set objectStore.ca: ${runbook}`,
    );
}

/**
 * What the ConfigMap of a claim says.
 * @see https://rook.io/docs/rook/latest/Storage-Configuration/Object-Storage-RGW/ceph-object-bucket-claims/
 */
function bucketOfClaim({ configMaps }: Inventory, claim: PlainObject): LokiBucket | undefined {
  const data = configMaps.find((each) => called(each) === called(claim))?.data ?? {};
  const { BUCKET_NAME: bucket, BUCKET_HOST: host, BUCKET_PORT: port = "80", BUCKET_REGION: region } = data;
  if (!bucket || !host) return undefined;
  return { bucket, endpoint: `${port === "443" ? "https" : "http"}://${host}:${port}`, ...(region && { region }) };
}

const settingsOf = ({ bucket, endpoint, region, forcePathStyle }: LokiBucket) => ({
  objectStore: {
    kind: "existing",
    endpoint: endpoint ?? `https://s3.${region ?? "us-east-1"}.amazonaws.com`,
    ...(region && { region }),
    ...(forcePathStyle !== undefined && { forcePathStyle }),
  },
  buckets: { loki: bucket },
});

/** By the labels of MinIO's chart, of Bitnami's, and of MinIO's operator. */
function isMinio(service: client.V1Service): boolean {
  const labels = service.metadata?.labels ?? {};
  const isLabelled = [labels.app, labels["app.kubernetes.io/name"]].includes("minio") || "v1.min.io/tenant" in labels;
  return isLabelled && !isStacks(service) && s3Port(service) !== undefined && service.spec?.clusterIP !== "None";
}

const s3Port = ({ spec }: client.V1Service) => spec?.ports?.find(({ port }) => [9000, 80, 443].includes(port))?.port;

const urlOf = (service: client.V1Service) =>
  `http://${service.metadata?.name}.${service.metadata?.namespace}.svc.cluster.local:${s3Port(service)}`;
