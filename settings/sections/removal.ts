import { z } from "zod";

/** What of a stack stays when Pulumi forgets it. */

/** The parts that are protected, and that a stack can leave behind instead. */
export const retainable = ["crds", "kps", "namespace", "buckets", "users", "items"] as const;

/** One of the protected parts. */
export type Retainable = (typeof retainable)[number];

/** Taking parts, or the whole stack, out. */
export const removal = z
  .strictObject({
    retain: z
      .array(z.enum(retainable))
      .default([])
      .meta({
        allowed:
          "crds (their release), kps (its release), namespace, buckets, users (MinIO's, with their policies), items (generated 1Password items)",
        example: ["crds", "items"],
      })
      .describe(
        "parts to leave in place when they, or the whole stack, are removed: an update lifts their protection, and Pulumi then only forgets them",
      ),
  })
  .prefault({});
