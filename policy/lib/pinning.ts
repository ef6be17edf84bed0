import { imagesOf } from "./charts/images";
import { chartsOf } from "./charts/installed";
import { chartOf } from "./charts/release";
import { unreadable } from "./config/placeholders";
import { matches } from "./glob";
import { podsOf } from "./pods/find";
import { parseReference, type Reference } from "./reference";
import type { Resource } from "./resource";
import { Unknown, type Block } from "./unknown";

/** What is expected of images. */
export interface Pinning {
  /** Whether each must have a digest. */
  requireDigest: boolean;
  /** Registries that they may come from, or patterns of repositories; none: any. */
  allowedRegistries: string[];
  /** Patterns of repository and tag whose tags don't move although they look so. */
  exactTags: string[];
}

/** An image or a chart that isn't pinned. */
export interface Unpinned {
  path: string;
  found: string;
  /** What is wrong with it: it can't be read, its tag moves, it has no digest, another registry, or (a chart) no exact version. */
  fault: "reference" | "tag" | "digest" | "registry" | "version";
}

// A version of three parts, a date or build number, or a commit.
const exact = /\d+\.\d+\.\d+|\d{4}-\d{2}-\d{2}|\d{6,}|(^|[-_.])(?=[\da-f]*\d)[\da-f]{7,40}($|[-_.])/;

/** The images and the chart of a resource that aren't pinned; an {@link Unknown} for what a preview can't know. */
export function* unpinned(resource: Resource, pinning: Pinning): Iterable<Unpinned | Unknown> {
  for (const pods of podsOf(resource)) {
    if (pods instanceof Unknown) yield pods;
    else for (const { path, image } of pods.images) yield* inImage(path, image, pinning);
  }
  // In clusters whose tools update their charts, the version is a range on purpose.
  if (chartOf(resource)) yield* inVersion(resource.props);
  for (const { path, image, tag, repository = "" } of chartsOf(resource).flatMap(
    (chart) => imagesOf(chart, {}) ?? [],
  )) {
    const named = tag === undefined ? undefined : { ...parseReference(repository), tag };
    if (named && !isExact(named, pinning)) yield { path, found: JSON.stringify(tag), fault: "tag" };
    else yield* inImage(path, image, pinning);
  }
}

function* inImage(path: string, image: unknown, pinning: Pinning): Iterable<Unpinned | Unknown> {
  if (image instanceof Unknown) {
    yield image;
    return;
  }
  if (typeof image !== "string" || image === "") {
    if (pinning.requireDigest) yield { path, found: "not named", fault: "digest" };
    return;
  }
  const why = unreadable(image);
  if (why) {
    yield { path, found: why, fault: "reference" };
    return;
  }
  const found = JSON.stringify(image);
  const reference = parseReference(image);
  if (!isExact(reference, pinning)) yield { path, found, fault: "tag" };
  if (!hasDigest(reference, pinning)) yield { path, found, fault: "digest" };
  if (!isAllowed(reference, pinning)) yield { path, found, fault: "registry" };
}

function isExact({ repository, tag, digest }: Reference, { exactTags }: Pinning): boolean {
  if (tag === undefined) return digest !== undefined;
  return digest !== undefined || exact.test(tag) || exactTags.some((each) => matches(each, `${repository}:${tag}`));
}

function hasDigest({ digest }: Reference, { requireDigest }: Pinning): boolean {
  return digest === undefined ? !requireDigest : /^sha256:[\da-f]{64}$/.test(digest);
}

function isAllowed({ repository }: Reference, { allowedRegistries }: Pinning): boolean {
  if (allowedRegistries.length === 0) return true;
  return allowedRegistries.some((each) => matches(each, repository) || matches(`${each}/*`, repository));
}

// A path and an archive hold one version; an OCI reference may end in it.
function* inVersion({ chart, version }: Block): Iterable<Unpinned | Unknown> {
  const unknown = [chart, version].find((each) => each instanceof Unknown);
  if (unknown) {
    yield unknown;
    return;
  }
  if (typeof chart !== "string" || /^\.{0,2}\/|\.tgz$|^oci:.*:v?\d+\.\d+\.\d+[^/]*$/.test(chart)) return;
  if (typeof version === "string" && /^v?\d+\.\d+\.\d+([-+][\w.+-]+)?$/.test(version)) return;
  yield { path: "version", found: version === undefined ? "missing" : JSON.stringify(version), fault: "version" };
}
