import type * as client from "@kubernetes/client-node" with { "resolution-mode": "import" };
import { labels } from "../../components/kubernetes/labels";
import { usesWith } from "../../components/object-storage/applications";
import { claimsOf, type ClaimSettings, type StackClaim } from "../../settings/claims";
import type { Settings } from "../../settings/schema";
import type { Managed } from "./cluster";
import { apiOf, type Api } from "../shared/api/api-server";
import { clusterReader, type ClusterReader } from "../shared/api/kubernetes";
import { whyNot, type Deadline } from "../shared/api/network";
import { failed, Finding, ok, outcome, skipped, unsure, type Found, type Result } from "../shared/api/result";

const group = "objectbucket.io";
const objectStoreFirst =
  "install the object store before this stack: Rook with a CephObjectStore and a StorageClass for its buckets (with Flux, rename its ks.yaml.disabled to ks.yaml); or set another objectStore.kind";

/** An ObjectBucketClaim, as far as it is read. */
interface Claim extends client.KubernetesObject {
  spec?: { storageClassName?: string; bucketName?: string; objectBucketName?: string };
  status?: { phase?: string };
}

/** A CephObjectStore, as far as it is read. */
interface CephStore extends client.KubernetesObject {
  spec?: { gateway?: { port?: number; securePort?: number } };
  status?: { phase?: string };
}

/** What the looks share. */
interface Surroundings {
  settings: ClaimSettings;
  namespace: string;
  cluster: ClusterReader;
  api: Api;
  deadline: Deadline;
  /** The storage class that the settings name; undefined: there is none. */
  storageClass?: client.V1StorageClass;
  managed?: Managed;
}

/**
 * Whether buckets can be claimed, in the order in which one needs the other: the API, the storage class and its provisioner, the store, and
 * the claims that exist. Nothing is written, and nothing is waited for.
 * @param settings the stack's settings, with `objectStore.kind: claim`
 * @param deadline how long each request may take
 * @param managed the protected parts in the stack's state; undefined if the state can't be read
 */
export async function lookAtClaims(
  settings: Settings & { objectStore: ClaimSettings },
  deadline: Deadline,
  managed?: Managed,
): Promise<Result[]> {
  const line = (what: string, found: Found): Result => ({ area: "object store", what, ...found });
  const { objectStore, buckets, namespace, metrics } = settings;
  const looks: [string, (around: Surroundings) => Promise<Found>][] = [
    [`storage class ${objectStore.bucketClass}`, provisioner],
    ["S3 server", server],
    ["additional config", allowedConfig],
    ...claimsOf(objectStore, buckets, usesWith(metrics.backend)).map(
      (claim): [string, (around: Surroundings) => Promise<Found>] => [
        `claim ${claim.name}`,
        (around) => claimed(claim, around),
      ],
    ),
  ];
  const what = "ObjectBucketClaim API";
  try {
    const cluster = await clusterReader(settings, deadline);
    if (!(await cluster.crd(`objectbucketclaims.${group}`)))
      return [
        line(what, failed("the cluster doesn't have it", objectStoreFirst)),
        ...looks.map(([name]) => line(name, skipped("not tried: there is no such API"))),
      ];
    const classes = await cluster.storageClasses();
    const around: Surroundings = {
      ...{ settings: objectStore, namespace: namespace.name, cluster, deadline, managed },
      api: await apiOf(settings.kubernetes, deadline),
      storageClass: classes.find(({ metadata }) => metadata?.name === objectStore.bucketClass),
    };
    const lines = looks.map(async ([name, look]) => line(name, await outcome(() => look(around))));
    return [line(what, ok(`objectbucketclaims.${group}`)), ...(await Promise.all(lines))];
  } catch (error) {
    if (error instanceof Finding) return [line(what, error.result)];
    throw error;
  }
}

const rook = /^(.+)\.ceph\.rook\.io\/bucket$/;
/** Names by which provisioners of buckets go: Rook's, NooBaa's, those that follow the library's own example. */
const ofBuckets = /(\/|\b)(bucket|obc)$/;

/** @see https://rook.io/docs/rook/latest/Storage-Configuration/Object-Storage-RGW/ceph-object-bucket-claim/#storageclass */
async function provisioner({ settings, storageClass, cluster }: Surroundings): Promise<Found> {
  if (!storageClass) {
    const buckets = (await cluster.storageClasses()).filter((each) => ofBuckets.test(each.provisioner));
    const names = buckets.map(({ metadata }) => metadata?.name);
    return failed(
      "does not exist",
      names.length > 0
        ? `set objectStore.bucketClass to a class that creates buckets: ${names.join(", ")}`
        : `the cluster has none that creates buckets: ${objectStoreFirst}`,
    );
  }
  const { provisioner, volumeBindingMode, allowVolumeExpansion } = storageClass;
  if (ofBuckets.test(provisioner)) return ok(`creates buckets: ${provisioner}`);
  const claims = await cluster.objects(group, "v1alpha1", "objectbucketclaims");
  const bound = (claims as Claim[]).some(
    ({ spec, status }) => spec?.storageClassName === settings.bucketClass && status?.phase === "Bound",
  );
  if (bound) return ok(`creates buckets: ${provisioner} has bound a claim`);
  const todo = "use the class of a bucket provisioner: Rook's ends with .ceph.rook.io/bucket";
  // Only what provisions volumes has these.
  return volumeBindingMode === "WaitForFirstConsumer" ||
    allowVolumeExpansion ||
    /csi|^kubernetes\.io\//.test(provisioner)
    ? failed(`its provisioner, ${provisioner}, creates volumes: claims of this class would stay Pending`, todo)
    : unsure(`its provisioner is ${provisioner}, and it is not known to create buckets`, todo);
}

/** Ceph's RGW, found by the storage class, or the server of a claim that is bound. */
async function server({ settings, storageClass, cluster, api, deadline }: Surroundings): Promise<Found> {
  const { objectStoreName: name, objectStoreNamespace: namespace } = storageClass?.parameters ?? {};
  if (!storageClass || !rook.test(storageClass.provisioner) || !name || !namespace)
    return skipped("not known before a claim is bound");
  const stores: CephStore[] = await cluster.objects("ceph.rook.io", "v1", "cephobjectstores");
  const store = stores.find(({ metadata }) => metadata?.name === name && metadata.namespace === namespace);
  if (!store) return failed(`there is no CephObjectStore ${namespace}/${name}`, objectStoreFirst);
  const { port = 80, securePort = 443 } = store.spec?.gateway ?? {};
  const target = `${settings.tls ? "https:" : ""}rook-ceph-rgw-${name}:${settings.tls ? securePort : port}`;
  const { status, body } = await api
    .request(`/api/v1/namespaces/${namespace}/services/${target}/proxy/`)
    .catch((error: unknown) => ({ status: 0, body: whyNot(error, deadline) }));
  // Anybody may list what is public, which is nothing; an error that the API server makes itself is a Status.
  if (status > 0 && !body.includes('"kind":"Status"')) return ok(`RGW answers: ${namespace}/rook-ceph-rgw-${name}`);
  const phase = store.status?.phase ?? "not known";
  return failed(
    `RGW doesn't answer at ${namespace}/${target} (${status || body}); the CephObjectStore's phase is ${phase}`,
    `kubectl -n ${namespace} get pods -l app=rook-ceph-rgw,rgw=${name} shows its pods; does objectStore.tls (now ${settings.tls}) match the store's gateway?`,
  );
}

const byDefault = "maxObjects,maxSize";
const setting = "ROOK_OBC_ALLOW_ADDITIONAL_CONFIG_FIELDS";

/** @see https://github.com/rook/rook/pull/15376 */
async function allowedConfig({ settings, storageClass, cluster }: Surroundings): Promise<Found> {
  const asked = [...new Set(Object.values(settings.additionalConfig).flatMap((config) => Object.keys(config)))].sort();
  if (asked.length === 0) return ok("nothing is asked for");
  const [, operator] = rook.exec(storageClass?.provisioner ?? "") ?? [];
  if (!operator) return skipped(`${asked.join(", ")}: what is allowed is only known for Rook`);
  const config = await cluster.configMap(operator, "rook-ceph-operator-config");
  const allowed = config?.data?.[setting] ?? byDefault;
  const refused = asked.filter((key) => !allowed.split(/\s*,\s*/).includes(key));
  return refused.length === 0
    ? ok(asked.join(", "))
    : failed(
        `Rook's operator allows ${allowed}, and not ${refused.join(", ")}: it would refuse the claim`,
        `set ${setting}: "${[...new Set([...allowed.split(/\s*,\s*/), ...refused])].join(",")}" in the ConfigMap ${operator}/rook-ceph-operator-config, or leave it out of objectStore.additionalConfig`,
      );
}

async function claimed(own: StackClaim, around: Surroundings): Promise<Found> {
  const { name, uses, bucket } = own;
  const { cluster, namespace, settings } = around;
  const claims: Claim[] = await cluster.objects(group, "v1alpha1", "objectbucketclaims");
  const claim = claims.find(({ metadata }) => metadata?.name === name && metadata.namespace === namespace);
  const wrong = rival(own, claims, around) ?? (claim ? belonging(own, claim, around) : undefined);
  if (wrong) return wrong;
  if (!claim)
    return bucket
      ? ok(`does not exist; it will be created, for a bucket ${bucket}`)
      : failed(
          `does not exist, and ${uses.map((use) => `objectStore.claims.${use}`).join(", ")} refers to it`,
          "create it, or leave the setting out to let the program create one",
        );
  if (claim.status?.phase !== "Bound") return pending(own, claim, around);
  const data = (await cluster.configMap(namespace, name))?.data;
  if (!data?.BUCKET_HOST || !data.BUCKET_NAME)
    return failed(
      "is Bound, but its ConfigMap doesn't say where the bucket is",
      `kubectl -n ${namespace} get configmap ${name} -o yaml must have BUCKET_HOST, BUCKET_PORT and BUCKET_NAME: see its provisioner's log`,
    );
  const tls = { "80": false, "443": true }[data.BUCKET_PORT];
  return tls === undefined || tls === settings.tls
    ? ok(`is Bound: ${data.BUCKET_NAME} at ${data.BUCKET_HOST}:${data.BUCKET_PORT}`)
    : failed(`its bucket is at port ${data.BUCKET_PORT}`, `set objectStore.tls: ${tls}`);
}

/**
 * Another claim for the same bucket. Rook's provisioner doesn't refuse it: it links the bucket to the user of the claim that asks last.
 * @see https://github.com/rook/rook/blob/v1.18.0/pkg/operator/ceph/object/bucket/provisioner.go#L128 (`relinking`)
 */
function rival({ name, uses, bucket }: StackClaim, claims: readonly Claim[], around: Surroundings): Found | undefined {
  const { namespace, settings } = around;
  const other = claims.find(
    ({ metadata, spec }) =>
      bucket !== undefined &&
      spec?.bucketName === bucket &&
      spec.storageClassName === settings.bucketClass &&
      (metadata?.name !== name || metadata.namespace !== namespace),
  );
  return (
    other &&
    failed(
      `asks for the bucket ${bucket}, like the claim ${other.metadata?.namespace}/${other.metadata?.name}: Rook would take it from one and give it to the other`,
      `give this stack's bucket another name: ${uses.map((use) => `buckets.${use}`).join(", ")}; to share that claim, name it in objectStore.claims`,
    )
  );
}

/** Whether a claim that exists belongs to whom the settings say. */
function belonging({ name, uses, bucket }: StackClaim, claim: Claim, { managed }: Surroundings): Found | undefined {
  const made = Object.entries(labels({ name })).every(([key, value]) => claim.metadata?.labels?.[key] === value);
  const named = uses.map((use) => `objectStore.claims.${use}: ${name}`).join(", ");
  if (bucket && !made) return failed("exists, but was not created by this program", `to use it, set ${named}`);
  if (bucket && managed?.has("buckets") === false)
    return failed("exists from an earlier installation, but Pulumi no longer knows it", `to use it, set ${named}`);
  return !bucket && made && managed?.has("buckets")
    ? failed(
        `was created by this stack, and would no longer be managed`,
        `leave ${named} out: the stack's own claim is used anyway`,
      )
    : undefined;
}

/** What its provisioner says of a claim that it doesn't bind. */
async function pending({ name, uses, bucket }: StackClaim, claim: Claim, around: Surroundings): Promise<Found> {
  const { cluster, namespace, storageClass } = around;
  const events = await cluster.events(namespace, { kind: "ObjectBucketClaim", name });
  const said = [...events].sort((a, b) => time(b) - time(a))[0]?.message;
  const [, operator] = rook.exec(storageClass?.provisioner ?? "") ?? [];
  const log = operator
    ? `kubectl -n ${operator} logs deploy/rook-ceph-operator | grep ${name}`
    : `the log of ${storageClass?.provisioner ?? "its provisioner"}`;
  // Its provisioner would take no other bucket's name for a claim that exists, and a claim of another name would replace a protected one.
  const rename =
    bucket && !claim.spec?.objectBucketName
      ? `. To use another bucket name: change ${uses.map((use) => `buckets.${use}`).join(", ")}, then kubectl -n ${namespace} delete objectbucketclaim ${name} (it never had a bucket), then npm run up -- --refresh`
      : "";
  return failed(
    `is ${claim.status?.phase ?? "Pending"}: ${said ?? "its provisioner says nothing about it"}`,
    `${log} shows more; perhaps the object store isn't ready${rename}`,
  );
}

const time = ({ lastTimestamp, eventTime, metadata }: client.CoreV1Event): number =>
  new Date(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? 0).getTime();
