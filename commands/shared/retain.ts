import { retainable, type Retainable } from "../../settings/sections/removal";
import { nameOf, typeOf } from "../../engine/urn";

/** Resources of one kind that a part of the setting `removal.retain` has. */
interface Kind {
  /** The end of their URNs. */
  is: RegExp;
  /** What goes with them. */
  loss: string;
  /** What they can't be without. */
  needs?: readonly Retainable[];
}

const parts: Readonly<Record<Retainable, readonly Kind[]>> = {
  crds: [
    {
      is: /^kubernetes:helm\.sh\/v3:Release::prometheus-operator-crds$/,
      loss: "every ServiceMonitor, PodMonitor, Probe and PrometheusRule in the cluster, of all applications",
    },
  ],
  kps: [
    {
      is: /^kubernetes:helm\.sh\/v3:Release::kube-prometheus-stack$/,
      loss: "its Prometheus; the volume as declared",
      needs: ["crds", "namespace"],
    },
  ],
  namespace: [
    {
      is: /^kubernetes:core\/v1:Namespace::/,
      loss: "every volume claim and bucket claim in it, and all else",
    },
  ],
  buckets: [
    {
      is: /^minio:index\/s3Bucket:S3Bucket::/,
      loss: "nothing yet: MinIO deletes no bucket with objects in it",
    },
    {
      // Provisioners delete a full bucket, too: https://rook.io/docs/rook/latest/Storage-Configuration/Object-Storage-RGW/ceph-object-bucket-claim/
      is: /^kubernetes:objectbucket\.io\/[^:]+:ObjectBucketClaim::/,
      loss: "the key of each claim, and, if the storage class has reclaimPolicy Delete, its bucket with all objects",
      needs: ["namespace"],
    },
  ],
  users: [{ is: /^minio:index\/iam/, loss: "Loki's and Mimir's keys for their buckets" }],
  items: [
    {
      is: /^onepassword:index\/item:Item::/,
      loss: "generated passwords and keys; 1Password's archive has them for 30 days",
    },
  ],
};

const kindOf = (part: Retainable, urn: string): Kind | undefined =>
  parts[part].find(({ is }) => is.test(`${typeOf(urn)}::${nameOf(urn)}`));

/**
 * The part of the setting `removal.retain` that a resource belongs to; undefined for what nothing protects.
 * @param urn the resource's
 */
export const partOf = (urn: string): Retainable | undefined => retainable.find((part) => kindOf(part, urn));

/**
 * What goes for good with resources of a part.
 * @param part the part
 * @param urns the resources'; others among them don't matter
 */
export const lossOf = (part: Retainable, urns: readonly string[]): string =>
  [...new Set(urns.flatMap((urn) => kindOf(part, urn)?.loss ?? []))].join("; ");

/** What becomes of a resource that Pulumi forgets. */
export interface Leaving {
  urn: string;
  /** stays: it is only forgotten; refused: it is protected, and nothing happens at all */
  fate: "stays" | "goes" | "refused";
  inputs: Readonly<Record<string, unknown>>;
}

/**
 * What would stay, and not survive all the same, as what it lives by goes.
 * @param leaving everything that Pulumi forgets
 * @returns a sentence for each
 */
export function broughtDown(leaving: readonly Leaving[]): string[] {
  const goes = (need: Retainable, namespace: unknown): boolean =>
    leaving.some(
      ({ urn, fate, inputs }) =>
        fate === "goes" && partOf(urn) === need && (need !== "namespace" || nameIn(inputs.metadata) === namespace),
    );
  const sentences = leaving
    .filter(({ fate }) => fate === "stays")
    .flatMap(({ urn, inputs: { namespace, metadata } }) => {
      const part = partOf(urn);
      const own = namespace ?? (metadata as { namespace?: unknown } | undefined)?.namespace;
      const lost = (part && kindOf(part, urn)?.needs)?.filter((need) => goes(need, own)) ?? [];
      return lost.map(
        (need) => `${part} would stay, but needs ${need}, which would be deleted: add ${need} to removal.retain`,
      );
    });
  return [...new Set(sentences)];
}

const nameIn = (metadata: unknown): unknown => (metadata as { name?: unknown } | undefined)?.name;
