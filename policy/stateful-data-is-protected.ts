import { z } from "zod";
import { matches } from "./lib/glob";
import { reclaimedVolumes } from "./lib/migration";
import { definePolicy } from "./lib/policy";
import { lossOf, reclaims } from "./lib/stateful";
import { Unknown } from "./lib/unknown";

/**
 * Refuses data that a slip of the program would delete: buckets, their users, generated secrets, namespaces, claims and definitions without
 * `protect`, and StatefulSets whose volumes go with them. A policy doesn't see `retainOnDelete`: exclude what has that instead.
 */
export const statefulDataIsProtected = definePolicy({
  name: "stateful-data-is-protected",
  description: "What can't be made anew has `protect`, and volumes outlive their StatefulSet.",
  url: "https://www.pulumi.com/docs/iac/concepts/resources/options/protect/",
  severity: "critical",
  parameters: {
    reclaimed: z
      .array(z.string())
      .default([])
      .describe(
        "workloads whose volumes may be deleted with them (* stands for any text), beside migration.reclaimVolumes of the stack's settings",
      ),
  },
  *check(resource, { reclaimed }) {
    const loss = lossOf(resource);
    if (loss && !resource.options.protect) {
      yield {
        path: "the option protect",
        found: "not set",
        wanted: "protect: true",
        fix: `Taken out of the program, renamed or moved, it would be deleted, and with it ${loss}. Set protect: true; to delete it after all, first unprotect it in an update of its own.`,
      };
    }
    const given = [...reclaimed, ...reclaimedVolumes(resource)];
    for (const { path, value, names } of reclaims(resource)) {
      if (given.some((pattern) => names.some((name) => matches(pattern, name)))) continue;
      if (value instanceof Unknown) yield value;
      else {
        yield {
          path,
          found: JSON.stringify(value),
          wanted: value === true ? "false" : '"Retain"',
          fix: "The volumes would be deleted with their workload, or with a pod that is scaled away. Keep them; where their deletion is a step of the migration, name the workload in migration.reclaimVolumes or in this policy's parameter reclaimed.",
        };
      }
    }
  },
});
