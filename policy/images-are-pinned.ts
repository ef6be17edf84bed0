import { z } from "zod";
import { imagesOf } from "./lib/charts/images";
import { chartOf } from "./lib/charts/release";
import { unreadable } from "./lib/config/placeholders";
import { matches } from "./lib/glob";
import { parseReference, type Reference } from "./lib/images";
import { podsOf } from "./lib/pods/find";
import { definePolicy, type Finding } from "./lib/policy";
import { Unknown, type Block } from "./lib/unknown";

const parameters = {
  requireDigest: z.boolean().default(false).describe("also demand the digest of each image"),
  allowedRegistries: z
    .array(z.string())
    .default([])
    .describe("registries that images may come from, such as quay.io or docker.io/grafana/*; none: any"),
  exactTags: z
    .array(z.string())
    .default([])
    .describe("images whose tags don't move although they look so, with their tag: docker.io/library/postgres:1*.*"),
};
type Parameters = z.infer<z.ZodObject<typeof parameters>>;

// A version of three parts, a date or build number, or a commit.
const exact = /\d+\.\d+\.\d+|\d{4}-\d{2}-\d{2}|\d{6,}|(^|[-_.])(?=[\da-f]*\d)[\da-f]{7,40}($|[-_.])/;

/**
 * Refuses an image whose tag moves (none, `latest`, `main`, `3`, `3.6`): what runs would depend on when a node pulled it, and there is no
 * way back. Likewise a chart without an exact version, which takes its images along.
 */
export const imagesArePinned = definePolicy({
  name: "images-are-pinned",
  description:
    "Every image has an exact tag, and every chart an exact version; also a digest, where that is asked for.",
  url: "https://kubernetes.io/docs/concepts/containers/images/#image-names",
  severity: "high",
  parameters,
  *check(resource, given) {
    for (const pods of podsOf(resource)) {
      if (pods instanceof Unknown) yield pods;
      else for (const { path, image } of pods.images) yield* judge(path, image, given);
    }
    const chart = chartOf(resource);
    if (!chart) return;
    yield* version(resource.props);
    for (const { path, image, tag } of imagesOf(chart, {}) ?? []) {
      if (tag !== undefined && !exact.test(tag)) yield moving(path, JSON.stringify(tag));
      else yield* judge(path, image, given);
    }
  },
});

function* judge(path: string, image: unknown, given: Parameters): Iterable<Finding> {
  if (image instanceof Unknown) return yield image;
  if (typeof image !== "string" || image === "") {
    if (given.requireDigest) yield withoutDigest(path, "not named");
    return;
  }
  const why = unreadable(image);
  if (why) {
    return yield { path, found: why, wanted: "an image with an exact tag", fix: "Write the reference itself." };
  }
  const found = JSON.stringify(image);
  const reference = parseReference(image);
  if (!isExact(reference, given)) yield moving(path, found);
  if (reference.digest === undefined ? given.requireDigest : !/^sha256:[\da-f]{64}$/.test(reference.digest)) {
    yield withoutDigest(path, found);
  }
  if (!isAllowed(reference.repository, given)) {
    const wanted = `an image from ${given.allowedRegistries.join(" or ")}`;
    yield { path, found, wanted, fix: "No other registry is allowed here. Take the image from one, or from a mirror." };
  }
}

function isExact({ repository, tag, digest }: Reference, { exactTags }: Parameters): boolean {
  if (tag === undefined) return digest !== undefined;
  return digest !== undefined || exact.test(tag) || exactTags.some((each) => matches(each, `${repository}:${tag}`));
}

function isAllowed(repository: string, { allowedRegistries }: Parameters): boolean {
  return (
    allowedRegistries.length === 0 ||
    allowedRegistries.some((each) => matches(each, repository) || matches(`${each}/*`, repository))
  );
}

function moving(path: string, found: string): Finding {
  return {
    path,
    found,
    wanted: "an exact tag, such as 3.6.3, or a digest",
    fix: "Such a tag moves: what runs depends on when a node pulled the image, and there is no way back to what ran before. Write the version of the release.",
  };
}

function withoutDigest(path: string, found: string): Finding {
  return {
    path,
    found,
    wanted: "…@sha256: and the 64 digits of a digest",
    fix: "Only a digest names the same image for ever. Ask the registry for it (crane digest, docker buildx imagetools inspect) and take that of the index, not of one platform.",
  };
}

// A path and an archive hold one version; an OCI reference may end in it.
function* version({ chart, version: given }: Block): Iterable<Finding> {
  const one = [chart, given].find((each) => each instanceof Unknown);
  if (one) return yield one;
  if (typeof chart !== "string" || /^\.{0,2}\/|\.tgz$|^oci:.*:v?\d+\.\d+\.\d+[^/]*$/.test(chart)) return;
  if (typeof given === "string" && /^v?\d+\.\d+\.\d+([-+][\w.+-]+)?$/.test(given)) return;
  yield {
    path: "version",
    found: given === undefined ? "missing" : JSON.stringify(given),
    wanted: "the exact version of the chart, such as 88.5.3",
    fix: "Whatever is newest on the day would be installed, with its images and its changes of values. Write the version that was tested.",
  };
}
