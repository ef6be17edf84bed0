import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import { IamPolicy } from "@pulumi/minio/iamPolicy";
import { IamUser } from "@pulumi/minio/iamUser";
import { IamUserPolicyAttachment } from "@pulumi/minio/iamUserPolicyAttachment";
import { Provider } from "@pulumi/minio/provider";
import { S3Bucket } from "@pulumi/minio/s3bucket";
import * as pulumi from "@pulumi/pulumi";
import { labels } from "../kubernetes/labels";
import { kebabCase } from "../kubernetes/names";
import { scrapeConfigSpec } from "../monitors/scrape-config";
import type { BaseTarget } from "../monitors/targets";
import type { SecretData } from "../secrets/secrets";
import { applications, bucketsOf, storageOf, type ApplicationName, type StorageOf } from "./applications";
import { leastPrivilege } from "./policy";
import { metricsPath, minioJob, minioRules } from "./rules";
import type { RuleGroup } from "../rules/types";
import type { BucketUse, LokiStorage, MimirStorage, ObjectStorage, ObjectStorageArgs } from "./types";

type MinioArgs = ObjectStorageArgs<"minio">;

/**
 * MinIO outside the stack: buckets, and for each application a user with a policy for its own buckets.
 *
 * They are declared in every stage and protected: data belongs to no stage.
 */
export class Minio extends pulumi.ComponentResource implements ObjectStorage {
  readonly loki: LokiStorage;
  readonly mimir: MimirStorage;
  readonly rules: RuleGroup[];
  readonly targets: BaseTarget[];
  readonly #provider: Provider;

  constructor(name: string, args: MinioArgs, opts: pulumi.ComponentResourceOptions) {
    const { environment, settings, buckets, secrets } = args;
    super("observability:object-storage:Minio", name, { environment, settings, buckets }, opts);
    this.#provider = new Provider(
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
    this.loki = this.#application("loki", args);
    this.mimir = this.#application("mimir", args);
    this.rules = settings.metrics ? minioRules : [];
    this.targets = settings.metrics ? [serverTarget(args)] : [];
    this.#monitor(args);
    this.registerOutputs({});
  }

  #application<Name extends ApplicationName>(name: Name, args: MinioArgs): StorageOf<Name> {
    const { endpoint, region, forcePathStyle } = args.settings;
    const { buckets, secret } = applications[name];
    buckets.forEach((use) => this.#bucket(use, args));
    const credentials = args.secrets.mount(secret, () => this.#user(name, args));
    return storageOf(name, { endpoint, region, forcePathStyle }, args.buckets, credentials);
  }

  #bucket(use: BucketUse, { buckets, settings }: MinioArgs): void {
    const bucket = buckets[use];
    const existing = settings.importBuckets.includes(bucket);
    new S3Bucket(
      kebabCase(use),
      { bucket },
      {
        ...this.#kept,
        // The provider reads nothing of a bucket but its name: an import would differ from the defaults of everything else.
        ...(existing && { import: bucket, ignoreChanges: ["acl", "forceDestroy", "objectLocking"] }),
      },
    );
  }

  // Called only where the program makes the application's Secret: the user whose key an operator brings is that operator's too.
  #user(name: ApplicationName, { buckets, secrets }: MinioArgs): SecretData {
    const qualified = `${pulumi.getStack()}-${name}`; // one server may serve several stacks
    const secretKey = secrets.generate(`${name}-object-store`, { username: qualified, length: 40 });
    // Never `forceDestroy`: the provider takes it as leave to delete the user on any change.
    const user = new IamUser(name, { name: qualified, secret: secretKey }, this.#kept);
    const policy = new IamPolicy(
      name,
      { name: qualified, policy: JSON.stringify(leastPrivilege(bucketsOf(name, buckets))) },
      this.#kept,
    );
    const attached = new IamUserPolicyAttachment(
      name,
      { userName: user.name, policyName: policy.name },
      { ...this.#kept, protect: false }, // holds no data, and is made anew when the user was
    );
    return { AWS_ACCESS_KEY_ID: attached.userName, AWS_SECRET_ACCESS_KEY: secretKey };
  }

  #monitor({ environment: { namespace } }: MinioArgs): void {
    for (const target of this.targets) {
      new CustomResource(
        target.name,
        {
          apiVersion: "monitoring.coreos.com/v1alpha1",
          kind: "ScrapeConfig",
          metadata: { name: target.name, namespace, labels: labels({ name: target.name, component: "server" }) },
          spec: scrapeConfigSpec(target),
        },
        { parent: this },
      );
    }
  }

  get #kept(): pulumi.CustomResourceOptions {
    return { parent: this, provider: this.#provider, protect: true };
  }
}

/** The server itself: it has no Service and no pod; the labels are those that it would have with them. */
function serverTarget({ environment: { namespace }, settings: { endpoint } }: MinioArgs): BaseTarget {
  const { host, protocol } = new URL(endpoint);
  const set = (targetLabel: string, replacement: string) => ({ targetLabel, replacement });
  return {
    name: "minio",
    job: minioJob,
    discovery: { role: "Static", addresses: [host] },
    ...(protocol === "https:" && { tls: "public" }),
    path: metricsPath,
    // The server adds up over its drives and buckets for each answer.
    scrapeInterval: "1m",
    relabelings: [set("namespace", namespace), set("service", "minio"), set("endpoint", "s3")],
    metricRelabelings: [],
  };
}
