import assert from "node:assert/strict";
import { preflight } from "../../../commands/preflight/preflight";
import type { Result } from "../../../commands/shared/api/result";
import { labels } from "../../../components/kubernetes/labels";
import { parseSettings } from "../../../settings/load";
import type { Retainable } from "../../../settings/sections/removal";
import { kubeconfigFor, serveApi, stopAll } from "./stand-ins";

const claimsPath = "/apis/objectbucket.io/v1alpha1/objectbucketclaims";
const inNamespace = "/api/v1/namespaces/monitoring";
const rgw = "/api/v1/namespaces/storage/services/rook-ceph-rgw-store:80/proxy/";

const bucketClass = {
  metadata: { name: "ceph-bucket" },
  provisioner: "storage.ceph.rook.io/bucket",
  parameters: { objectStoreName: "store", objectStoreNamespace: "storage" },
};
const volumeClass = {
  metadata: { name: "ceph-block" },
  provisioner: "storage.rbd.csi.ceph.com",
  allowVolumeExpansion: true,
};
const claim = (name: string, phase: string, own = true) => ({
  metadata: { name, namespace: "monitoring", ...(own && { labels: labels({ name }) }) },
  spec: { storageClassName: "ceph-bucket" },
  status: { phase },
});
const place = (bucket: string, port = "80") => ({
  data: { BUCKET_NAME: bucket, BUCKET_HOST: "rook-ceph-rgw-store.storage.svc", BUCKET_PORT: port, BUCKET_REGION: "" },
});
const eventsOf = (name: string) =>
  `${inNamespace}/events?fieldSelector=involvedObject.kind=ObjectBucketClaim,involvedObject.name=${name}`;

/** A cluster with Rook's object store, whose claims are all bound. */
const cluster = {
  "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/objectbucketclaims.objectbucket.io": { kind: "x" },
  "/apis/storage.k8s.io/v1/storageclasses": { items: [bucketClass, volumeClass] },
  "/apis/ceph.rook.io/v1/cephobjectstores": {
    items: [{ metadata: { name: "store", namespace: "storage" }, status: { phase: "Ready" } }],
  },
  [rgw]: "<ListAllMyBucketsResult/>",
  [claimsPath]: { items: [claim("loki-bucket", "Bound"), claim("mimir-bucket", "Bound")] },
  [`${inNamespace}/configmaps/loki-bucket`]: place("loki"),
  [`${inNamespace}/configmaps/mimir-bucket`]: place("mimir"),
};

async function look(
  objects: Record<string, unknown>,
  objectStore: object = {},
  managed?: ReadonlySet<Retainable>,
): Promise<Result[]> {
  const raw = {
    kubernetes: { kubeconfig: kubeconfigFor(await serveApi({ ...cluster, ...objects })) },
    objectStore: { kind: "claim", bucketClass: "ceph-bucket", ...objectStore },
    buckets: { mimirBlocks: "mimir", mimirRuler: "mimir", mimirAlertmanager: "mimir" },
  };
  const results = await preflight(parseSettings(raw, { stack: "test" }), {}, { milliseconds: 10_000 }, managed);
  return results.filter(({ area }) => area === "object store");
}

const wrong = (results: Result[]) => results.filter(({ status }) => status !== "ok");
const only = (results: Result[]): Result => {
  assert.equal(wrong(results).length, 1, JSON.stringify(wrong(results)));
  return wrong(results)[0];
};

describe("preflight of bucket claims", () => {
  afterEach(stopAll);

  it("finds nothing wrong where all of it is there", async () => {
    const results = await look({});
    assert.deepEqual(
      results.map(({ what, status, found }) => `${what} ${status}: ${found}`),
      [
        "ObjectBucketClaim API ok: objectbucketclaims.objectbucket.io",
        "storage class ceph-bucket ok: creates buckets: storage.ceph.rook.io/bucket",
        "S3 server ok: RGW answers: storage/rook-ceph-rgw-store",
        "additional config ok: nothing is asked for",
        "claim loki-bucket ok: is Bound: loki at rook-ceph-rgw-store.storage.svc:80",
        "claim mimir-bucket ok: is Bound: mimir at rook-ceph-rgw-store.storage.svc:80",
      ],
    );
  });

  it("says that the object store comes first where there is no such API, and tries nothing else", async () => {
    const crd = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/objectbucketclaims.objectbucket.io";
    const [api, ...others] = await look({ [crd]: 404 });
    assert.match(`${api.status} ${api.todo}`, /^failed .*ks\.yaml\.disabled to ks\.yaml/);
    assert(others.every(({ status }) => status === "skipped"));
  });

  it("refuses a class that is not there or makes volumes, and names one that makes buckets", async () => {
    const missing = (await look({}, { bucketClass: "bucket" })).find(({ what }) => what === "storage class bucket");
    assert.match(
      `${missing?.status} ${missing?.found} ${missing?.todo}`,
      /^failed does not exist .*buckets: ceph-bucket$/,
    );
    const block = (await look({}, { bucketClass: "ceph-block" })).find(
      ({ what }) => what === "storage class ceph-block",
    );
    assert.match(`${block?.status} ${block?.found}`, /^failed .*rbd\.csi.* creates volumes/);
  });

  it("takes a class for one of buckets that has bound a claim, and doubts it otherwise", async () => {
    const other = { items: [{ ...bucketClass, provisioner: "example.org/store" }] };
    const of = async (objects: Record<string, unknown>) =>
      (await look({ "/apis/storage.k8s.io/v1/storageclasses": other, ...objects }))[1].status;
    assert.deepEqual([await of({}), await of({ [claimsPath]: { items: [] } })], ["ok", "unsure"]);
  });

  it("finds an RGW that doesn't answer, and a CephObjectStore that isn't there", async () => {
    const silent = only(await look({ [rgw]: 503 }));
    assert.match(
      `${silent.found} ${silent.todo}`,
      /RGW doesn't answer.*phase is Ready .*get pods -l app=rook-ceph-rgw,rgw=store/,
    );
    const none = only(await look({ "/apis/ceph.rook.io/v1/cephobjectstores": { items: [] } }));
    assert.match(`${none.found} ${none.todo}`, /no CephObjectStore storage\/store .*ks\.yaml\.disabled/);
  });

  it("tells what the provisioner says last of a claim that stays Pending, and where its log is", async () => {
    const events = {
      items: [
        { lastTimestamp: "2026-11-22T10:05:00Z", message: "bucket loki belongs to another user" },
        { lastTimestamp: "2026-11-22T10:00:00Z", message: "provisioning" },
      ],
    };
    const items = [claim("loki-bucket", "Pending"), claim("mimir-bucket", "Bound")];
    const said = only(await look({ [claimsPath]: { items }, [eventsOf("loki-bucket")]: events }));
    assert.equal(said.status, "failed");
    assert.equal(said.found, "is Pending: bucket loki belongs to another user");
    assert.match(said.todo ?? "", /kubectl -n storage logs deploy\/rook-ceph-operator \| grep loki-bucket/);
    assert.match(
      said.todo ?? "",
      /change buckets\.loki, then kubectl -n monitoring delete objectbucketclaim loki-bucket .*, then npm run up -- --refresh$/,
    );
    const theirs = only(await look({ [claimsPath]: { items } }, { claims: { loki: "loki-bucket" } }));
    assert.doesNotMatch(theirs.todo ?? "", /delete/);
    const silent = only(await look({ [claimsPath]: { items } }));
    assert.match(silent.found, /says nothing about it/);
  });

  it("expects a claim that the settings name, and takes none for its own that somebody else made", async () => {
    const absent = only(await look({}, { claims: { loki: "logs" } }));
    assert.match(
      `${absent.status} ${absent.found}`,
      /^failed does not exist, and objectStore\.claims\.loki refers to it/,
    );
    const items = [claim("loki-bucket", "Bound", false)];
    const foreign = only(await look({ [claimsPath]: { items } }));
    assert.match(
      `${foreign.found} ${foreign.todo}`,
      /not created by this program .*objectStore\.claims\.loki: loki-bucket/,
    );
  });

  it("knows by Pulumi's state whose claims of the program's own names are", async () => {
    const own = { claims: { loki: "loki-bucket" } };
    const named = only(await look({}, own, new Set(["buckets"])));
    assert.match(
      `${named.found} ${named.todo}`,
      /^was created by this stack.* leave objectStore\.claims\.loki: loki-bucket out/,
    );
    assert.deepEqual(
      wrong(await look({}, own, new Set())).map(({ what }) => what),
      ["claim mimir-bucket"],
    );
    const [loki, mimir] = wrong(await look({}, {}, new Set()));
    assert.match(
      `${loki.found} ${loki.todo}`,
      /^exists from an earlier installation.*set objectStore\.claims\.loki: loki-bucket$/,
    );
    assert.match(
      mimir.todo ?? "",
      /claims\.mimirRuler: mimir-bucket, objectStore\.claims\.mimirAlertmanager: mimir-bucket$/,
    );
    assert.deepEqual(wrong(await look({}, {}, new Set(["buckets"]))), []);
  });

  it("finds another claim for the same bucket, which Rook would hand over without a word", async () => {
    const theirs = (spec: object) => ({
      ...{ metadata: { name: "logs", namespace: "other" }, status: { phase: "Bound" } },
      spec: { storageClassName: "ceph-bucket", bucketName: "loki", ...spec },
    });
    const items = [claim("mimir-bucket", "Bound")];
    const taken = only(await look({ [claimsPath]: { items: [...items, theirs({})] } }));
    assert.match(`${taken.found} ${taken.todo}`, /the bucket loki, like the claim other\/logs.* buckets\.loki; /);
    assert.deepEqual(wrong(await look({ [claimsPath]: { items: [...items, theirs({ bucketName: "logs" })] } })), []);
    const elsewhere = theirs({ storageClassName: "another-store" });
    assert.deepEqual(wrong(await look({ [claimsPath]: { items: [...items, elsewhere] } })), []);
  });

  it("finds a bucket that speaks TLS where the settings don't", async () => {
    const port = only(await look({ [`${inNamespace}/configmaps/loki-bucket`]: place("loki", "443") }));
    assert.match(`${port.status} ${port.todo}`, /^failed set objectStore\.tls: true/);
  });

  it("finds what Rook's operator doesn't allow a claim to ask for", async () => {
    const additionalConfig = { loki: { maxSize: "1Ti", bucketMaxSize: "1Ti" } };
    const refused = only(await look({}, { additionalConfig }));
    assert.match(`${refused.found} ${refused.todo}`, /not bucketMaxSize.*FIELDS: "maxObjects,maxSize,bucketMaxSize"/);
    const operator = "/api/v1/namespaces/storage/configmaps/rook-ceph-operator-config";
    const allowed = { data: { ROOK_OBC_ALLOW_ADDITIONAL_CONFIG_FIELDS: "maxSize, bucketMaxSize" } };
    assert.deepEqual(wrong(await look({ [operator]: allowed }, { additionalConfig })), []);
  });
});
