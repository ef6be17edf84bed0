import { IamPolicy } from "@pulumi/minio/iamPolicy";
import { IamUser } from "@pulumi/minio/iamUser";
import { IamUserPolicyAttachment } from "@pulumi/minio/iamUserPolicyAttachment";
import { IlmPolicy } from "@pulumi/minio/ilmPolicy";
import { Provider } from "@pulumi/minio/provider";
import { S3Bucket } from "@pulumi/minio/s3bucket";
import { S3BucketVersioning } from "@pulumi/minio/s3bucketVersioning";
import * as pulumi from "@pulumi/pulumi";
import { kept } from "../kubernetes/keep";
import { labels } from "../kubernetes/labels";
import { kebabCase } from "../kubernetes/names";
import { scrapeConfig } from "../monitors/scrape-config";
import type { BaseTarget } from "../monitors/targets";
import type { RuleGroup } from "../rules/types";
import type { SecretData } from "../secrets/secrets";
import {
  applications,
  applicationsWith,
  bucketsOf,
  podWith,
  storageOf,
  type ApplicationName,
  type StorageOf,
} from "./applications";
import { leastPrivilege } from "./policy";
import { days, versionsRule } from "./versions";
import { metricsPath, minioJob, minioRules } from "./rules";
import type { BucketUse, LokiStorage, MimirStorage, ObjectStorage, ObjectStorageArgs } from "./types";

type MinioArgs = ObjectStorageArgs<"minio">;

/**
 * MinIO outside the stack: buckets, and for each application a user with a policy for its own buckets.
 *
 * They are declared in every stage, and protected or retained: data belongs to no stage.
 */
export class Minio extends pulumi.ComponentResource implements ObjectStorage {
  readonly loki: LokiStorage;
  readonly mimir?: MimirStorage;
  readonly rules: RuleGroup[];
  readonly targets: BaseTarget[];

  constructor(name: string, args: MinioArgs, opts: pulumi.ComponentResourceOptions) {
    const { environment, settings, buckets, secrets } = args;
    super("observability:object-storage:Minio", name, { environment, settings, buckets }, opts);
    const provider = new Provider(
      "minio",
      {
        minioServer: settings.providerAddress,
        minioSsl: settings.providerTls,
        minioRegion: settings.region,
        minioUser: secrets.given("minioAdmin", "username"),
        minioPassword: secrets.given("minioAdmin", "password"), // a secret output: the provider itself marks nothing
      },
      { parent: this },
    );
    const targets = settings.metrics ? [serverTarget(args)] : [];

    this.loki = application("loki", args, { parent: this, provider });
    if (applicationsWith(args.backend).includes("mimir"))
      this.mimir = application("mimir", args, { parent: this, provider });
    for (const target of targets) {
      const identity = { name: target.name, component: "server" };
      scrapeConfig(target, { namespace: environment.namespace, labels: labels(identity) }, { parent: this });
    }

    this.rules = settings.metrics ? minioRules : [];
    this.targets = targets;
    this.registerOutputs({});
  }
}

/** Registers an application's buckets, and the user whose key opens them. */
function application<Name extends ApplicationName>(
  name: Name,
  args: MinioArgs,
  opts: pulumi.CustomResourceOptions,
): StorageOf<Name> {
  const { endpoint, region, forcePathStyle } = args.settings;
  const { buckets, secret } = applications[name];
  const names = buckets.map((use) => args.buckets[use]);
  // Uses that share a bucket have it once, under the name of the first.
  for (const use of buckets.filter((use, i) => names.indexOf(args.buckets[use]) === i)) bucket(use, args, opts);
  const credentials = args.secrets.mount(secret, () => user(name, args, opts));
  return storageOf(name, {
    connection: { endpoint, region, forcePathStyle },
    bucket: (use) => args.buckets[use],
    pod: podWith(name, credentials),
  });
}

function bucket(use: BucketUse, { buckets, settings, retain }: MinioArgs, opts: pulumi.CustomResourceOptions): void {
  const bucket = buckets[use];
  const existing = settings.importBuckets.includes(bucket);
  const name = kebabCase(use);
  const made = new S3Bucket(
    name,
    { bucket },
    {
      ...opts,
      ...kept("buckets", retain),
      // The provider reads nothing of a bucket but its name: an import would differ from the defaults of everything else.
      ...(existing && { import: bucket, ignoreChanges: ["acl", "forceDestroy", "objectLocking"] }),
    },
  );
  if (!settings.keepDeleted) return;
  const versions = new S3BucketVersioning(
    name,
    { bucket: made.bucket, versioningConfiguration: { status: "Enabled" } },
    opts,
  );
  const noncurrentVersionExpirationDays = days(settings.keepDeleted);
  new IlmPolicy(
    name,
    // Without an expiration the provider reads back a date, which each refresh would show as a change.
    { bucket: made.bucket, rules: [{ id: versionsRule, expiration: "DeleteMarker", noncurrentVersionExpirationDays }] },
    { ...opts, dependsOn: versions },
  );
}

// Called only where the program makes the application's Secret: the user whose key an operator brings is that operator's too.
function user(
  name: ApplicationName,
  { buckets, secrets, retain }: MinioArgs,
  opts: pulumi.CustomResourceOptions,
): SecretData {
  const keptOpts = { ...opts, ...kept("users", retain) };
  const qualified = `${pulumi.getStack()}-${name}`; // one server may serve several stacks
  const secretKey = secrets.generate(`${name}-object-store`, { username: qualified, length: 40 });
  const allowed = JSON.stringify(leastPrivilege(bucketsOf(name, buckets)));
  // Never `forceDestroy`: the provider takes it as leave to delete the user on any change.
  const user = new IamUser(name, { name: qualified, secret: secretKey }, keptOpts);
  const policy = new IamPolicy(name, { name: qualified, policy: allowed }, keptOpts);
  const attached = new IamUserPolicyAttachment(
    name,
    { userName: user.name, policyName: policy.name },
    { ...keptOpts, protect: false }, // holds no data, and is created again when the user was
  );
  return { AWS_ACCESS_KEY_ID: attached.userName, AWS_SECRET_ACCESS_KEY: secretKey };
}

/** The server itself: it has no Service and no pod; the labels are those that it would have with them. */
function serverTarget({ environment: { namespace }, settings: { endpoint } }: MinioArgs): BaseTarget {
  const { host, protocol } = new URL(endpoint);
  const set = (targetLabel: string, replacement: string) => ({ targetLabel, replacement });
  return {
    name: "minio",
    job: minioJob,
    discovery: { role: "Static", addresses: [host] },
    ...(protocol === "https:" && { tls: {} }),
    path: metricsPath,
    // The server adds up over its drives and buckets for each answer.
    scrapeInterval: "1m",
    relabelings: [set("namespace", namespace), set("service", "minio"), set("endpoint", "s3")],
    metricRelabelings: [],
  };
}
