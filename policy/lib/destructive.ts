import { isBlock } from "./unknown";
import type { Resource } from "./resource";

/** A setting that destroys something on an ordinary update. */
export interface DestructiveFlag {
  /** Type of the resource. */
  type: RegExp;
  path: string;
  /** What it does: a sentence. */
  effect: string;
  /** What to do instead: a sentence. */
  instead: string;
}

const minio = /^minio:index\//;
const release = /^kubernetes:helm\.sh\/v\d+:Release$/;

// Each with where that is known from.
const flags: readonly DestructiveFlag[] = [
  {
    // minioUpdateUser in minio/resource_minio_iam_user.go of aminueza/terraform-provider-minio; seen with provider 0.17.1 and a real MinIO.
    type: /^minio:index\/iamUser:IamUser$/,
    path: "forceDestroy",
    effect: "The provider deletes the user on any update, and whatever uses its keys is locked out.",
    instead: "Leave it out; rotating the secret works without it.",
  },
  {
    // minioUpdateGroup in minio/resource_minio_iam_group.go of the same.
    type: /^minio:index\/iamGroup:IamGroup$/,
    path: "forceDestroy",
    effect: "The provider deletes the group on any update, and its members lose their permissions.",
    instead: "Leave it out; remove the members by hand before you delete the group.",
  },
  {
    // minioUpdateUser: update_secret replaces the secret by a new one on each update, and so does a service account's.
    type: minio,
    path: "updateSecret",
    effect: "The provider makes a new secret on every update, and whatever uses the old one is locked out.",
    instead: "Leave it out, and set the secret: a new value rotates it once.",
  },
  {
    // https://www.pulumi.com/registry/packages/kubernetes/api-docs/provider/#inputs
    type: /^pulumi:providers:kubernetes$/,
    path: "deleteUnreachable",
    effect:
      "When the cluster doesn't answer, everything in it is removed from the state, and later created a second time.",
    instead: "Leave it out; for a cluster that is gone set PULUMI_K8S_DELETE_UNREACHABLE for one refresh.",
  },
  {
    // https://www.pulumi.com/registry/packages/kubernetes/api-docs/helm/v3/release/#inputs
    type: release,
    path: "forceUpdate",
    effect: "Helm deletes and recreates objects that it can't change, including StatefulSets and Services.",
    instead: "Leave it out; replace by hand the one object that can't be changed.",
  },
  {
    // The same page: "Re-use the given name, even if that name is already used. This is unsafe in production".
    type: release,
    path: "replace",
    effect: "Helm reuses the name of an existing release and forgets what that release had installed.",
    instead: "Leave it out; import the existing release.",
  },
];

/** The flags that a resource sets; an unknown value counts for one. */
export function flagsOf({ type, props }: Resource): (DestructiveFlag & { value: unknown })[] {
  if (!isBlock(props)) return [];
  return flags
    .filter((flag) => flag.type.test(type))
    .map((flag) => ({ ...flag, value: props[flag.path] }))
    .filter(({ value }) => value !== undefined && value !== null && value !== false && value !== "false");
}
