import type * as client from "@kubernetes/client-node" with { "resolution-mode": "import" };
import type { Settings } from "../../config/schema";
import type { Findings, Look } from "../findings";
import type { Inventory, PlainObject } from "../inventory";
import { bucketOf, isPlaceholder, lokiConfigs, type LokiBucket } from "../loki-config";
import { called, inWords, isOwn, releaseOf } from "../objects";
import { secretWith, type ExistingSecret } from "../secret-keys";

const runbook = "docs/adoption.md#object-store";

/** Where data is, or can be, kept: the bucket of a Loki, a claim of Ceph, a MinIO. */
export const lookAtObjectStore: Look = (inventory, { namespace: { name }, objectStore }, found) => {
  const [config, ...others] = lokiConfigs(inventory);
  const bucket = config && others.length === 0 ? bucketOf(config.config) : undefined;
  if (bucket && isWhole(bucket) && objectStore.kind !== "embedded") return inChosen(bucket, objectStore, found);
  const claim = claimFor(bucket, inventory, name);
  if (claim) {
    found.take(claim.object);
    const key = { name: claim.object.metadata?.name ?? "", keys: {} };
    return propose(claim.bucket, key, `the ObjectBucketClaim ${called(claim.object)}`, found);
  }
  if (bucket) {
    lookAtItsMinio(bucket, config.source, inventory, found);
    const key = isWhole(bucket) ? secretWith(inventory, "lokiObjectStore", name) : undefined;
    return key ? propose(bucket, key, `as in ${called(config.source)}`, found) : askFor(bucket, name, found);
  }
  const servers = inventory.services.filter(isMinio);
  if (servers.length > 0)
    found.ask(
      `MinIO runs in the cluster: ${inWords(servers.map(called))}`,
      `use it by objectStore.kind: minio (with its administrator's key) or existing, or leave it alone and keep kind embedded: ${runbook}`,
      settingsOf({ bucket: "loki", endpoint: urlOf(servers[0]) }),
    );
};

const isWhole = ({ bucket, endpoint }: LokiBucket) =>
  !isPlaceholder(bucket) && !isPlaceholder(endpoint) && !bucket.includes(",");

/** The stack's file has its store already: Loki's data is expected in it. */
function inChosen(
  { bucket, endpoint }: LokiBucket,
  chosen: Exclude<Settings["objectStore"], { kind: "embedded" }>,
  found: Findings,
): void {
  found.fit("buckets.loki", bucket, "the bucket with Loki's data");
  if (chosen.kind === "minio")
    found.fit("objectStore.importBuckets", [...new Set([...chosen.importBuckets, bucket])], "it is there already");
  if (endpoint && hostOf(endpoint) !== hostOf(chosen.endpoint))
    found.ask(
      `Loki's data is at ${endpoint}, and the stack's file has objectStore.endpoint: ${chosen.endpoint}`,
      `nothing if both are one server; else name that of the data, or copy the bucket before the update (mc mirror): ${runbook}`,
    );
}

const hostOf = (url: string) => (URL.canParse(url) ? new URL(url).host : url);

function propose(bucket: LokiBucket, key: ExistingSecret, why: string, found: Findings): void {
  const settings = settingsOf(bucket);
  found.fit("objectStore", settings.objectStore, why);
  found.fit("buckets.loki", settings.buckets.loki, why);
  found.fit("secrets.existing.lokiObjectStore", key, `the Secret ${key.name}, by the names of its keys`);
  found.ask(
    "Mimir, from stage dual-write on, needs three buckets of its own and a key for them (buckets.mimirBlocks …)",
    `make them, and name the key as secrets.existing.mimirObjectStore or as given secret mimirObjectStore: ${runbook}`,
  );
}

function askFor(bucket: LokiBucket, namespace: string, found: Findings): void {
  const where = isPlaceholder(bucket.bucket) ? "that its environment names" : bucket.bucket;
  const server = bucket.endpoint && !isPlaceholder(bucket.endpoint) ? ` of ${bucket.endpoint}` : "";
  const lacks = isWhole(bucket)
    ? `no single Secret in ${namespace} has a key that fits`
    : "not all of its address can be read, or it is several buckets";
  found.ask(
    `Loki's data is in the bucket ${where}${server}, and ${lacks}: as long as this is open, the stack's Loki begins with an empty store`,
    `its key as given secret lokiObjectStore or as secrets.existing.lokiObjectStore; or objectStore.kind: minio and the key of its administrator: ${runbook}`,
    isWhole(bucket) ? settingsOf(bucket) : undefined,
  );
}

/** The MinIO that Loki's chart can bring is part of its release. */
function lookAtItsMinio({ endpoint }: LokiBucket, source: PlainObject, { services }: Inventory, found: Findings): void {
  const host = endpoint && URL.canParse(endpoint) ? new URL(endpoint).hostname.split(".") : [];
  const service = services.find(
    ({ metadata }) => metadata?.name === host[0] && metadata?.namespace === (host[1] ?? source.metadata?.namespace),
  );
  const release = service && releaseOf(service);
  if (release && release === releaseOf(source))
    found.ask(
      `the MinIO with Loki's data (${called(service)}) is part of Loki's own release ${release}, and goes with it`,
      `copy its buckets to a store that stays before you uninstall Loki (mc mirror), and name that one: ${runbook}`,
    );
}

/** A claim of Ceph in the stack's namespace: that of Loki's bucket, or, where there is no Loki yet, one that is called so. */
function claimFor(bucket: LokiBucket | undefined, inventory: Inventory, namespace: string) {
  return inventory.custom.objectbucketclaims
    .filter(({ metadata }) => metadata?.namespace === namespace)
    .flatMap((object) => {
      const claimed = bucketOfClaim(inventory, object);
      return claimed ? [{ object, bucket: claimed }] : [];
    })
    .find((each) => (bucket ? each.bucket.bucket === bucket.bucket : each.object.metadata?.name?.includes("loki")));
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

/** By the labels of MinIO's own chart, of Bitnami's, and of its operator. */
function isMinio(service: client.V1Service): boolean {
  const labels = service.metadata?.labels ?? {};
  const isLabelled = [labels.app, labels["app.kubernetes.io/name"]].includes("minio") || "v1.min.io/tenant" in labels;
  return isLabelled && !isOwn(service) && s3Port(service) !== undefined && service.spec?.clusterIP !== "None";
}

const s3Port = ({ spec }: client.V1Service) => spec?.ports?.find(({ port }) => [9000, 80, 443].includes(port))?.port;

const urlOf = (service: client.V1Service) =>
  `http://${service.metadata?.name}.${service.metadata?.namespace}.svc.cluster.local:${s3Port(service)}`;
