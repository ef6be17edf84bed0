import { inner } from "../paths";
import type { ImageUse } from "../pods/find";
import { at, isBlock, Unknown, type Block } from "../unknown";
import { slotsOf, type ImageSlot } from "./known";
import type { Chart } from "./release";

/** An image that a chart runs, with what its values say of the pods that run it. */
export interface ChartImage extends ImageUse {
  /** Node selector, affinity and tolerations. */
  spec: Block;
  /** The repository that the chart takes by default, where that is known. */
  repository?: string;
  /** The tag, where the values name no more than that of the image. */
  tag?: string;
}

/**
 * The images of a chart, as its values name them. An image that the values leave to the chart has no `image`.
 *
 * @param chart the chart and its values
 * @param given for charts that aren't known, the paths where their values name an image
 * @returns undefined for a chart that isn't known and whose values name no image: nobody can tell what it runs
 */
export function imagesOf(chart: Chart, given: Readonly<Record<string, readonly string[]>>): ChartImage[] | undefined {
  const slots = slotsOf(chart.name ?? "", chart.values, given);
  const registry = at(chart.values, "global.imageRegistry");
  const known = (slots?.used ?? []).map((slot) => ofSlot(slot, chart.values, registry));
  const places = new Set(slots?.all.map(({ path }) => path));
  const others = found(chart.values, "", {}, registry).filter(({ path }) => !places.has(path));
  if (!slots && others.length === 0) return undefined;
  return [...known, ...others].map((each) => ({ ...each, path: `values.${each.path}` }));
}

function ofSlot(slot: ImageSlot, values: Block, registry: unknown): ChartImage {
  const { path, repository, pods = path.slice(0, path.lastIndexOf(".")) } = slot;
  const spec = at(values, pods);
  return {
    path,
    repository,
    spec: isBlock(spec) ? spec : {},
    ...named(at(values, path), registry, repository),
  };
}

// Images that values name as is the custom: `image: text`, or a block `image` with repository and tag. What is switched off runs nothing.
function found(values: unknown, path: string, pods: Block, registry: unknown): ChartImage[] {
  if (Array.isArray(values)) return values.flatMap((each, index) => found(each, inner(path, index), pods, registry));
  if (!isBlock(values) || values.enabled === false) return [];
  const spec = ["nodeSelector", "affinity", "tolerations", "nodeName"].some((key) => values[key]) ? values : pods;
  return Object.entries(values).flatMap(([key, value]) => {
    const place = inner(path, key);
    if (key === "image" && value && !isBlock(value)) return [{ path: place, image: value, spec }];
    if (/image$/i.test(key) && isBlock(value) && ["repository", "tag", "digest", "sha"].some((part) => value[part])) {
      return [{ path: place, spec, ...named(value, registry) }];
    }
    return found(value, place, spec, registry);
  });
}

function named(image: unknown, registry: unknown, byDefault?: string): Pick<ChartImage, "image" | "tag"> {
  const whole = reference(image, registry, byDefault);
  const tag = whole === undefined ? text(at(image, "tag")) : undefined;
  return { image: whole, ...(tag && { tag }) };
}

// registry/repository:tag@digest, as charts compose it. Without a repository or a tag the chart chooses the image.
function reference(image: unknown, globalRegistry: unknown, byDefault = ""): unknown {
  if (typeof image === "string") return image || undefined;
  if (!isBlock(image)) return image instanceof Unknown ? image : undefined;
  const unknown = Object.values(image).find((part) => part instanceof Unknown);
  if (unknown) return unknown;
  const [defaultRegistry, ...defaultRepository] = byDefault.split("/");
  const registry = text(globalRegistry) ?? text(image.registry) ?? defaultRegistry;
  const repository = text(image.repository) ?? defaultRepository.join("/");
  const tag = text(image.tag);
  const digest = text(image.digest) ?? text(image.sha);
  if (!repository || !tag) return undefined;
  const suffix = image.distroless === true ? "-distroless" : "";
  const pin = digest ? `@${digest.includes(":") ? "" : "sha256:"}${digest}` : "";
  return `${registry ? `${registry}/` : ""}${repository}:${tag}${suffix}${pin}`;
}

function text(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}
