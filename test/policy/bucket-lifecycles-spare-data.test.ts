import assert from "node:assert/strict";
import { stringify } from "yaml";
import { bucketLifecyclesSpareData as policy } from "../../policy/bucket-lifecycles-spare-data";
import { goodLoki } from "./fixtures";
import { object, stackFindings, unknown, type TestResource } from "./support";

const loki = (bucketnames: string): TestResource => ({
  ...object("core/v1", "ConfigMap", {
    metadata: { name: "loki", namespace: "monitoring" },
    data: {
      "config.yaml": stringify({ ...goodLoki, common: { storage: { s3: { endpoint: "minio:9000", bucketnames } } } }),
    },
  }),
  name: "loki",
});
const of = (type: string, props: object): TestResource => ({ type, name: "it", props });
const ilm = (rule: object, bucket = "logs") =>
  of("minio:index/ilmPolicy:IlmPolicy", { bucket, rules: [{ id: "a", ...rule }] });
const aws = (rule: object) =>
  of("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", {
    bucket: "logs",
    rules: [{ id: "a", status: "Enabled", ...rule }],
  });
const minioVersions = of("minio:index/s3BucketVersioning:S3BucketVersioning", {
  bucket: "logs",
  versioningConfiguration: { status: "Enabled" },
});
const pods = {
  ...object("apps/v1", "StatefulSet", {
    metadata: { name: "loki", namespace: "monitoring" },
    spec: {
      template: {
        spec: {
          containers: [
            {
              name: "loki",
              args: ["-config.expand-env=true"],
              env: [{ name: "BUCKET", valueFrom: { configMapKeyRef: { name: "loki-bucket", key: "BUCKET_NAME" } } }],
            },
          ],
          volumes: [{ configMap: { name: "loki" } }],
        },
      },
    },
  }),
  name: "loki",
};
const claim = (rules: object[], name = "loki-bucket"): TestResource => ({
  ...of("kubernetes:objectbucket.io/v1alpha1:ObjectBucketClaim", {
    metadata: { name, namespace: "monitoring" },
    spec: { additionalConfig: { bucketLifecycle: JSON.stringify({ Rules: rules }) } },
  }),
});

const expires = (label: string, path: string, found: string) =>
  `${label}: ${path} is ${found}; wanted no expiration or archiving of objects in use. Loki and Mimir delete by their own retention, and look for what their index names: queries and the compactor fail on what is gone. Leave it out; set the retention of Loki or Mimir. Rules for old versions and unfinished uploads may stay.`;
const grows = (label: string, path: string) =>
  `${label}: ${path} is on, and no lifecycle rule of the stack removes old versions; wanted a rule for this bucket that expires versions that are not the current one. What Loki and Mimir delete stays as a version: the bucket only grows, whatever their retention is. Add a rule with an expiration of noncurrent versions, such as 7 days.`;
const noncurrent = { expiration: "DeleteMarker", noncurrentVersionExpirationDays: 7 };

const cases: { when: string; stack: TestResource[]; finds?: string[] }[] = [
  { when: "old versions and markers expire", stack: [loki("logs"), minioVersions, ilm(noncurrent)] },
  {
    when: "MinIO's provider expires objects by days, in Loki's bucket",
    stack: [loki("logs"), ilm({ expiration: "30d" })],
    finds: [expires("IlmPolicy it", "rules[0].expiration", '"30d"')],
  },
  {
    when: "objects of a bucket expire that is not Loki's",
    stack: [loki("logs"), ilm({ expiration: "30d" }, "uploads")],
  },
  {
    when: "Amazon expires by days, and archives",
    stack: [
      loki("logs"),
      aws({
        expiration: { days: 30 },
        transitions: [{ days: 1, storageClass: "STANDARD_IA" }, { storageClass: "GLACIER" }],
      }),
    ],
    finds: [
      expires("BucketLifecycleConfiguration it", "rules[0].expiration.days", "30"),
      expires("BucketLifecycleConfiguration it", "rules[0].transitions[1].storageClass", '"GLACIER"'),
    ],
  },
  { when: "such a rule is off", stack: [loki("logs"), aws({ expiration: { days: 30 }, status: "Disabled" })] },
  {
    when: "Amazon removes markers, old versions and unfinished uploads",
    stack: [
      loki("logs"),
      aws({
        expiration: { expiredObjectDeleteMarker: true, days: 0 },
        noncurrentVersionExpiration: { noncurrentDays: 7 },
        abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
      }),
    ],
  },
  {
    when: "a bucket of Amazon's has its rules in itself",
    stack: [
      loki("logs"),
      of("aws:s3/bucket:Bucket", { bucket: "logs", lifecycleRules: [{ enabled: true, expiration: { days: 90 } }] }),
    ],
    finds: [expires("Bucket it", "lifecycleRules[0].expiration.days", "90")],
  },
  {
    when: "versions are kept for ever",
    stack: [loki("logs"), minioVersions, ilm({ expiration: "DeleteMarker" }), ilm(noncurrent, "other")],
    finds: [grows("S3BucketVersioning it", "versioningConfiguration.status")],
  },
  {
    when: "objects are locked, which keeps versions",
    stack: [
      loki("logs"),
      of("minio:index/s3Bucket:S3Bucket", { bucket: "logs", objectLocking: true }),
      of("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration", {
        bucket: "logs",
        rule: { defaultRetention: { mode: "COMPLIANCE", years: 1 } },
      }),
    ],
    finds: [grows("S3Bucket it", "objectLocking"), grows("BucketObjectLockConfiguration it", "rule")],
  },
  {
    when: "objects are locked, and a rule removes old versions",
    stack: [
      loki("logs"),
      of("minio:index/s3Bucket:S3Bucket", { bucket: "logs", objectLocking: true }),
      ilm(noncurrent),
    ],
  },
  {
    when: "versions are off",
    stack: [
      loki("logs"),
      of("aws:s3/bucketVersioning:BucketVersioning", {
        bucket: "logs",
        versioningConfiguration: { status: "Suspended" },
      }),
    ],
  },
  {
    when: "a claim that Loki has its bucket from expires objects, in whatever case that is written",
    stack: [loki("${BUCKET}"), pods, claim([{ status: "Enabled", expiration: { days: 30 } }])],
    finds: [
      expires(
        "ObjectBucketClaim monitoring/loki-bucket",
        "spec.additionalConfig.bucketLifecycle.Rules[0].expiration.days",
        "30",
      ),
    ],
  },
  {
    when: "that claim only expires old versions, and another claim is not Loki's",
    stack: [
      loki("${BUCKET}"),
      pods,
      claim([{ NoncurrentVersionExpiration: { NoncurrentDays: 7 } }]),
      claim([{ Expiration: { Days: 1 } }], "uploads"),
    ],
  },
  {
    when: "a preview doesn't know the expiration",
    stack: [loki("logs"), ilm({ expiration: unknown })],
    finds: ["advisory: string value at .rules.0.expiration can't be known during preview"],
  },
];

describe("bucket-lifecycles-spare-data", () => {
  for (const { when, stack, finds = [] } of cases) {
    it(`${finds.length > 0 ? "refuses" : "accepts"} it when ${when}`, async () => {
      assert.deepEqual(await stackFindings(policy, stack), finds);
    });
  }
});
