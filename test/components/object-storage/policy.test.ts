import assert from "node:assert/strict";
import { leastPrivilege } from "../../../components/object-storage/policy";

describe("A least-privilege policy", () => {
  const policy = leastPrivilege(["mimir-ruler", "mimir-blocks"]);
  const allowed = policy.Statement.filter(({ Effect }) => Effect === "Allow");

  it("allows what Loki and Mimir do with objects, and nothing that changes buckets or other people's rights", () => {
    assert.deepEqual(allowed.flatMap(({ Action }) => Action).sort(), [
      "s3:AbortMultipartUpload",
      "s3:DeleteObject",
      "s3:GetBucketLocation",
      "s3:GetObject",
      "s3:ListBucket",
      "s3:ListBucketMultipartUploads",
      "s3:ListMultipartUploadParts",
      "s3:PutObject",
    ]);
  });

  it("names its own buckets and no others, without a wildcard in a bucket's name", () => {
    assert.deepEqual(allowed.flatMap(({ Resource }) => Resource).sort(), [
      "arn:aws:s3:::mimir-blocks",
      "arn:aws:s3:::mimir-blocks/*",
      "arn:aws:s3:::mimir-ruler",
      "arn:aws:s3:::mimir-ruler/*",
    ]);
  });

  it("has actions and resources in the order in which MinIO gives them back", () => {
    for (const { Action, Resource = [] } of policy.Statement) {
      assert.deepEqual(Action, [...Action].sort());
      assert.deepEqual(Resource, [...Resource].sort());
    }
  });

  it("denies service accounts, whose keys would outlive a rotation, changes of the user's own key, and old versions", () => {
    assert.deepEqual(
      policy.Statement.filter(({ Effect }) => Effect === "Deny").flatMap(({ Action }) => Action),
      ["admin:CreateServiceAccount", "admin:CreateUser", "s3:DeleteObjectVersion"],
    );
  });
});
