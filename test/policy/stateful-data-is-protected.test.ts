import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { crdsOutliveTheOperator } from "../../policy/crds-outlive-the-operator";
import { statefulDataIsProtected as policy } from "../../policy/stateful-data-is-protected";
import { findings, object, release, unknown, type TestResource } from "./support";

const named = (apiVersion: string, kind: string) => object(apiVersion, kind, { metadata: { name: "data" } });
const other = (type: string, props: object): TestResource => ({ type, name: "loki", props });
const isProtected = (resource: TestResource): TestResource => ({ ...resource, opts: { protect: true } });
const lost = (label: string, loss: string) =>
  `${label}: the option protect is not set; wanted protect: true. If it is removed from the program, renamed or moved, it is deleted, and with it ${loss}. Set protect: true. To delete it later, first remove the protection in a separate update.`;
const statefulSet = (policy: unknown, name = "loki") =>
  object("apps/v1", "StatefulSet", {
    metadata: { namespace: "monitoring", name },
    spec: { persistentVolumeClaimRetentionPolicy: policy, volumeClaimTemplates: [{ metadata: { name: "data" } }] },
  });
const deleted = (where: string, found = '"Delete"', wanted = '"Retain"') =>
  `${where} is ${found}; wanted ${wanted}. The volumes would be deleted with their workload, or when it is scaled down. Keep them. If the migration deletes them on purpose, list the workload in migration.reclaimVolumes or in this policy's parameter reclaimed. Parameters are set in the file of --policy-pack-config.`;
const place = "spec.persistentVolumeClaimRetentionPolicy";

describe("stateful-data-is-protected", () => {
  const cases: [TestResource, string][] = [
    [
      other("minio:index/s3Bucket:S3Bucket", { bucket: "loki" }),
      lost("S3Bucket loki", "the bucket and every object in it"),
    ],
    [
      other("minio:index/iamUser:IamUser", { name: "loki" }),
      lost("IamUser loki", "the keys by which programs reach their bucket"),
    ],
    [other("onepassword:index/item:Item", { title: "loki" }), lost("Item loki", "the only copy of a generated secret")],
    [named("core/v1", "Namespace"), lost("Namespace data", "everything in the namespace, including volumes")],
    [named("core/v1", "PersistentVolumeClaim"), lost("PersistentVolumeClaim data", "the volume and what is on it")],
    [
      named("objectbucket.io/v1alpha1", "ObjectBucketClaim"),
      lost("ObjectBucketClaim data", "the bucket and every object in it"),
    ],
    [
      named("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
      lost("CustomResourceDefinition data", "every resource of its kind, whoever created it"),
    ],
    [other("aws:s3/bucketV2:BucketV2", {}), lost("BucketV2 loki", "the bucket and every object in it")],
  ];
  for (const [resource, expected] of cases) {
    it(`refuses ${resource.type} without protection, and accepts it with`, async () => {
      assert.deepEqual(await findings(policy, resource), [expected]);
      assert.deepEqual(await findings(policy, isProtected(resource)), []);
    });
  }

  describe("accepts in place of protection that it is retained, which no policy sees", () => {
    afterEach(() => pulumi.runtime.setAllConfig({}));
    const bucket = other("minio:index/s3Bucket:S3Bucket", { bucket: "loki" });
    const item = other("onepassword:index/item:Item", { title: "loki" });
    const definitions = release("prometheus-operator-crds", {});

    it("by the word of the stack's settings, for the parts that they name and no others", async () => {
      pulumi.runtime.setAllConfig({ "observability:removal": '{"retain":["buckets","users","namespace","crds"]}' });
      const user = other("minio:index/iamUser:IamUser", { name: "loki" });
      for (const each of [bucket, user, named("core/v1", "Namespace")])
        assert.deepEqual(await findings(policy, each), []);
      assert.equal((await findings(policy, item)).length, 1);
      assert.equal((await findings(policy, named("core/v1", "PersistentVolumeClaim"))).length, 1);
      assert.deepEqual(await findings(crdsOutliveTheOperator, definitions), []);
      pulumi.runtime.setAllConfig({ "observability:removal": '{"retain":["items"]}' });
      assert.deepEqual(await findings(policy, item), []);
      assert.equal((await findings(policy, bucket)).length, 1);
      assert.equal((await findings(crdsOutliveTheOperator, definitions)).length, 1);
    });

    it("by the word of its configuration, by name", async () => {
      assert.deepEqual(await findings(policy, bucket, { retained: ["lo*"] }), []);
      assert.equal((await findings(policy, bucket, { retained: ["mimir"] })).length, 1);
      assert.deepEqual(await findings(crdsOutliveTheOperator, definitions, { retained: ["prometheus-*"] }), []);
    });

    it("and not by a setting of that name that says something else", async () => {
      for (const text of ["7d", "true", '["buckets"]', '{"retain":"buckets"}', '{"retain":["everything"]}']) {
        pulumi.runtime.setAllConfig({ "observability:removal": text });
        assert.equal((await findings(policy, bucket)).length, 1, text);
      }
    });
  });

  it("looks past what an update brings back", async () => {
    const attachment = other("minio:index/iamUserPolicyAttachment:IamUserPolicyAttachment", {});
    for (const each of [
      named("core/v1", "ConfigMap"),
      named("apps/v1", "Deployment"),
      release("grafana", {}),
      attachment,
    ])
      assert.deepEqual(await findings(policy, each), []);
  });

  it("leaves the release of the operator's definitions to the policy that is meant for it", async () => {
    const crds = release("prometheus-operator-crds", {});
    assert.deepEqual(await findings(policy, crds), []);
    assert.equal((await findings(crdsOutliveTheOperator, crds)).length, 1);
  });

  describe("of volumes", () => {
    it("accepts a StatefulSet that keeps them, in words or by default", async () => {
      assert.deepEqual(await findings(policy, statefulSet({ whenDeleted: "Retain", whenScaled: "Retain" })), []);
      assert.deepEqual(await findings(policy, statefulSet(undefined)), []);
    });

    it("refuses one that deletes them, with it or when scaled", async () => {
      assert.deepEqual(await findings(policy, statefulSet({ whenDeleted: "Delete", whenScaled: "Retain" })), [
        deleted(`StatefulSet monitoring/loki: ${place}.whenDeleted`),
      ]);
      assert.deepEqual(await findings(policy, statefulSet({ whenScaled: "Delete" })), [
        deleted(`StatefulSet monitoring/loki: ${place}.whenScaled`),
      ]);
    });

    it("says when a preview doesn't know it", async () => {
      assert.deepEqual(await findings(policy, statefulSet({ whenDeleted: unknown })), [
        `advisory: string value at .${place}.whenDeleted can't be known during preview`,
      ]);
    });

    it("refuses it of a Prometheus of the operator's and in chart values", async () => {
      const spec = { persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete" } };
      const prometheus = object("monitoring.coreos.com/v1", "Prometheus", { metadata: { name: "k8s" }, spec });
      assert.deepEqual(await findings(policy, prometheus), [deleted(`Prometheus k8s: ${place}.whenDeleted`)]);
      const kps = release("kube-prometheus-stack", { prometheus: { prometheusSpec: spec } });
      assert.deepEqual(await findings(policy, kps), [
        deleted(
          "Release monitoring/kube-prometheus-stack: values.prometheus.prometheusSpec.persistentVolumeClaimRetentionPolicy.whenDeleted",
        ),
      ]);
    });

    it("refuses the switch of Loki's chart, which deletes unless told otherwise, and of Mimir's", async () => {
      const loki = (persistence: object) => release("loki", { singleBinary: { persistence } });
      const where = "Release monitoring/loki: values.singleBinary.persistence";
      assert.deepEqual(await findings(policy, loki({ enableStatefulSetAutoDeletePVC: true })), [
        deleted(`${where}.enableStatefulSetAutoDeletePVC`, "true", "false"),
      ]);
      const kept = { enableStatefulSetAutoDeletePVC: true, whenDeleted: "Retain", whenScaled: "Retain" };
      assert.deepEqual(await findings(policy, loki(kept)), []);
      assert.deepEqual(await findings(policy, loki({ enableStatefulSetAutoDeletePVC: false })), []);
      const mimir = { ingester: { persistentVolume: { enableRetentionPolicy: true, whenDeleted: "Delete" } } };
      assert.deepEqual(await findings(policy, release("mimir-distributed", mimir)), [
        deleted("Release monitoring/mimir-distributed: values.ingester.persistentVolume.whenDeleted"),
      ]);
    });

    it("accepts it of a workload that its configuration gives up, and of no other", async () => {
      const config = { reclaimed: ["prometheus", "scratch-*"] };
      const gone = { whenDeleted: "Delete" };
      assert.deepEqual(await findings(policy, statefulSet(gone, "scratch-1"), config), []);
      assert.deepEqual(await findings(policy, statefulSet(gone, "mimir"), config), [
        deleted(`StatefulSet monitoring/mimir: ${place}.whenDeleted`),
      ]);
    });

    describe("by the stack's settings", () => {
      afterEach(() => pulumi.runtime.setAllConfig({}));

      it("accepts it of a volume that the migration reclaims, and of no other", async () => {
        pulumi.runtime.setAllConfig({
          "observability:migration": '{"retireKps":true,"reclaimVolumes":["prometheus"]}',
        });
        const spec = { persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete" } };
        const kps = (values: object) => release("kube-prometheus-stack", values);
        assert.deepEqual(await findings(policy, kps({ prometheus: { prometheusSpec: spec } })), []);
        assert.deepEqual(await findings(policy, kps({ alertmanager: { alertmanagerSpec: spec } })), [
          deleted(
            "Release monitoring/kube-prometheus-stack: values.alertmanager.alertmanagerSpec.persistentVolumeClaimRetentionPolicy.whenDeleted",
          ),
        ]);
      });
    });
  });
});
