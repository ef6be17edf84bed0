import { readFileSync, statSync } from "node:fs";
import path from "node:path";

/** An image of the list, as far as policies read it. */
interface ListedImage {
  reference: string;
  /** null until a registry was asked. */
  digest: string | null;
  platforms: string[];
}

/**
 * The images that are known: the file `images.json` beside the pack's folder, which is this repository's list or that of a program that has the
 * pack in its own; else the one that is bundled when the pack is packed.
 */
export const listedImages: readonly ListedImage[] = read("../../images.json") ?? read("../images.json") ?? [];

function read(file: string): ListedImage[] | undefined {
  const where = path.join(__dirname, file);
  if (!statSync(where, { throwIfNoEntry: false })?.isFile()) return undefined;
  return (JSON.parse(readFileSync(where, "utf8")) as { images: ListedImage[] }).images;
}
