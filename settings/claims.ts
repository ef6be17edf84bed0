import type { ParsedSettings } from "./schema";
import type { BucketUse } from "./sections/object-store";

/** Settings of an object store by claims. */
export type ClaimSettings = Extract<ParsedSettings["objectStore"], { kind: "claim" }>;

/**
 * Name of the claim by which a stack has a bucket: the existing one, or the one that it makes. Uses that share a bucket share its claim.
 * @param settings the object store
 * @param buckets names of the buckets
 * @param use what the bucket is for
 */
export const claimName = (
  { claims }: Pick<ClaimSettings, "claims">,
  buckets: ParsedSettings["buckets"],
  use: BucketUse,
): string => claims[use] ?? `${buckets[use]}-bucket`;

/** A claim of a stack. */
export interface StackClaim {
  /** Its name, and that of its ConfigMap and its Secret. */
  name: string;
  /** What its bucket is for; several uses share it. */
  uses: BucketUse[];
  /** Name of the bucket that it asks for; undefined: it exists, and is only used. */
  bucket?: string;
}

/**
 * The claims of a stack, each once.
 * @param settings the object store
 * @param buckets names of the buckets
 * @param uses what the stack has buckets for
 */
export function claimsOf(
  settings: ClaimSettings,
  buckets: ParsedSettings["buckets"],
  uses = Object.keys(buckets) as readonly BucketUse[],
): StackClaim[] {
  const names = uses.map((use) => claimName(settings, buckets, use));
  return [...new Set(names)].map((name) => {
    const own = uses.filter((_, i) => names[i] === name);
    return { name, uses: own, ...(own.every((use) => !settings.claims[use]) && { bucket: buckets[own[0]] }) };
  });
}
