import { z } from "zod";
import { listedImages } from "./listed-images";
import { parseReference, type Reference } from "./reference";

/** A parameter of policies: images beside those of `images.json`. */
export const moreImages = z
  .array(
    z.strictObject({
      reference: z.string().describe("registry host, repository and exact tag, such as ghcr.io/org/app:1.2.3"),
      digest: z.string().nullable().default(null).describe("sha256:… of the image index, where a registry was asked"),
      platforms: z.array(z.string()).describe("such as linux/amd64, linux/arm64"),
    }),
  )
  .prefault([])
  .describe("images that this stack runs in addition to those of images.json");

/** An image that is known. */
export type KnownImage = z.infer<typeof moreImages>[number];

/** What is known about a reference. */
export interface Lookup {
  /** The image, where it is known. */
  image?: KnownImage;
  /** References of the same repository that are known. */
  others: string[];
}

/**
 * Looks an image up in `images.json` and in those given.
 *
 * References are compared as a container runtime completes them: `grafana/loki:3.6.3` is `docker.io/grafana/loki:3.6.3`. A digest that the
 * list doesn't have makes an image unknown, whatever its tag: it may be that of a single platform.
 */
export function lookUp(reference: string, given: readonly KnownImage[]): Lookup {
  const wanted = tagged(reference);
  const known = [...listed, ...given.map(takenApart)];
  const same = known.filter(({ is }) => is.repository === wanted.repository);
  const found = same.find(({ image, is }) =>
    wanted.digest ? wanted.digest === image.digest && (!wanted.tag || wanted.tag === is.tag) : wanted.tag === is.tag,
  );
  return {
    image: found?.image,
    others: same.map(({ image }) => image.reference + (image.digest ? `@${image.digest}` : "")),
  };
}

function takenApart(image: KnownImage): { image: KnownImage; is: Reference } {
  return { image, is: tagged(image.reference) };
}

const listed = listedImages.map(takenApart);

// Without tag and digest it is the tag latest.
function tagged(reference: string): Reference {
  const { tag, digest, ...rest } = parseReference(reference);
  return { ...rest, tag: tag ?? (digest ? undefined : "latest"), digest };
}
