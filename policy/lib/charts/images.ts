import { inner, joined } from "../paths";
import type { ImageUse } from "../pods/find";
import { parseReference } from "../reference";
import { at, isBlock, Unknown, type Block } from "../unknown";
import { knownCharts, slotsOf, type ImageSlot, type Slots } from "./known";
import type { Installed } from "./installed";

/** An image that a chart runs, with what its values say of the pods that run it. */
export interface ChartImage extends ImageUse {
  /** Node selector, affinity and tolerations. */
  spec: Block;
  /** The tag, where the values name no more than that of the image. */
  tag?: string;
}

/**
 * The images of a chart, as its values name them. An image that the values leave to the chart has no `image`.
 *
 * @param chart the chart and its values
 * @param given for charts that aren't known, the paths where their values name an image
 * @returns undefined for a chart that isn't known and whose values name no image: what it runs is unknown
 */
export function imagesOf(
  chart: Installed,
  given: Readonly<Record<string, readonly string[]>>,
): ChartImage[] | undefined {
  const { values, name = "" } = chart;
  const slots = slotsOf(name, values, given) ?? slotsOfSubCharts(values, given);
  const registry = at(values, "global.imageRegistry");
  const places = new Set(slots?.all.map(({ path }) => path));
  const known = (slots?.used ?? []).map((slot) => ofSlot(slot, values, registry, [...places]));
  const others = found(values, "", {}, registry).filter(({ path }) => !places.has(path));
  if (!slots && others.length === 0) return undefined;
  const images = [...known, ...others].map((each) => ({ ...each, path: joined(chart.path, each.path) }));
  return knownCharts.includes(name) ? images : images.map((each) => ({ ...each, spec: inGlobal(values, each.spec) }));
}

/** Where all pods of a chart run by custom: what its values say at their root, or in `global`, of node selector, affinity and tolerations. */
export function placementOf(values: Block): Block {
  return inGlobal(values, podsOf(values, {}));
}

// The values of a sub-chart stand under its name.
function slotsOfSubCharts(values: Block, given: Readonly<Record<string, readonly string[]>>): Slots | undefined {
  const all = Object.entries(values).flatMap(([name, inner]) => {
    const slots = isBlock(inner) && inner.enabled !== false ? slotsOf(name, inner, given) : undefined;
    if (!slots) return [];
    const here = (slot: ImageSlot): ImageSlot => ({
      ...slot,
      path: `${name}.${slot.path}`,
      ...(slot.within === undefined ? { pods: podsAt(name, slot) } : { within: name }),
    });
    return [{ all: slots.all.map(here), used: slots.used.map(here) }];
  });
  if (all.length === 0) return undefined;
  return { all: all.flatMap((each) => each.all), used: all.flatMap((each) => each.used) };
}

const podsAt = (name: string, { path, pods = around(path) }: ImageSlot): string => (pods ? `${name}.${pods}` : name);

// The block that a path's last key is in; the values themselves where it has only one.
const around = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf(".")));

function ofSlot(slot: ImageSlot, values: Block, registry: unknown, places: readonly string[]): ChartImage {
  const { path, repository, pods = around(path), within } = slot;
  const image = withTag(at(values, path), blockAt(values, around(path)));
  const spec = within === undefined ? blockAt(values, pods) : above(path, within, values, places);
  return { path, repository, spec, ...named(image, registry, repository) };
}

function blockAt(values: Block, place: string): Block {
  const block = place ? at(values, place) : values;
  return isBlock(block) ? block : {};
}

// The nearest level that says where pods run. A level with an image of its own says it of that one.
function above(path: string, within: string, values: Block, places: readonly string[]): Block {
  for (let level = around(path); ; level = around(level)) {
    const block = blockAt(values, level);
    const key = path.slice(level === "" ? 0 : level.length + 1).split(".")[0];
    const isOthers = places.some((each) => each !== path && around(each) === level) || (key !== "image" && block.image);
    if (level !== around(path) && isOthers) return {};
    const spec = podsOf(block, {});
    if (saysWhere(spec) || level === within || level === "") return spec;
  }
}

// By custom (cert-manager, argo-cd, longhorn) a chart takes from `global` what a component doesn't say. Tolerations of both count, as some
// charts join them: more are tolerated, so more is judged.
function inGlobal({ global }: Block, spec: Block): Block {
  if (!isBlock(global)) return spec;
  const isSaid = (value: unknown) => value instanceof Unknown || (isBlock(value) && Object.keys(value).length > 0);
  const either = (key: string) => (isSaid(spec[key]) ? spec[key] : global[key]);
  return {
    ...spec,
    nodeSelector: either("nodeSelector"),
    affinity: either("affinity"),
    tolerations: [spec.tolerations, global.tolerations].flatMap((each) => each ?? []),
  };
}

// Images that values name as is the custom: `image: text`, or a block `image` with repository and tag. What is switched off runs nothing.
function found(values: unknown, path: string, pods: Block, registry: unknown): ChartImage[] {
  if (Array.isArray(values)) return values.flatMap((each, index) => found(each, inner(path, index), pods, registry));
  if (!isBlock(values) || values.enabled === false) return [];
  const spec = podsOf(values, pods);
  return Object.entries(values).flatMap(([key, value]) => {
    const place = inner(path, key);
    if (key === "image" && value && !isBlock(value)) return [{ path: place, image: withTag(value, values), spec }];
    if (/image$/i.test(key) && isBlock(value) && ["repository", "tag", "digest", "sha"].some((part) => value[part])) {
      return [{ path: place, spec, ...named(value, registry) }];
    }
    return found(value, place, spec, registry);
  });
}

// Elastic's charts have the tag beside the image.
function withTag(image: unknown, { imageTag, tag }: Block): unknown {
  const beside = text(imageTag) ?? text(tag);
  if (typeof image !== "string" || beside === undefined) return image;
  const own = parseReference(image);
  return own.tag === undefined && own.digest === undefined ? `${image}:${beside}` : image;
}

// Beside the image or around it, or as bjw-s' app-template has it: what holds for all pods, and over it what a controller says of its own.
function podsOf(values: Block, around: Block): Block {
  const { pod, defaultPodOptions } = values;
  if (saysWhere(values)) return values;
  if (saysWhere(defaultPodOptions)) return defaultPodOptions;
  return saysWhere(pod) ? { ...around, ...pod } : around;
}

function saysWhere(block: unknown): block is Block {
  return isBlock(block) && ["nodeSelector", "affinity", "tolerations", "nodeName"].some((key) => block[key]);
}

function named(image: unknown, registry: unknown, byDefault?: string): Pick<ChartImage, "image" | "tag"> {
  const whole = reference(image, registry, byDefault);
  const tag = whole === undefined ? text(at(image, "tag")) : undefined;
  return { image: whole, ...(tag && { tag }) };
}

// registry/repository:tag@digest, as charts compose it; that of ingress-nginx calls the repository `image`, others call it `name`. Without a repository, or a tag or digest, the chart chooses the image.
function reference(image: unknown, globalRegistry: unknown, byDefault = ""): unknown {
  if (typeof image === "string") return image || undefined;
  if (!isBlock(image)) return image instanceof Unknown ? image : undefined;
  const unknown = Object.values(image).find((part) => part instanceof Unknown);
  if (unknown) return unknown;
  const [defaultRegistry, ...defaultRepository] = byDefault.split("/");
  const registry = text(globalRegistry) ?? text(image.registry) ?? defaultRegistry;
  const repository = text(image.repository) ?? text(image.image) ?? text(image.name) ?? defaultRepository.join("/");
  const tag = text(image.tag);
  const digest = text(image.digest) ?? text(image.sha);
  if (!repository || !(tag ?? digest)) return undefined;
  const suffix = image.distroless === true ? "-distroless" : "";
  const pin = digest ? `@${digest.includes(":") ? "" : "sha256:"}${digest}` : "";
  return `${registry ? `${registry}/` : ""}${repository}${tag ? `:${tag}${suffix}` : ""}${pin}`;
}

function text(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}
