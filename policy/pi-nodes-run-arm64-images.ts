import { z } from "zod";
import { imagesOf } from "./lib/charts/images";
import { knownCharts } from "./lib/charts/known";
import { chartOf, type Chart } from "./lib/charts/release";
import { unreadable } from "./lib/config/placeholders";
import { lookUp, moreImages, type KnownImage } from "./lib/images";
import { definePolicy, type Finding } from "./lib/policy";
import { podsOf, type ImageUse } from "./lib/pods/find";
import { nodesOf, piNodes, type Node } from "./lib/pods/node";
import { mayRunOn } from "./lib/pods/scheduling";
import type { Resource } from "./lib/resource";
import { Unknown } from "./lib/unknown";

const platform = "linux/arm64";
const wanted = `an image that images.json lists with ${platform}`;
const remedy = "or keep the pods off the Pi nodes, with the node selector kubernetes.io/arch: amd64.";

/**
 * Refuses an image on a pod that may be scheduled on a Raspberry Pi unless the image is known to have linux/arm64: without it the container
 * ends at once with "exec format error". An image that nobody has looked up is refused, too.
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
        `by the name of a chart, the paths where its values name an image, none for a chart without pods; beside ${knownCharts.join(", ")}`,
      ),
  },
  *check(resource, { piNodes: groups, images, charts }) {
    const nodes = nodesOf(groups);
    for (const pods of podsOf(resource)) {
      if (pods instanceof Unknown) yield pods;
      else if (nodes.some((node) => mayRunOn(pods.spec, node, pods.ofDaemonSet))) {
        for (const use of pods.images) yield* judge(use, images);
      }
    }
    const chart = chartOf(resource);
    // A Chart of helm.v3 shows no chart: its objects are resources of their own.
    if (chart && resource.props.chart !== undefined) yield* judgeChart(chart, resource, nodes, images, charts);
  },
});

function* judge(
  { path, image, repository }: ImageUse & { repository?: string },
  given: readonly KnownImage[],
): Iterable<Finding> {
  if (image instanceof Unknown) return yield image;
  if (typeof image !== "string" || image === "") return yield unnamed(path, repository, given);
  const why = unreadable(image);
  if (why) return yield { path, found: why, wanted, fix: "Write the reference itself." };
  const { image: known, others } = lookUp(image, given);
  if (!known) {
    const listed = others.length > 0 ? `It lists ${others.join(", ")}. ` : "";
    const fix = `No node selector, affinity or taint keeps its pods off the Pi nodes, and images.json doesn't have it, so nobody knows whether it runs there. ${listed}Take a listed image, add this one with its platforms and the page that documents them, ${remedy}`;
    yield { path, found: JSON.stringify(image), wanted, fix };
  } else if (!known.platforms.some((each) => each === platform || each.startsWith(`${platform}/`))) {
    const fix = `On a Pi node its containers would end with "exec format error". Take an image with ${platform}, ${remedy}`;
    yield {
      path,
      found: `${JSON.stringify(image)}, which has ${known.platforms.join(", ") || "no platform"}`,
      wanted,
      fix,
    };
  }
}

function unnamed(path: string, repository: string | undefined, given: readonly KnownImage[]): Finding {
  const others = repository ? lookUp(repository, given).others : [];
  const choice = others.length > 0 ? others.join(" or ") : "an image of images.json";
  const fix = `What is left out is chosen elsewhere (by the chart, the operator or its version), and may be an image without ${platform}. Name ${choice} there, with registry, repository and tag.`;
  return { path, found: "not named", wanted, fix };
}

function* judgeChart(
  chart: Chart,
  resource: Resource,
  nodes: readonly Node[],
  given: readonly KnownImage[],
  charts: Readonly<Record<string, readonly string[]>>,
): Iterable<Finding> {
  if (resource.props.chart instanceof Unknown) return yield resource.props.chart;
  for (const { path, problem } of chart.unreadable) yield unreadableValues(path, problem);
  // What isn't named here may be named there.
  if (chart.unreadable.length > 0) return;
  const images = imagesOf(chart, charts);
  if (!images) {
    yield {
      path: "chart",
      found: JSON.stringify(chart.name),
      wanted: "a chart whose images are known",
      fix: `The values name no image, so nobody knows what the chart runs. Name the chart's images in the values, and say under "charts" in this policy's configuration where they stand (an empty list for a chart without pods).`,
    };
  }
  for (const use of images ?? []) {
    if (nodes.some((node) => mayRunOn(use.spec, node))) yield* judge(use, given);
  }
}

function unreadableValues(path: string, problem: string | Unknown): Finding {
  if (problem instanceof Unknown) return problem;
  return {
    path,
    found: problem,
    wanted: "values that can be read",
    fix: "Pass them as `values` of the resource, so that every image is seen.",
  };
}
