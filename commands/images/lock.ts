import type { ListedImage } from "../../settings/image-list";
import { lookUpAll, type Answer, type LookUpOptions } from "../../policy/lib/registry/look-up";
import { ImageProblem } from "../../policy/lib/registry/problem";
import { parseReference } from "../../policy/lib/reference";

/** The result of one image. */
export type Locked = {
  /** From `images.json`. */
  listed: ListedImage;
} & (
  | {
      /** From the registry. */
      found: ListedImage;
    }
  | { problem: ImageProblem }
);

/**
 * Looks the images of a list up in their registries.
 *
 * A platform that `images.json` lists but the registry doesn't have is a problem: pods are scheduled by that list.
 *
 * @param images the images to look up
 * @param options how
 * @param progress called for each image that is done, with the number done so far
 * @returns in the same order
 */
export async function lockAll(
  images: readonly ListedImage[],
  options: LookUpOptions,
  progress: (locked: Locked, done: number) => void,
): Promise<Locked[]> {
  const answers = await lookUpAll(images, options, (answer, done) => progress(lockedOf(answer), done));
  return answers.map(lockedOf);
}

function lockedOf(answer: Answer<ListedImage>): Locked {
  const { image: listed } = answer;
  if ("problem" in answer) return { listed, problem: answer.problem };
  const { platforms } = answer.found;
  const lacking = listed.platforms.filter((platform) => !platforms.includes(platform));
  if (lacking.length > 0) return { listed, problem: without(lacking, platforms, listed.reference) };
  return { listed, found: { ...listed, ...answer.found } };
}

const without = (lacking: string[], platforms: string[], reference: string) =>
  new ImageProblem(
    `images.json says ${lacking.join(", ")}, but ${parseReference(reference).repository.split("/")[0]} only has it for ${platforms.join(", ") || "other systems than Linux"}`,
    `On a node of ${lacking.join(" or ")} its containers would fail with "exec format error". Use another tag or image, or remove ` +
      `${lacking.join(" and ")} from its platforms in images.json: then its pods are not scheduled there.`,
  );
