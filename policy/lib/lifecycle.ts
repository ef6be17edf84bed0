import type { Resource } from "./resource";
import { along } from "./paths";
import { at, isBlock, Unknown, type Block } from "./unknown";

/** What a resource says of the objects of one bucket. */
export interface BucketCare {
  resource: Resource;
  /** The bucket's name; of a claim, what Kubernetes knows it by. */
  bucket: unknown;
  isClaim: boolean;
  /** What deletes objects in use, or puts them where nothing can read them. */
  harms: { path: string; found: string | Unknown }[];
  /** Where versions are kept of what is deleted or overwritten. */
  keepsVersions?: string;
  /** Whether versions go after some time. */
  expiresVersions: boolean;
}

/** Where types of resources have a lifecycle, versions and locks. */
interface Kind {
  type: RegExp;
  /** Where the bucket's name is, and where a list of lifecycle rules. */
  bucket: string;
  rules?: string;
  /** Settings that keep versions, each with the value that does; `undefined`: any but none. */
  versions?: readonly [path: string, value: unknown][];
}

const kinds: readonly Kind[] = [
  { type: /^minio:index\/ilmPolicy:/, bucket: "bucket", rules: "rules" },
  {
    type: /^minio:index\/s3BucketVersioning:/,
    bucket: "bucket",
    versions: [["versioningConfiguration.status", "Enabled"]],
  },
  { type: /^minio:index\/s3Bucket:/, bucket: "bucket", versions: [["objectLocking", true]] },
  { type: /^aws:s3\/bucketLifecycleConfiguration(V2)?:/, bucket: "bucket", rules: "rules" },
  {
    type: /^aws:s3\/bucketVersioning(V2)?:/,
    bucket: "bucket",
    versions: [["versioningConfiguration.status", "Enabled"]],
  },
  { type: /^aws:s3\/bucketObjectLockConfiguration(V2)?:/, bucket: "bucket", versions: [["rule", undefined]] },
  {
    type: /^aws:s3\/bucket(V2)?:/,
    bucket: "bucket",
    rules: "lifecycleRules",
    versions: [
      ["versioning.enabled", true],
      ["objectLockEnabled", true],
    ],
  },
];

const isClaim = ({ type }: Resource): boolean => /^kubernetes:objectbucket\.io\/.*:ObjectBucketClaim$/.test(type);

/** What the resources of a stack say of buckets. */
export function caresOf(resources: readonly Resource[]): BucketCare[] {
  return resources.flatMap((resource) => {
    if (isClaim(resource)) return ofClaim(resource);
    const kind = kinds.find(({ type }) => type.test(resource.type));
    return kind ? [ofKind(resource, kind)] : [];
  });
}

function ofKind(resource: Resource, { bucket, rules: path, versions = [] }: Kind): BucketCare {
  const { props } = resource;
  const kept = versions.find(([setting, value]) => {
    const found = at(props, setting);
    return value === undefined ? found !== undefined : found === value || found === String(value);
  });
  return {
    ...{ resource, bucket: at(props, bucket), isClaim: false, keepsVersions: kept?.[0] },
    ...(path ? judged(at(props, path), path) : { harms: [], expiresVersions: false }),
  };
}

// The claim has its rules as the JSON of S3's own API.
function ofClaim(resource: Resource): BucketCare[] {
  const path = "spec.additionalConfig.bucketLifecycle";
  const json = at(resource.props, path);
  if (typeof json !== "string") return [];
  let rules: unknown;
  try {
    rules = at(lowered(JSON.parse(json)), "rules");
  } catch {
    // The provisioner refuses it: nothing is set.
  }
  return [{ resource, bucket: resource.objectName, isClaim: true, ...judged(rules, along(path, "Rules")) }];
}

/** Keys as Pulumi writes them: `NoncurrentVersionExpiration` → `noncurrentVersionExpiration`. */
function lowered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowered);
  if (!isBlock(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key[0].toLowerCase() + key.slice(1), lowered(each)]),
  );
}

function judged(rules: unknown, path: string): Pick<BucketCare, "harms" | "expiresVersions"> {
  if (rules instanceof Unknown) return { harms: [{ path, found: rules }], expiresVersions: true };
  const all = (Array.isArray(rules) ? (rules as unknown[]) : []).map((rule, index) => ({ rule, index }));
  const active = all.filter(({ rule }) => at(rule, "status") !== "Disabled" && at(rule, "enabled") !== false);
  return {
    harms: active.flatMap(({ rule, index }) =>
      isBlock(rule) ? harmsOf(rule).map(([key, found]) => ({ path: `${path}[${index}].${key}`, found })) : [],
    ),
    expiresVersions: active.some(
      ({ rule }) =>
        at(rule, "noncurrentVersionExpiration") !== undefined ||
        at(rule, "noncurrentVersionExpirationDays") !== undefined ||
        at(rule, "noncurrentExpiration") !== undefined,
    ),
  };
}

// Of these nothing can be read before somebody restores it.
const archives = ["GLACIER", "DEEP_ARCHIVE"];

function harmsOf(rule: Block): [key: string, found: string | Unknown][] {
  const { expiration } = rule;
  const days = isBlock(expiration)
    ? (["days", "date"] as const).flatMap((key) => {
        const value = expiration[key];
        if (value === undefined || value === null || value === 0) return [];
        return [[`expiration.${key}`, shown(value)] as [string, string | Unknown]];
      })
    : // MinIO's provider has a text: days, a date, or that only markers go.
      expiration !== undefined && expiration !== "DeleteMarker" && expiration !== ""
      ? [["expiration", shown(expiration)] as [string, string | Unknown]]
      : [];
  const transitions = [rule.transitions ?? rule.transition ?? []].flat();
  const moved = transitions.flatMap((transition, index): [string, string | Unknown][] => {
    const storageClass = at(transition, "storageClass");
    const isHarm = storageClass instanceof Unknown || archives.includes(String(storageClass));
    return isHarm ? [[`transitions[${index}].storageClass`, shown(storageClass)]] : [];
  });
  return [...days, ...moved];
}

const shown = (value: unknown): string | Unknown =>
  value instanceof Unknown ? value : typeof value === "string" ? `"${value}"` : String(value);
