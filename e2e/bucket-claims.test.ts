import assert from "node:assert/strict";
import { kubeconfigPath } from "../lab/cluster/paths";
import { until } from "../lab/until";
import { preflight } from "../commands/preflight/preflight";
import { apiOf, type Api } from "../commands/shared/api/api-server";
import type { KubernetesObject } from "../commands/shared/objects";
import { loadStackSettings } from "../commands/shared/settings";
import { bucketsIn } from "../commands/verify/buckets";
import { objectsListed } from "../commands/verify/objects";
import { Reach } from "../commands/verify/reach";
import type { Subject } from "../commands/verify/subject";
import { testStack } from "../test/stacks/stacks";
import { BucketProvisioner } from "./support/bucket-provisioner";
import { ApiProxy, testCluster } from "./support/cluster";
import type { Applicable } from "../lab/sandbox/apply";
import { applyHere, leaveNamespace, makeNamespace, renderPart } from "./support/deploy";
import { lowerRequests } from "./support/describe-loki";
import { LokiClient, nanoseconds } from "./support/loki";
import { prompt } from "./support/prompt";

const [namespace, store, storageClass] = ["e2e-claims", "e2e-claims-store", "e2e-claims-bucket"];
const kubeconfig = process.env.KUBECONFIG ?? kubeconfigPath();

describe("Buckets by claims, on a cluster with a bucket provisioner and no MinIO of the stack's", function () {
  this.timeout(10 * 60_000);
  const config = [
    `objectStore=${JSON.stringify({ kind: "claim", bucketClass: storageClass })}`,
    ...["loki.mode=single-binary", "loki.singleBinary.replicas=1", "loki.canary=false", "stage=dual-write"],
  ];
  let provisioner: BucketProvisioner | undefined;
  let proxy: ApiProxy | undefined;
  let api: Api;
  let resources: Applicable[];
  let buckets: Subject["buckets"];

  before(async () => {
    resources = await renderPart({
      ...{ namespace, stack: "staging", config, components: ["loki", "mimir", "object-storage", "secrets"] },
      edit: (object) => lowerRequests(prompt(object), []),
    });
    provisioner = await BucketProvisioner.start({ namespace: store, storageClass });
    buckets = bucketsIn(resources.flatMap(({ object }) => (object ? [object] : [])));
    await makeNamespace(namespace);
    await provisioner.during(applyHere(namespace, resources));
    proxy = await ApiProxy.start();
    api = await apiOf({ kubeconfig }, { milliseconds: 30_000 });
  });

  after(async () => {
    proxy?.stop();
    await leaveNamespace(namespace);
    await provisioner?.stop();
    await leaveNamespace(store);
  });

  const listed = (name: "loki" | "mimir", of = buckets) => {
    const reach = new Reach(api, AbortSignal.timeout(30_000), 30_000);
    return objectsListed({ subject: { buckets: of } as Subject, reach, now: 0 }, name);
  };

  it("has one for each bucket, and Loki and Mimir run on them", () =>
    assert.deepEqual(
      [...provisioner!.bound].sort(),
      ["loki-staging", "mimir-alertmanager", "mimir-blocks", "mimir-ruler"].map((bucket) => `${bucket}-bucket`),
    ));

  it("has Loki's chunks in Loki's bucket, listed with Loki's key", async () => {
    const loki = new LokiClient(proxy!, namespace);
    await loki.push({ app: "claims" }, [[nanoseconds(Date.now()), "a line"]]);
    await loki.flush("loki-0");
    const { detail } = await until("an object is in the bucket", 120, async () => {
      const found = await listed("loki");
      return found.ok ? found : undefined;
    });
    assert.match(detail, /^loki-staging: \d+ objects?, /);
  });

  it("has Mimir's rules in the bucket for rules, each bucket listed with a key of its own", async () => {
    const rule = "name: group\nrules:\n  - record: one\n    expr: vector(1)\n";
    const path = "/prometheus/config/v1/rules/claims";
    const headers = { "Content-Type": "application/yaml" };
    const made = await proxy!.request(namespace, "services/mimir:9009", path, { method: "POST", headers, body: rule });
    assert.equal(made.status, 202, await made.text());
    const { ok, detail } = await listed("mimir");
    assert.ok(ok, detail);
    assert.match(detail, /mimir-blocks: .*; mimir-ruler: 1 object, .*; mimir-alertmanager: /);
    assert.equal(new Set(buckets.mimir?.buckets.map(({ accessKey }) => accessKey)).size, 3);
  });

  it("is refused another's bucket with its own key", async () => {
    const [own] = buckets.loki!.buckets;
    const { ok, detail } = await listed("loki", {
      loki: { ...buckets.loki!, buckets: [{ ...own, name: "mimir-blocks" }] },
    });
    assert.deepEqual([ok, detail], [false, "mimir-blocks: the object store refuses it (AccessDenied)"]);
  });

  it("stays as it is when it is applied again", async () => {
    const before = [...provisioner!.bound];
    await applyHere(namespace, resources);
    const { kubectl } = await testCluster();
    const claims = resources.flatMap(({ object }) => (object?.kind === "ObjectBucketClaim" ? [object] : []));
    assert.equal(claims.length, 4);
    assert.equal(await kubectl.diff(claims), "");
    assert.deepEqual(provisioner!.bound, before);
  });

  it("passes preflight, which tells what the provisioner says of a claim that stays Pending", async () => {
    const { kubectl } = await testCluster();
    const look = async (claims: object) => {
      const objectStore = JSON.stringify({ kind: "claim", bucketClass: storageClass, claims });
      const settings = [
        `objectStore=${objectStore}`,
        `namespace.name=${namespace}`,
        `kubernetes.kubeconfig=${kubeconfig}`,
      ];
      const loaded = loadStackSettings({ ...testStack("staging"), config: [...config, ...settings] });
      const results = await preflight(loaded, {}, { milliseconds: 30_000 });
      return results
        .filter(({ area, status }) => area === "object store" && status !== "skipped")
        .map(({ what, status, found }) => `${what} ${status}: ${found}`);
    };
    const at = `minio.${store}.svc.cluster.local:9000`;
    assert.deepEqual(await look({}), [
      "ObjectBucketClaim API ok: objectbucketclaims.objectbucket.io",
      `storage class ${storageClass} ok: creates buckets: ${store}.example.org/bucket`,
      "additional config ok: nothing is asked for",
      ...["loki-staging", "mimir-blocks", "mimir-ruler", "mimir-alertmanager"].map(
        (bucket) => `claim ${bucket}-bucket ok: is Bound: ${bucket} at ${at}`,
      ),
    ]);
    const stuck: KubernetesObject = {
      apiVersion: "objectbucket.io/v1alpha1",
      kind: "ObjectBucketClaim",
      metadata: { name: "stuck", namespace },
      spec: { bucketName: "mimir-blocks", storageClassName: storageClass },
    };
    await kubectl.apply([stuck]);
    const pending = await until("the provisioner has said why", 240, async () => {
      const lines = await look({ loki: "stuck" });
      const found = lines.find((line) => line.startsWith("claim stuck failed"));
      return found && !found.endsWith("says nothing about it") ? found : undefined;
    });
    assert.equal(pending, "claim stuck failed: is Pending: bucket mimir-blocks belongs to another user");
    const rival = (await look({})).find((line) => line.startsWith("claim mimir-blocks-bucket"));
    assert.match(rival ?? "", /failed: asks for the bucket mimir-blocks, like the claim .*\/stuck/);
  });
});
