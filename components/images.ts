import list from "../images.json";

/**
 * The stack's images, from `images.json`, the one list of them.
 */

/** Name of an image in `images.json`. */
export type ImageName = (typeof list.images)[number]["name"] & string;

/**
 * The reference of an image: the stack's own, or the list's, with its digest where that was read from a registry.
 * @param name its name in `images.json`
 * @param overrides references that the settings give in its place (setting `images`)
 * @throws Error when the list has no such image
 */
export function image(name: string, overrides: Readonly<Record<string, string>> = {}): string {
  const entry = list.images.find((i) => i.name === name);
  if (!entry) {
    throw new Error(`images.json has no image "${name}". It has: ${list.images.map((i) => i.name).join(", ")}.`);
  }
  return overrides[name] ?? (entry.digest ? `${entry.reference}@${entry.digest as string}` : entry.reference);
}

/**
 * References of several images.
 * @param overrides references that the settings give (setting `images`)
 * @param names their names in `images.json`
 * @throws Error when the list lacks one
 */
export function images<Name extends string>(
  overrides: Readonly<Record<string, string>>,
  ...names: Name[]
): Record<Name, string> {
  return Object.fromEntries(names.map((name) => [name, image(name, overrides)])) as Record<Name, string>;
}

/**
 * The architectures that all of some images have, as values of the node label `kubernetes.io/arch`.
 * @param references image references; one that the list doesn't know limits nothing here (the policy refuses it)
 */
export function architectures(references: readonly string[]): string[] {
  const known = references.flatMap((reference) =>
    list.images.filter((i) => i.reference === reference.split("@sha256:")[0]),
  );
  return ["amd64", "arm64"].filter((arch) => known.every((i) => i.platforms.includes(`linux/${arch}`)));
}
