import { z } from "zod";
import { flagsOf } from "./lib/destructive";
import { matches } from "./lib/glob";
import { definePolicy } from "./lib/policy";
import { Unknown } from "./lib/unknown";

// By name, whatever the provider calls the resource: buckets, users, registries, databases.
const switches = ["forceDestroy", "forceDelete", "skipFinalSnapshot"];

/**
 * Refuses `forceDestroy` and similar settings in production. Without them, the provider refuses to delete a bucket that has objects, which is
 * the last protection of the data against an accidental `destroy`.
 */
export const noForceDestroyInProduction = definePolicy({
  name: "no-force-destroy-in-production",
  description: "In production, no bucket, user or database may be deleted while it has content.",
  url: "https://www.pulumi.com/registry/packages/minio/api-docs/s3bucket/",
  severity: "critical",
  parameters: {
    stacks: z
      .array(z.string())
      .default(["production*", "prod", "prod-*"])
      .describe("stacks that are production; * stands for any text"),
  },
  *check(resource, { stacks }) {
    if (!stacks.some((pattern) => matches(pattern, resource.stack))) return;
    const refusedAnyway = flagsOf(resource).map(({ path }) => path);
    for (const path of switches) {
      const value = resource.props[path];
      if (refusedAnyway.includes(path)) continue;
      if (value instanceof Unknown) yield value;
      else if (value === true || value === "true") {
        yield {
          path,
          found: "true",
          wanted: "false, or unset",
          why: `The stack ${resource.stack} is production: deleting this would also delete its content, without asking.`,
          fix: `Leave it out; empty it by hand before you delete it.`,
        };
      }
    }
  },
});
