import type * as pulumi from "@pulumi/pulumi";
import { Claim } from "./claim";
import { Embedded } from "./embedded";
import { Existing } from "./existing";
import { Minio } from "./minio";
import type { Kind, ObjectStorage, ObjectStorageArgs } from "./types";

type Implementation<OfKind extends Kind> = new (
  name: string,
  args: ObjectStorageArgs<OfKind>,
  opts: pulumi.ComponentResourceOptions,
) => ObjectStorage & pulumi.ComponentResource;

const implementations: { [OfKind in Kind]: Implementation<OfKind> } = {
  minio: Minio,
  embedded: Embedded,
  existing: Existing,
  claim: Claim,
};

/**
 * A stack's object storage: buckets, and for each application a key that opens its own buckets and no others.
 * @param name name of the component
 * @param args whose `settings.kind` chooses the implementation
 * @param opts options of the component
 */
export function objectStorage(
  name: string,
  args: ObjectStorageArgs,
  opts: pulumi.ComponentResourceOptions,
): ObjectStorage & pulumi.ComponentResource {
  // The table pairs each kind with its own settings, which the compiler can't follow through a lookup.
  const Implementation = implementations[args.settings.kind] as Implementation<Kind>;
  return new Implementation(name, args, opts);
}
