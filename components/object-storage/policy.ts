/**
 * An access policy of S3.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-policy-language-overview.html
 */
export interface Policy {
  Version: "2012-10-17";
  Statement: { Effect: "Allow" | "Deny"; Action: string[]; Resource?: string[] }[];
}

// Actions and resources are sorted, because MinIO sorts them: in any other order a refresh shows a difference for ever.
const onBucket = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"];
const onObjects = [
  "s3:AbortMultipartUpload",
  "s3:DeleteObject",
  "s3:GetObject",
  "s3:ListMultipartUploadParts",
  "s3:PutObject",
];

/**
 * What Loki and Mimir need in their buckets, and nothing beside it: objects are read, written, listed and deleted, large ones in parts.
 *
 * Not in it: making and removing buckets, bucket policies, versions, other buckets. Denied is what MinIO lets every user do that isn't
 * forbidden it: making service accounts, whose keys a rotation leaves valid, and changing the user's own key, which locks the application out;
 * and removing old versions, which Amazon wants an allowance for and MinIO takes `s3:DeleteObject` for (e2e/object-store-setup.test.ts).
 *
 * @param buckets names of the application's buckets
 */
export function leastPrivilege(buckets: readonly string[]): Policy {
  const resources = buckets.map((bucket) => `arn:aws:s3:::${bucket}`).sort();
  return {
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Action: onBucket, Resource: resources },
      { Effect: "Allow", Action: onObjects, Resource: resources.map((bucket) => `${bucket}/*`) },
      { Effect: "Deny", Action: ["admin:CreateServiceAccount", "admin:CreateUser"] },
      { Effect: "Deny", Action: ["s3:DeleteObjectVersion"], Resource: resources.map((bucket) => `${bucket}/*`) },
    ],
  };
}
