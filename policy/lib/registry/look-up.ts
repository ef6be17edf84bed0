import { parseReference } from "../reference";
import { addressOf } from "./address";
import { platformsOf } from "./platforms";
import { ImageProblem } from "./problem";
import { Registry, type RegistryOptions } from "./registry";
import { Repository } from "./repository";

/** How images are looked up. */
export interface LookUpOptions extends RegistryOptions {
  /** By the host in an image's name, the URL that is asked in its place. */
  mirrors: Readonly<Record<string, string>>;
  /** How many images are looked up at a time. */
  concurrency: number;
}

/** What a registry says of an image. */
export interface Found {
  /** Of what its tag names: the index, where it has one. */
  digest: string;
  /** Such as `linux/arm64`. */
  platforms: string[];
}

/** What came of one image. */
export type Answer<Image> = { image: Image } & ({ found: Found } | { problem: ImageProblem });

/**
 * Looks images up in their registries.
 *
 * @param images those to look up, by their references; without a tag or a digest it is the tag latest
 * @param options how
 * @param progress is called with each image that is done, and with how many are
 * @returns in the same order
 */
export async function lookUpAll<Image extends { reference: string }>(
  images: readonly Image[],
  { mirrors, concurrency, ...options }: LookUpOptions,
  progress: (answer: Answer<Image>, done: number) => void,
): Promise<Answer<Image>[]> {
  const registries = new Map<string, Registry>();
  const registryOf = (host: string) => {
    const address = addressOf(host, mirrors);
    const registry = registries.get(address) ?? new Registry(address, options);
    registries.set(address, registry);
    return registry;
  };
  let done = 0;
  return inTurn(images, concurrency, async (image) => {
    const answer = await lookUp(image, registryOf);
    progress(answer, ++done);
    return answer;
  });
}

async function lookUp<Image extends { reference: string }>(
  image: Image,
  registryOf: (host: string) => Registry,
): Promise<Answer<Image>> {
  const { repository: name, tag = "latest", digest } = parseReference(image.reference);
  const [host, ...path] = name.split("/");
  try {
    const repository = new Repository(registryOf(host), path.join("/"));
    const document = await repository.manifest(digest ?? tag);
    return { image, found: { digest: document.digest, platforms: await platformsOf(document, repository) } };
  } catch (error) {
    if (error instanceof ImageProblem) return { image, problem: error };
    throw error;
  }
}

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
