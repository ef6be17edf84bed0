import type { ListedImage } from "../components/image-list";
import { platformsOf } from "./platforms";
import { ImageProblem } from "./problem";
import { addressOf, parseReference } from "./reference";
import { Registry, type RegistryOptions } from "./registry";
import { Repository } from "./repository";

/** How images are looked up. */
export interface LockOptions extends RegistryOptions {
  /** By the host in an image's name, the URL that is asked in its place. */
  mirrors: Readonly<Record<string, string>>;
  /** How many images are looked up at a time. */
  concurrency: number;
}

/** What came of one image. */
export type Locked = {
  /** As `images.json` has it. */
  listed: ListedImage;
} & (
  | {
      /** As the registry has it. */
      found: ListedImage;
    }
  | { problem: ImageProblem }
);

/**
 * Looks images up in their registries.
 *
 * A platform that `images.json` lists and the registry doesn't have is a problem: pods are placed by that list.
 *
 * @param images those to look up
 * @param progress is told each image that is done, and how many are
 * @returns in the same order
 */
export async function lookUpAll(
  images: readonly ListedImage[],
  { mirrors, concurrency, ...options }: LockOptions,
  progress: (locked: Locked, done: number) => void,
): Promise<Locked[]> {
  const registries = new Map<string, Registry>();
  const registryOf = (host: string) => {
    const address = addressOf(host, mirrors);
    const registry = registries.get(address) ?? new Registry(address, options);
    registries.set(address, registry);
    return registry;
  };
  let done = 0;
  return inTurn(images, concurrency, async (listed) => {
    const locked = await lookUp(listed, registryOf);
    progress(locked, ++done);
    return locked;
  });
}

async function lookUp(listed: ListedImage, registryOf: (host: string) => Registry): Promise<Locked> {
  const { host, repository: name, tag } = parseReference(listed.reference);
  try {
    const repository = new Repository(registryOf(host), name);
    const document = await repository.manifest(tag);
    const platforms = await platformsOf(document, repository);
    const lacking = listed.platforms.filter((platform) => !platforms.includes(platform));
    if (lacking.length > 0) throw without(lacking, platforms, repository.registry);
    return { listed, found: { ...listed, digest: document.digest, platforms } };
  } catch (error) {
    if (error instanceof ImageProblem) return { listed, problem: error };
    throw error;
  }
}

const without = (lacking: string[], platforms: string[], registry: string) =>
  new ImageProblem(
    `images.json says ${lacking.join(", ")}, and ${registry} has it for ${platforms.join(", ") || "no Linux"} only`,
    `On a node of ${lacking.join(" or ")} its containers would end with "exec format error". Take another tag or image, or take ` +
      `${lacking.join(" and ")} out of its platforms in images.json, so that its pods stay off those nodes.`,
  );

/** Does at most so many at a time, and gives the results in the order of what they are of. */
async function inTurn<From, To>(from: readonly From[], most: number, work: (one: From) => Promise<To>): Promise<To[]> {
  const results: To[] = [];
  const queue = from.entries();
  const worker = async () => {
    for (const [i, one] of queue) results[i] = await work(one);
  };
  await Promise.all(Array.from({ length: most }, worker));
  return results;
}
