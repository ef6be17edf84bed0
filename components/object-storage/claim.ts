import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import { ConfigMap } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { claimsOf, type StackClaim } from "../../settings/claims";
import { checksum } from "../kubernetes/checksum";
import { kept } from "../kubernetes/keep";
import { labels } from "../kubernetes/labels";
import { kebabCase } from "../kubernetes/names";
import { secretEnv } from "../secrets/env";
import {
  applications,
  applicationsWith,
  storageOf,
  usesWith,
  type ApplicationName,
  type StorageOf,
} from "./applications";
import type { BucketUse, LokiStorage, MimirStorage, ObjectStorage, ObjectStorageArgs, StoragePod } from "./types";

type ClaimArgs = ObjectStorageArgs<"claim">;

/**
 * How a configuration names a variable that may be empty. Each program has a form of its own, and takes the other's for something else.
 * @see https://github.com/drone/envsubst (Loki); `expandEnvironmentVariables` in cmd/mimir/main.go (Mimir)
 */
const withDefault: Readonly<Record<ApplicationName, (name: string, byDefault: string) => string>> = {
  loki: (name, byDefault) => `\${${name}:-${byDefault}}`,
  mimir: (name, byDefault) => `\${${name}:${byDefault}}`,
};

/** Folder and file of the certificates that sign the store's. */
const authority = { name: "object-store-ca", mountPath: "/etc/object-store-ca", readOnly: true };
const authorityFile = "ca.crt";

/**
 * Buckets by ObjectBucketClaim: Ceph's RGW by Rook, or any other provisioner of that API. A claim's ConfigMap says where its bucket is and
 * its Secret has the key of a user that the provisioner made for it. Neither is known before an update, and nothing here reads them: pods
 * have them as their environment, which the configuration names, and don't start before both are there.
 *
 * A claim asks for a bucket by its name, never by `generateBucketName`: a claim that was made again would get another, empty one without a
 * word.
 *
 * @see https://rook.io/docs/rook/latest/Storage-Configuration/Object-Storage-RGW/ceph-object-bucket-claim/
 */
export class Claim extends pulumi.ComponentResource implements ObjectStorage {
  readonly loki: LokiStorage;
  readonly mimir?: MimirStorage;
  // Ceph has alerts of its own; of another provisioner's store no metrics are known.
  readonly rules = [];
  readonly targets = [];

  constructor(name: string, args: ClaimArgs, opts: pulumi.ComponentResourceOptions) {
    const { environment, settings, buckets } = args;
    super("observability:object-storage:Claim", name, { environment, settings, buckets }, opts);
    const claims = claimsOf(settings, buckets, usesWith(args.backend));
    for (const claim of claims) if (claim.bucket) objectBucketClaim(claim, args, this);
    if (settings.ca) {
      const metadata = { name: authority.name, namespace: environment.namespace, labels: labels(authority) };
      new ConfigMap(authority.name, { metadata, data: { [authorityFile]: settings.ca } }, { parent: this });
    }
    this.loki = claimed("loki", claims, settings);
    if (applicationsWith(args.backend).includes("mimir")) this.mimir = claimed("mimir", claims, settings);
    this.registerOutputs({});
  }
}

function objectBucketClaim({ name, uses, bucket }: StackClaim, args: ClaimArgs, parent: pulumi.Resource): void {
  const { environment, settings, retain } = args;
  // The API takes texts only.
  const asked = Object.entries(settings.additionalConfig[uses[0]] ?? {}).map(([key, value]) => [key, String(value)]);
  new CustomResource(
    kebabCase(uses[0]),
    {
      apiVersion: "objectbucket.io/v1alpha1",
      kind: "ObjectBucketClaim",
      metadata: {
        name,
        namespace: environment.namespace,
        labels: labels({ name }),
        annotations: { "pulumi.com/waitFor": "jsonpath={.status.phase}=Bound" },
      },
      spec: {
        bucketName: bucket,
        storageClassName: settings.bucketClass,
        ...(asked.length > 0 && { additionalConfig: Object.fromEntries(asked) }),
      },
    },
    // A provisioner that works takes seconds; for one that doesn't, each update would wait ten minutes: the first creates the claim, others update it.
    { parent, ...kept("buckets", retain), customTimeouts: { create: "3m", update: "3m" } },
  );
}

/** The names of the buckets are variables, too: that of an existing claim is known to it alone. */
function claimed<Name extends ApplicationName>(
  name: Name,
  all: readonly StackClaim[],
  settings: ClaimArgs["settings"],
): StorageOf<Name> {
  const [first, ...others]: readonly BucketUse[] = applications[name].buckets;
  const claims = all.filter(({ uses }) => [first, ...others].some((use) => uses.includes(use)));
  const variable = (use: BucketUse, key: string) =>
    variableOf(
      claims.find(({ uses }) => uses.includes(use))!,
      key,
    );
  const inText = (use: BucketUse, key: string) => `\${${variable(use, key)}}`;
  const place = (use: BucketUse) => ({
    endpoint: `http${settings.tls ? "s" : ""}://${inText(use, "BUCKET_HOST")}:${inText(use, "BUCKET_PORT")}`,
    region: withDefault[name](variable(use, "BUCKET_REGION"), settings.region),
  });
  return storageOf(name, {
    connection: {
      ...place(first),
      forcePathStyle: settings.forcePathStyle,
      ...(settings.ca && { caFile: `${authority.mountPath}/${authorityFile}` }),
    },
    bucket: (use) => inText(use, "BUCKET_NAME"),
    ...(claims.length > 1 && {
      own: (use) => ({ ...place(use), accessKey: inText(use, accessKey), secretKey: inText(use, secretKey) }),
    }),
    pod: podOf(claims, settings),
  });
}

const [accessKey, secretKey] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

/** `mimirBlocks` and `BUCKET_NAME` → `MIMIR_BLOCKS_BUCKET_NAME`. */
const variableOf = ({ uses }: StackClaim, key: string): string =>
  `${kebabCase(uses[0]).toUpperCase().replaceAll("-", "_")}_${key}`;

function podOf(claims: readonly StackClaim[], { ca }: ClaimArgs["settings"]): StoragePod {
  return {
    env: claims.flatMap((claim) => {
      const secret = { name: claim.name, keys: { [accessKey]: accessKey, [secretKey]: secretKey }, version: "" };
      const keys = [accessKey, secretKey].map((key) =>
        secretEnv(secret, key, claims.length > 1 ? variableOf(claim, key) : key),
      );
      const places = ["BUCKET_HOST", "BUCKET_PORT", "BUCKET_REGION", "BUCKET_NAME"].map((key) => ({
        name: variableOf(claim, key),
        valueFrom: { configMapKeyRef: { name: claim.name, key, ...(key === "BUCKET_REGION" && { optional: true }) } },
      }));
      return [...keys, ...places];
    }),
    annotations: ca ? { [`checksum/${authority.name}`]: checksum(ca) } : {},
    volumes: ca ? [{ name: authority.name, configMap: { name: authority.name } }] : [],
    volumeMounts: ca ? [authority] : [],
  };
}
