import { z } from "zod";
import { chartOf } from "./charts/release";
import { matches } from "./glob";
import type { Resource } from "./resource";
import { setting } from "./settings";
import { at } from "./unknown";

/** The parts of a stack that its setting `removal.retain` can name, each by the types of its resources. */
const parts: Readonly<Record<string, RegExp>> = {
  namespace: /^kubernetes:core\/v1:Namespace$/,
  buckets: /^minio:index\/s3Bucket:S3Bucket$/,
  users: /^minio:index\/iam\w+:/,
  items: /^onepassword:index\/item:Item$/,
};

/** The part that is a release, by its chart. */
const definitions = { part: "crds", chart: "prometheus-operator-crds" };

/** The parameter by which another program says what it retains. */
export const retained = z
  .array(z.string())
  .default([])
  .describe(
    "names of resources with `retainOnDelete`, which policies can't see (* stands for any text), in addition to `removal.retain` of the stack's settings",
  );

/**
 * Whether a resource stays where it is when Pulumi forgets it, by the word of the stack's settings, `<project>:removal.retain`, or of the
 * parameter {@link retained}: the option itself, `retainOnDelete`, is not shown to policies.
 * @param given the parameter
 */
export function isRetained(resource: Resource, given: readonly string[]): boolean {
  const { type, name, objectName } = resource;
  if (given.some((pattern) => [name, objectName].some((each) => each !== undefined && matches(pattern, each))))
    return true;
  const named = at(setting(resource, "removal"), "retain");
  if (!Array.isArray(named)) return false;
  const isOf = (part: unknown) =>
    part === definitions.part ? chartOf(resource)?.name === definitions.chart : parts[String(part)]?.test(type);
  return named.some(isOf);
}
