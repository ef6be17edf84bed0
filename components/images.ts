import list from "../images.json";

/** The images that this program can name, in the order of `images.json`. */
export const imageNames = [
  "loki",
  "loki-canary",
  "nginx",
  "minio",
  "minio-mc",
  "alloy",
  "prometheus",
  "prometheus-operator",
  "prometheus-config-reloader",
  "alertmanager",
  "node-exporter",
  "kube-state-metrics",
  "grafana",
  "k8s-sidecar",
  "mimir",
] as const;

/** The name of an image in `images.json`, such as `loki`. */
export type ImageName = (typeof imageNames)[number];

interface ListedImage {
  name: string;
  reference: string;
  /** `sha256:…` of the image index, as a registry served it; null until one was asked. */
  digest: string | null;
  /** Operating system and architecture, such as `linux/arm64`. */
  platforms: string[];
}

const byName = new Map<string, ListedImage>(list.images.map((listed) => [listed.name, listed]));

/**
 * The reference to write into a pod or a chart value: registry, repository, exact tag, and the digest where `images.json` has one.
 *
 * `images.json` is the one list of images; the policy `pi-nodes-run-arm64-images` refuses every other image.
 *
 * @param name the image's name in `images.json`
 * @returns for example `docker.io/grafana/loki:3.6.3`, or `docker.io/grafana/loki:3.6.3@sha256:…`
 * @throws Error when `images.json` has no image of that name; the message lists the names it has
 */
export function image(name: ImageName): string {
  const listed = byName.get(name);
  if (!listed) {
    throw new Error(
      `images.json has no image named "${name}"; it has ${[...byName.keys()].join(", ")}. ` +
        `Add "${name}" there with its reference, platforms and the page that documents them.`,
    );
  }
  return pinned(listed);
}

/**
 * The references of several images, for a component.
 *
 * @param overrides references that a stack uses in place of the list's own (setting `images`), by name; `images.json` must list them too
 * @param names names in `images.json`
 * @returns name to reference
 * @throws Error when `images.json` lacks one
 */
export function images<Name extends ImageName>(
  overrides: Readonly<Record<string, string>>,
  ...names: Name[]
): Record<Name, string> {
  return Object.fromEntries(names.map((name) => [name, overrides[name] ?? image(name)])) as Record<Name, string>;
}

/**
 * The architectures that all of these images have, as nodes are labelled with (`kubernetes.io/arch`).
 *
 * @param references the images of one pod, as {@link image} gives them
 * @returns for example `["amd64", "arm64"]`, in the order of the first image
 * @throws Error when `images.json` doesn't have one of them, or when no architecture is common to all
 */
export function architectures(references: readonly string[]): string[] {
  const [first = [], ...others] = references.map(architecturesOf);
  const common = first.filter((each) => others.every((other) => other.includes(each)));
  if (common.length === 0) {
    throw new Error(
      `No node could run all images of this pod: ${references.join(", ")} have no architecture in common in images.json.`,
    );
  }
  return common;
}

function architecturesOf(reference: string): string[] {
  const listed = list.images.find((each) => pinned(each) === reference);
  if (!listed) {
    throw new Error(
      `images.json doesn't have the image ${reference}, so nobody knows which nodes can run it. ` +
        `Add it there with its platforms and the page that documents them.`,
    );
  }
  return listed.platforms.map((platform) => platform.split("/")[1]);
}

function pinned({ reference, digest }: ListedImage): string {
  return digest ? `${reference}@${digest}` : reference;
}
