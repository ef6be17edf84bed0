import { z } from "zod";
import { notForArm64 } from "./lib/arm64-images";
import { knownCharts } from "./lib/charts/known";
import { moreImages } from "./lib/images";
import { definePolicy } from "./lib/policy";
import { piNodes } from "./lib/pods/node";

/**
 * Refuses an image on a pod that may be scheduled on a Raspberry Pi unless the image is known to have linux/arm64: without it, the container
 * ends at once with "exec format error". An image that isn't listed is refused as well. If no such nodes are configured, the policy does
 * nothing.
 */
export const piNodesRunArm64Images = definePolicy({
  name: "pi-nodes-run-arm64-images",
  description: "Pods that may be scheduled on a Pi node run only images that are known to have linux/arm64.",
  url: "https://kubernetes.io/docs/concepts/containers/images/#multi-architecture-images-with-image-indexes",
  severity: "high",
  parameters: {
    piNodes,
    images: moreImages,
    charts: z
      .record(z.string(), z.array(z.string()))
      .default({})
      .describe(
        `for each chart, the paths of its images in the values (an empty list for a chart without pods), in addition to ${knownCharts.join(", ")}`,
      ),
  },
  *check(resource, { piNodes: groups, images, charts }) {
    yield* notForArm64(resource, groups, { images, charts });
  },
});
