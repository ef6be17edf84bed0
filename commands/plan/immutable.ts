import { Resource } from "../../engine/graph";
import { Path, isBelow, parsePattern, valueAt } from "./changes";
import { reveal, Value } from "../../engine/values";

/** Fields that can't be changed in place. */
export interface Immutable {
  /** the types that have them, without the version of a Kubernetes API */
  types: RegExp;
  /** paths in the inputs; `*` is every input */
  paths: string[];
  /** source of this fact */
  source: string;
  /** what a person must also know */
  note?: string;
  /** whether they can change after all */
  unless?: (before: Resource, after: Resource, provider: Resource | undefined) => boolean;
}

const provider = "https://github.com/pulumi/pulumi-kubernetes/blob/v4.34.2/provider/pkg/provider/";
const validation = "https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/apis/";
const selector = ["spec.selector"];
const byHand = "Kubernetes refuses it, but the provider tries it: delete the object by hand, or the update fails";

/** Whether the provider may change Secrets or ConfigMaps in place (by default it replaces them), and this one is not frozen. */
const mutable = (setting: string) => (_before: Resource, after: Resource, provider: Resource | undefined) =>
  String(reveal(provider?.inputs[setting] ?? null)) === "true" && after.inputs.immutable !== true;

const identifier = ({ inputs }: Resource): Value => reveal(inputs.clusterIdentifier ?? null);

/**
 * The changes that make Pulumi replace a resource instead of updating it. Rows of one type add up.
 * Fields that this project doesn't use are not in it, and defaults are not considered: a field that is set to its default value counts as changed.
 */
export const immutables: readonly Immutable[] = [
  {
    // Release has them at its top.
    types: /^kubernetes:(?!helm\.sh\/)/,
    paths: ["metadata.name", "metadata.namespace"],
    source: `${provider}diff.go (metadataForceNewProperties)`,
  },
  {
    types: /^kubernetes:apps:StatefulSet$/,
    paths: [
      ...["spec.podManagementPolicy", "spec.revisionHistoryLimit", "spec.serviceName", "spec.volumeClaimTemplates"],
      ...selector,
    ],
    source: `${provider}diff.go (statefulSet)`,
    note: "its claims exist already, and the new StatefulSet uses them unchanged, even if its templates differ. To grow a volume, first `kubectl patch pvc` each claim: docs/growing-a-volume.md",
  },
  { types: /^kubernetes:apps:(Deployment|DaemonSet)$/, paths: selector, source: `${provider}diff.go (deployment)` },
  {
    types: /^kubernetes:batch:Job$/,
    paths: ["spec.completions", "spec.parallelism", "spec.template", ...selector],
    source: `${provider}diff.go (job)`,
    note: "it runs again",
  },
  {
    types: /^kubernetes:batch:Job$/,
    paths: ["spec.completionMode", "spec.podFailurePolicy", "spec.successPolicy"],
    source: `${validation}batch/validation/validation.go (ValidateJobSpecUpdate)`,
    note: byHand,
  },
  { types: /^kubernetes:core:Pod$/, paths: ["spec"], source: `${provider}diff.go (core, Pod: nearly every field)` },
  {
    types: /^kubernetes:core:Service$/,
    paths: ["spec.clusterIP"],
    source: `${provider}diff.go (core, Service)`,
    note: "it gets another address",
  },
  {
    types: /^kubernetes:core:PersistentVolumeClaim$/,
    paths: ["spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"],
    source: `${provider}diff.go (core, PersistentVolumeClaim)`,
  },
  {
    types: /^kubernetes:core:PersistentVolumeClaim$/,
    paths: ["spec.volumeMode", "spec.dataSource", "spec.dataSourceRef"],
    source: `${validation}core/validation/validation.go (ValidatePersistentVolumeClaimUpdate)`,
    note: byHand,
  },
  {
    types: /^kubernetes:core:PersistentVolume$/,
    paths: ["csi", "hostPath", "iscsi", "local", "nfs"].map((kind) => `spec.${kind}`),
    source: `${provider}diff.go (core, PersistentVolume)`,
  },
  { types: /^kubernetes:core:Secret$/, paths: ["type"], source: `${provider}diff.go (core, Secret)` },
  {
    types: /^kubernetes:core:Secret$/,
    paths: ["data", "stringData"],
    source: `${provider}diff.go (forceNewProperties)`,
    note: "the provider would change it in place with `enableSecretMutable`",
    unless: mutable("enableSecretMutable"),
  },
  {
    types: /^kubernetes:core:ConfigMap$/,
    paths: ["data", "binaryData"],
    source: `${provider}diff.go (forceNewProperties)`,
    note: "the provider would change it in place with `enableConfigMapMutable`",
    unless: mutable("enableConfigMapMutable"),
  },
  { types: /^kubernetes:core:ResourceQuota$/, paths: ["spec.scopes"], source: `${provider}diff.go (core)` },
  {
    types: /^kubernetes:rbac\.authorization\.k8s\.io:(Cluster)?RoleBinding$/,
    paths: ["roleRef"],
    source: `${provider}diff.go (roleBinding)`,
  },
  {
    types: /^kubernetes:storage\.k8s\.io:StorageClass$/,
    paths: ["parameters", "provisioner"],
    source: `${provider}diff.go (storage.k8s.io)`,
  },
  {
    types: /^kubernetes:storage\.k8s\.io:StorageClass$/,
    paths: ["reclaimPolicy", "volumeBindingMode"],
    source: `${validation}storage/validation/validation.go (ValidateStorageClassUpdate)`,
    note: byHand,
  },
  {
    types: /^kubernetes:helm\.sh:Release$/,
    paths: ["name", "namespace"],
    source: `${provider}helm_release.go (Diff)`,
    note: "everything that the chart installed is deleted and created again",
  },
  {
    types: /^pulumi:providers:kubernetes$/,
    paths: ["kubeconfig", "context", "cluster"],
    source: `${provider}provider.go (DiffConfig)`,
    note: "if it leads to another cluster, everything is created again there",
    unless: (before, after) => identifier(before) !== null && identifier(before) === identifier(after),
  },
  {
    types: /^pulumi:providers:kubernetes$/,
    paths: ["clusterIdentifier"],
    source: `${provider}provider.go (DiffConfig)`,
    note: "it says that this is another cluster: everything is created again there",
    unless: (before, after) => identifier(before) === null || identifier(after) === null,
  },
  {
    types: /^minio:index:S3Bucket$/,
    paths: ["bucket", "bucketPrefix"],
    source: "schema of @pulumi/minio 0.17.1 (willReplaceOnChanges), as all rows of minio",
    note: "objects are not moved to the new bucket",
  },
  { types: /^minio:index:(S3Bucket(Policy|Versioning)|IlmPolicy)$/, paths: ["bucket"], source: "as above" },
  { types: /^minio:index:IamUser$/, paths: ["name"], source: "as above" },
  { types: /^minio:index:IamPolicy$/, paths: ["name", "namePrefix"], source: "as above" },
  { types: /^minio:index:IamUserPolicyAttachment$/, paths: ["policyName", "userName"], source: "as above" },
  { types: /^minio:index:IamServiceAccount$/, paths: ["targetUser"], source: "as above" },
  {
    types: /^onepassword:index:Item$/,
    paths: ["category", "vault"],
    source:
      "https://github.com/1Password/terraform-provider-onepassword/blob/main/internal/provider/onepassword_item_resource.go",
    note: "the new item has another UUID",
  },
  {
    types: /^random:index:/,
    paths: ["*"],
    source:
      "https://github.com/hashicorp/terraform-provider-random/tree/main/docs/resources: each argument, including `keepers`",
    note: "a new value is generated, and everything that uses it changes",
  },
];

/** `kubernetes:apps/v1:StatefulSet` as in the table: `kubernetes:apps:StatefulSet`. */
const unversioned = (type: string): string => type.replace(/^([^:]+:[^:/]+)\/[^:]+/, "$1");

/**
 * The rows that forbid one of the changes, each with the paths that it forbids.
 *
 * @param changes where the inputs of `before` and `after` differ
 * @param provider the provider of `after`
 */
export function forbidden(
  before: Resource,
  after: Resource,
  changes: Path[],
  provider: Resource | undefined,
): { row: Immutable; paths: Path[] }[] {
  const rows = immutables.filter(
    ({ types, unless }) => types.test(unversioned(after.type)) && !unless?.(before, after, provider),
  );
  return rows
    .map((row) => {
      const patterns = row.paths.map(parsePattern);
      return { row, paths: changes.filter((path) => patterns.some((pattern) => touches(path, pattern))) };
    })
    .filter(({ paths }) => paths.length > 0);

  /** A change at the pattern or below it, or one above it that adds or removes what the pattern names. */
  function touches(path: Path, pattern: Path): boolean {
    const isThere = [before, after].some(({ inputs }) => valueAt(inputs, pattern) !== undefined);
    return isBelow(path, pattern) || (isBelow(pattern, path) && isThere);
  }
}
