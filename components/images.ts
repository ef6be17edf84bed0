import { RunError } from "@pulumi/pulumi/errors";
import { imageList, pinned, type ImageName, type ListedImage } from "../settings/image-list";

/**
 * The reference to write into a pod or a chart value: registry, repository, exact tag, and the digest where `images.json` has one.
 *
 * `images.json` is the one list of images; the policy `pi-nodes-run-arm64-images` refuses every other image.
 *
 * @param name the image's name in `images.json`
 * @returns for example `docker.io/grafana/loki:3.6.3`, or `docker.io/grafana/loki:3.6.3@sha256:…`
 * @throws RunError when `images.json` has no image of that name; the message lists the names it has
 */
export function image(name: ImageName): string {
  const listed = imageList.find((each) => each.name === name);
  if (!listed) {
    throw new RunError(
      `images.json has no image named "${name}"; it has ${imageList.map((each) => each.name).join(", ")}. ` +
        `Add "${name}" there with its reference, platforms and the page that documents them.`,
    );
  }
  return pinned(listed);
}

/**
 * The references of several images, for a component.
 *
 * @param overrides references that a stack uses in place of the list's first (setting `images`), by name: {@link alternatives}
 * @param names names in `images.json`
 * @returns name to reference
 * @throws RunError when `images.json` lacks one
 */
export function images<Name extends ImageName>(
  overrides: Readonly<Record<string, string>>,
  ...names: Name[]
): Record<Name, string> {
  const reference = (name: Name) => (name in overrides ? pinned(known(overrides[name])) : image(name));
  return Object.fromEntries(names.map((name) => [name, reference(name)])) as Record<Name, string>;
}

/**
 * The architectures that all of these images have, as nodes are labelled with (`kubernetes.io/arch`).
 *
 * @param references the images of one pod, as {@link image} gives them
 * @returns for example `["amd64", "arm64"]`, in the order of the first image
 * @throws RunError when `images.json` doesn't have one of them, or when no architecture is common to all
 */
export function architectures(references: readonly string[]): string[] {
  const [first = [], ...others] = references.map(architecturesOf);
  const common = first.filter((each) => others.every((other) => other.includes(each)));
  if (common.length === 0) {
    throw new RunError(
      `No node could run all images of this pod: ${references.join(", ")} have no architecture in common in images.json.`,
    );
  }
  return common;
}

const architecturesOf = (reference: string): string[] =>
  known(reference).platforms.map((platform) => platform.split("/")[1]);

function known(reference: string): ListedImage {
  const listed = imageList.find((each) => each.reference === reference || pinned(each) === reference);
  if (!listed) {
    throw new RunError(
      `images.json doesn't have the image ${reference}: it is not known which nodes can run it. ` +
        `Add it there with its platforms and the page that documents them.`,
    );
  }
  return listed;
}
