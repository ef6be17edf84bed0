import { z } from "zod";
import type { Refusal } from "./lib/finding";
import { unpinned, type Unpinned } from "./lib/pinning";
import { definePolicy } from "./lib/policy";
import { Unknown } from "./lib/unknown";

/**
 * Refuses an image whose tag can move (none, `latest`, `main`, `3`, `3.6`): what runs would depend on when a node pulled it, and you can't go
 * back. The same holds for a chart without an exact version, which also decides its images.
 */
export const imagesArePinned = definePolicy({
  name: "images-are-pinned",
  description: "Every image has an exact tag, and every chart an exact version. Digests can be required as well.",
  url: "https://kubernetes.io/docs/concepts/containers/images/#image-names",
  severity: "high",
  parameters: {
    requireDigest: z.boolean().default(false).describe("also require a digest for each image"),
    allowedRegistries: z
      .array(z.string())
      .default([])
      .describe("registries from which images may come, such as quay.io or docker.io/grafana/*; empty: any registry"),
    exactTags: z
      .array(z.string())
      .default([])
      .describe(
        "images whose tags never move although they look as if they could, such as docker.io/library/postgres:1*.*",
      ),
  },
  *check(resource, pinning) {
    for (const each of unpinned(resource, pinning)) {
      if (each instanceof Unknown) yield each;
      else yield { path: each.path, found: each.found, ...advice(each.fault, pinning.allowedRegistries) };
    }
  },
});

function advice(fault: Unpinned["fault"], registries: readonly string[]): Omit<Refusal, "path" | "found"> {
  return {
    reference: { wanted: "an image with an exact tag", fix: "Write the literal reference." },
    tag: {
      wanted: "an exact tag, such as 3.6.3, or a digest",
      why: "Such a tag can move to another image: what runs depends on when a node pulled it, and you can't go back to what ran before.",
      fix: "Write the version of the release. If this tag never moves, list it in this policy's parameter exactTags.",
    },
    digest: {
      wanted: "…@sha256: and the 64 digits of a digest",
      why: "Only a digest always refers to the same image.",
      fix: "Write the digest of the index, not of one platform. To look it up, use crane digest or docker buildx imagetools inspect. This policy's parameter requireDigest requires it.",
    },
    registry: {
      wanted: `an image from ${registries.join(" or ")}`,
      why: "No other registry is allowed here.",
      fix: "Use the image from there or from a mirror. Or add its registry to this policy's parameter allowedRegistries.",
    },
    version: {
      wanted: "the exact version of the chart, such as 88.5.3",
      why: "The newest version of that day would be installed, with other images and changed values.",
      fix: "Write the version that you tested. If you want a range, list the release in this policy's parameter exclude.",
    },
  }[fault];
}
