import assert from "node:assert/strict";
import { noForceDestroyInProduction as policy } from "../../policy/no-force-destroy-in-production";
import { findings, unknown, type TestResource } from "./support";

const bucket = (props: object): TestResource => ({
  type: "minio:index/s3Bucket:S3Bucket",
  name: "loki",
  props: { bucket: "loki", ...props },
});
const refused = (label: string, path = "forceDestroy", stack = "production") =>
  `${label}: ${path} is true; wanted false, or unset. The stack ${stack} is production: deleting this would also delete its content, without asking. Leave it out; empty it by hand before you delete it.`;

describe("no-force-destroy-in-production", () => {
  it("accepts a bucket without it in production, and one with it elsewhere", async () => {
    assert.deepEqual(await findings(policy, bucket({}), {}, "production"), []);
    assert.deepEqual(await findings(policy, bucket({ forceDestroy: false }), {}, "production"), []);
    for (const stack of ["sandbox", "staging", "preproduction"]) {
      assert.deepEqual(await findings(policy, bucket({ forceDestroy: true }), {}, stack), [], stack);
    }
  });

  it("refuses it in production, by whatever name production has", async () => {
    for (const stack of ["production", "production-eu", "prod", "prod-2"]) {
      const found = await findings(policy, bucket({ forceDestroy: true }), {}, stack);
      assert.deepEqual(found, [refused("S3Bucket loki", "forceDestroy", stack)]);
    }
  });

  it("refuses it of other providers, and its like", async () => {
    const aws = { type: "aws:s3/bucketV2:BucketV2", name: "loki", props: { forceDestroy: "true" } };
    assert.deepEqual(await findings(policy, aws, {}, "production"), [refused("BucketV2 loki")]);
    const registry = { type: "aws:ecr/repository:Repository", name: "images", props: { forceDelete: true } };
    assert.deepEqual(await findings(policy, registry, {}, "production"), [refused("Repository images", "forceDelete")]);
  });

  it("leaves a user of MinIO's to no-destructive-provider-flags, which refuses it in every stack", async () => {
    const user = { type: "minio:index/iamUser:IamUser", name: "loki", props: { forceDestroy: true } };
    assert.deepEqual(await findings(policy, user, {}, "production"), []);
  });

  it("says when a preview doesn't know it", async () => {
    assert.deepEqual(await findings(policy, bucket({ forceDestroy: unknown }), {}, "production"), [
      "advisory: string value at .forceDestroy can't be known during preview",
    ]);
  });

  it("takes for production what its configuration says", async () => {
    const config = { stacks: ["home"] };
    assert.deepEqual(await findings(policy, bucket({ forceDestroy: true }), config, "production"), []);
    assert.deepEqual(await findings(policy, bucket({ forceDestroy: true }), config, "home"), [
      refused("S3Bucket loki", "forceDestroy", "home"),
    ]);
  });
});
