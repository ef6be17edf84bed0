import { imagesOf, placementOf } from "./charts/images";
import { chartsOf, type Installed } from "./charts/installed";
import { chartOf } from "./charts/release";
import { unreadable } from "./config/placeholders";
import type { Finding, Refusal } from "./finding";
import { lookUp, type KnownImage } from "./images";
import { podsOf, type ImageUse } from "./pods/find";
import { arm64NodesOf, nodesOf, type Node, type PiNodes } from "./pods/node";
import { mayRunOn } from "./pods/scheduling";
import type { Resource } from "./resource";
import { Unknown, type Block } from "./unknown";

const platform = "linux/arm64";
const wanted = `an image that images.json lists with ${platform}`;
const remedy = "Or keep the pods off the Pi nodes with the node selector kubernetes.io/arch: amd64.";

/** What is known of images, beside `images.json`. */
export interface Images {
  /** Further images with their platforms. */
  images: readonly KnownImage[];
  /** By the name of a chart, the paths where its values name an image. */
  charts: Readonly<Record<string, readonly string[]>>;
}

/**
 * The images of a resource that may run on an arm64 node and aren't known to have linux/arm64.
 *
 * @param groups what is known of these nodes; none: those of the stack's settings
 */
export function* notForArm64(resource: Resource, groups: PiNodes, given: Images): Iterable<Finding> {
  const [all, charts] = [podsOf(resource), chartsOf(resource)];
  if (all.length === 0 && charts.length === 0) return;
  const nodes = nodesOf(groups.length > 0 ? groups : arm64NodesOf(resource));
  for (const pods of all) {
    if (pods instanceof Unknown) yield pods;
    else {
      const may = onOneOf(nodes, pods.spec, pods.ofDaemonSet);
      for (const use of pods.images) yield* where(may, ofImage(use, given));
    }
  }
  // A Chart of helm.v3 shows no chart: its objects are resources of their own.
  if (nodes.length === 0 || (chartOf(resource) && resource.props.chart === undefined)) return;
  for (const chart of charts) yield* ofChart(chart, resource, nodes, given);
}

// Whether pods may run on one of the nodes at least.
function onOneOf(nodes: readonly Node[], spec: Block, ofDaemonSet = false): boolean | Unknown {
  const answers = nodes.map((node) => mayRunOn(spec, node, ofDaemonSet));
  return answers.includes(true) || (answers.find((each) => each instanceof Unknown) ?? false);
}

// What is found of pods that may run there; where that isn't known yet, it isn't either.
function* where(may: boolean | Unknown, findings: Iterable<Finding>): Iterable<Finding> {
  if (may === false) return;
  for (const each of findings) yield may === true ? each : may;
}

function* ofImage(use: ImageUse, { images }: Images): Iterable<Finding> {
  const { path, image, repository } = use;
  if (image instanceof Unknown) yield image;
  else if (typeof image !== "string" || image === "") yield unnamed(path, repository, images);
  else {
    const refusal = refusalOf(path, image, images);
    if (refusal) yield refusal;
  }
}

function refusalOf(path: string, image: string, given: readonly KnownImage[]): Refusal | undefined {
  const why = unreadable(image);
  if (why) return { path, found: why, wanted, fix: "Write the literal reference." };
  const { image: known, others } = lookUp(image, given);
  if (!known) return unlisted(path, image, others);
  const isBuilt = known.platforms.some((each) => each === platform || each.startsWith(`${platform}/`));
  return isBuilt ? undefined : notBuilt(path, image, known.platforms);
}

function* ofChart(chart: Installed, resource: Resource, nodes: readonly Node[], given: Images): Iterable<Finding> {
  if (resource.props.chart instanceof Unknown) {
    yield resource.props.chart;
    return;
  }
  for (const { path, problem } of chart.unreadable) {
    yield problem instanceof Unknown ? problem : unreadableValues(path, problem);
  }
  // What isn't named here may be named there.
  if (chart.unreadable.length > 0) return;
  const images = imagesOf(chart, given.charts);
  if (!images) {
    if (!chart.isPartial) yield* where(onOneOf(nodes, placementOf(chart.values)), [unknownChart(chart)]);
    return;
  }
  for (const use of images) {
    // Values that aren't shown may name it.
    if (chart.isPartial && use.image === undefined) continue;
    yield* where(onOneOf(nodes, use.spec), ofImage(use, given));
  }
}

function unlisted(path: string, image: string, others: readonly string[]): Refusal {
  const listed = others.length > 0 ? ` Listed are ${others.join(", ")}.` : "";
  return {
    path,
    found: JSON.stringify(image),
    wanted,
    why: `No node selector, affinity or taint keeps its pods off the Pi nodes, and images.json doesn't list it, so it may not run there.`,
    fix: `List it with its platforms in images.json or in this policy's parameter images. ${remedy}${listed} The command observability-policy-images looks them up in its registry.`,
  };
}

function notBuilt(path: string, image: string, platforms: readonly string[]): Refusal {
  return {
    path,
    found: `${JSON.stringify(image)}, which has ${platforms.join(", ") || "no platform"}`,
    wanted,
    why: `On a Pi node its containers would end with "exec format error".`,
    fix: `Use an image with ${platform}. ${remedy}`,
  };
}

function unnamed(path: string, repository: string | undefined, given: readonly KnownImage[]): Refusal {
  const others = repository ? lookUp(repository, given).others : [];
  const choice = others.length > 0 ? others.join(" or ") : "an image of images.json";
  return {
    path,
    found: "not named",
    wanted,
    why: `The chart, the operator or its version chooses the image, and it may be one without ${platform}.`,
    fix: `Name ${choice} there, with registry, repository and tag.`,
  };
}

function unknownChart({ name, path }: Installed): Refusal {
  const isOwn = path === "values";
  return {
    path: isOwn ? "chart" : path,
    found: name === undefined ? "that of a chart without a name" : isOwn ? JSON.stringify(name) : `that of ${name}`,
    wanted: "a chart whose images are known",
    why: "The values name no image, so its images are unknown.",
    fix: `Set the chart's images in the values, and list their paths in this policy's parameter charts (an empty list for a chart without pods).`,
  };
}

function unreadableValues(path: string, problem: string): Refusal {
  return {
    path,
    found: problem,
    wanted: "values that can be read",
    fix: "Pass them as `values` of the resource: then every image can be checked.",
  };
}
