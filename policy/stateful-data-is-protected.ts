import { z } from "zod";
import { matches } from "./lib/glob";
import { reclaimedVolumes } from "./lib/settings";
import { definePolicy } from "./lib/policy";
import { isRetained, retained } from "./lib/retained";
import { lossOf, reclaims } from "./lib/stateful";
import { Unknown } from "./lib/unknown";

/**
 * Refuses data that a mistake in the program would delete: buckets, their users, generated secrets, namespaces, claims and definitions without
 * `protect`, and StatefulSets whose volumes are deleted with them. `retainOnDelete` is accepted instead if the stack's settings or a
 * parameter name the resource, because policies can't see that option.
 */
export const statefulDataIsProtected = definePolicy({
  name: "stateful-data-is-protected",
  description: "Resources that can't be recreated have `protect`, and volumes outlive their StatefulSet.",
  url: "https://www.pulumi.com/docs/iac/concepts/resources/options/protect/",
  severity: "critical",
  parameters: {
    retained,
    reclaimed: z
      .array(z.string())
      .default([])
      .describe(
        "workloads whose volumes may be deleted with them (* stands for any text), in addition to migration.reclaimVolumes of the stack's settings",
      ),
  },
  *check(resource, { reclaimed, retained }) {
    const loss = lossOf(resource);
    if (loss && !resource.options.protect && !isRetained(resource, retained)) {
      yield {
        path: "the option protect",
        found: "not set",
        wanted: "protect: true",
        why: `If it is removed from the program, renamed or moved, it is deleted, and with it ${loss}.`,
        fix: `Set protect: true. To delete it later, first remove the protection in a separate update.`,
      };
    }
    for (const { path, value, names } of reclaims(resource)) {
      const given = [...reclaimed, ...reclaimedVolumes(resource)];
      if (given.some((pattern) => names.some((name) => matches(pattern, name)))) continue;
      if (value instanceof Unknown) yield value;
      else {
        yield {
          path,
          found: JSON.stringify(value),
          wanted: value === true ? "false" : '"Retain"',
          why: "The volumes would be deleted with their workload, or when it is scaled down.",
          fix: "Keep them. If the migration deletes them on purpose, list the workload in migration.reclaimVolumes or in this policy's parameter reclaimed.",
        };
      }
    }
  },
});
