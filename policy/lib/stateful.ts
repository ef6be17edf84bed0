import { chartOf } from "./charts/release";
import { inner } from "./paths";
import type { Resource } from "./resource";
import { at, isBlock, Unknown, type Block } from "./unknown";

/** What is lost with a resource. */
export type Loss = string;

const types: readonly [RegExp, Loss][] = [
  [/^kubernetes:core\/v1:Namespace$/, "everything in the namespace, including volumes"],
  [/^kubernetes:core\/v1:PersistentVolume(Claim)?$/, "the volume and what is on it"],
  [/^kubernetes:objectbucket\.io\/\w+:ObjectBucketClaim$/, "the bucket and every object in it"],
  [/^kubernetes:ceph\.rook\.io\/\w+:Ceph\w+$/, "the store and everything in it"],
  [/^kubernetes:minio\.min\.io\/\w+:Tenant$/, "the object store and every bucket in it"],
  [
    /^kubernetes:apiextensions\.k8s\.io\/\w+:CustomResourceDefinition$/,
    "every resource of its kind, whoever created it",
  ],
  [/^minio:index\/s3Bucket:S3Bucket$/, "the bucket and every object in it"],
  [/^minio:index\/iam(User|ServiceAccount):/, "the keys by which programs reach their bucket"],
  [/^aws:s3\/bucket(V2)?:/, "the bucket and every object in it"],
  [/^aws:iam\/user:User$/, "the keys by which programs reach their bucket"],
  [/^gcp:storage\/bucket:Bucket$/, "the bucket and every object in it"],
  [/^azure-native:storage:(StorageAccount|BlobContainer)$/, "the container and every object in it"],
  [/^onepassword:index\/item:Item$/, "the only copy of a generated secret"],
];

/**
 * What is lost when a resource is deleted; undefined where nothing is that an update can't bring back. Of a release of definitions
 * `crds-outlive-the-operator` reports.
 */
export function lossOf(resource: Resource): Loss | undefined {
  return types.find(([type]) => type.test(resource.type))?.[1];
}

/** A rule that deletes a StatefulSet's volumes with it, or with the pod when it is scaled down. */
export interface Reclaim {
  path: string;
  value: unknown;
  /** Names by which the volumes may be called: the workload's, or those on the way to it in chart values. */
  names: string[];
}

/** The rules about volumes in a StatefulSet, in a resource of an operator that makes one, and in chart values. */
export function reclaims(resource: Resource): Reclaim[] {
  const { kind, objectName, props, type } = resource;
  if (!type.startsWith("kubernetes:")) return [];
  const chart = chartOf(resource);
  if (chart) return ofValues(chart.values, "values");
  const path = "spec.persistentVolumeClaimRetentionPolicy";
  const names = [kind.toLowerCase(), ...(objectName ? [objectName] : [])];
  return policyOf(at(props, path), path, names);
}

// What a chart names itself: of Loki's chart a switch that deletes by default, of Mimir's one that doesn't.
function ofValues(values: unknown, path: string): Reclaim[] {
  if (!isBlock(values) || values.enabled === false) return [];
  const names = path.split(".").slice(1);
  const own = values.enableStatefulSetAutoDeletePVC === true || values.enableRetentionPolicy === true;
  const implied = values.enableStatefulSetAutoDeletePVC === true && !("whenDeleted" in values);
  return [
    ...(own ? policyOf(values, path, names) : []),
    ...(implied ? [{ path: inner(path, "enableStatefulSetAutoDeletePVC"), value: true, names }] : []),
    ...Object.entries(values).flatMap(([key, value]) =>
      key === "persistentVolumeClaimRetentionPolicy"
        ? policyOf(value, inner(path, key), names)
        : ofValues(value, inner(path, key)),
    ),
  ];
}

function policyOf(policy: unknown, path: string, names: string[]): Reclaim[] {
  if (policy instanceof Unknown) return [{ path, value: policy, names }];
  return ["whenDeleted", "whenScaled"].flatMap((when) => {
    const value = (isBlock(policy) ? policy : ({} as Block))[when];
    return value === "Delete" || value instanceof Unknown ? [{ path: inner(path, when), value, names }] : [];
  });
}
