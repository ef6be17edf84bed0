import { caresOf, type BucketCare } from "./lib/lifecycle";
import { definePolicy } from "./lib/policy";
import { bucketNames } from "./lib/shared-buckets";
import { Unknown } from "./lib/unknown";

/**
 * Refuses lifecycle rules that delete or archive what Loki or Mimir still use, and versions of their objects that are kept for ever.
 *
 * Both delete by their own retention, in an order: Loki's index goes before the chunks that it names, Mimir's block is marked first. A rule of
 * the bucket knows nothing of that: what it takes is still looked for. And where versions are kept (object lock always keeps them) a deletion
 * only hides an object: the bucket grows until a rule removes its old versions.
 *
 * Looks at buckets that a configuration of Loki or Mimir in the stack names; other buckets are none of its business.
 */
export const bucketLifecyclesSpareData = definePolicy({
  name: "bucket-lifecycles-spare-data",
  description: "No lifecycle rule deletes what Loki or Mimir use, and old versions of their objects expire.",
  url: "https://grafana.com/docs/loki/latest/operations/storage/retention/",
  severity: "critical",
  *checkStack(resources) {
    const cares = caresOf(resources);
    if (cares.length === 0) return;
    const isUsed = bucketNames(resources);
    for (const care of cares.filter(({ bucket, isClaim, resource }) => isUsed(bucket, isClaim, resource.namespace))) {
      const { resource } = care;
      for (const { path, found } of care.harms) {
        if (found instanceof Unknown) yield found;
        else
          yield {
            resource,
            path,
            found,
            wanted: "no expiration or archiving of objects in use",
            why: "Loki and Mimir delete by their own retention, and look for what their index names: queries and the compactor fail on what is gone.",
            fix: "Leave it out; set the retention of Loki or Mimir. Rules for old versions and unfinished uploads may stay.",
          };
      }
      if (care.keepsVersions === undefined) continue;
      if (!cares.some((other) => other.expiresVersions && isSame(other, care)))
        yield {
          resource,
          path: care.keepsVersions,
          found: "on, and no lifecycle rule of the stack removes old versions",
          wanted: "a rule for this bucket that expires versions that are not the current one",
          why: "What Loki and Mimir delete stays as a version: the bucket only grows, whatever their retention is.",
          fix: "Add a rule with an expiration of noncurrent versions, such as 7 days.",
        };
    }
  },
});

const isSame = (one: BucketCare, other: BucketCare): boolean =>
  one.bucket === other.bucket || one.resource === other.resource;
