import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, host, Report } from "./build";
import type { Engine } from "./engine";
import { binariesOfRecipe, buildImage } from "./image-build";
import { ImageRecipe, imageRecipes } from "./images";
import { stateDir } from "./paths";
import { hasCommand } from "./prerequisites";
import { ownProgram } from "../../engine/project";

/** An image of the program, as `images.json` lists it. */
export interface ListedImage {
  /** Short name; the key of {@link imageRecipes}. */
  name: string;
  /** Name and tag that pods ask for. */
  reference: string;
}

/** An image that the cluster has. */
export interface LoadedImage extends ListedImage {
  /** Where it came from: a Go module, a Debian package, or its registry. */
  builtFrom: string;
  /** Version of what is inside; it may differ from the reference's tag. */
  version: string;
}

/** An image that the cluster can't have: the only reason why a pod of the program may be missing. */
export interface UnavailableImage extends ListedImage {
  reason: string;
}

/** What the cluster has and what it can't have. */
export interface Images {
  loaded: LoadedImage[];
  unavailable: UnavailableImage[];
}

/** Every image of the program. */
export function listedImages(): ListedImage[] {
  const file = join(ownProgram, "images.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { images: ListedImage[] }).images;
}

/**
 * Why an image can't be made on this machine; undefined when it can.
 *
 * @param hasApt Whether the machine has Debian's package manager.
 */
export function whyUnavailable(name: string, hasApt = hasCommand("apt-get")): string | undefined {
  const recipe = imageRecipes[name];
  if (!recipe) return `lab/cluster/images.ts has no recipe for "${name}"`;
  if ("unavailable" in recipe) return `needs an image registry: ${recipe.unavailable}`;
  if (recipe.given && !process.env[recipe.given.variable])
    return `needs an image registry, or a program of yours (${recipe.given.variable}=PATH): ${recipe.given.why}`;
  if ((recipe.debian || recipe.shell) && !hasApt)
    return "is built from Debian packages, and this machine has no apt-get";
  return undefined;
}

/** The images that a pod may be missing for: what the running cluster was found to lack, or, before one is up, what couldn't be made here. */
export function unavailableImages(): UnavailableImage[] {
  return (recordedImages() ?? withoutRegistry(listedImages())).unavailable;
}

/** What `up` recorded of the running cluster. */
export function recordedImages(): Images | undefined {
  return existsSync(recordFile()) ? (JSON.parse(readFileSync(recordFile(), "utf8")) as Images) : undefined;
}

/** Gives the cluster every image of the program that its registry or this machine can provide, and records which those are. */
export async function loadImages(engine: Engine, report: Report): Promise<Images> {
  const listed = listedImages();
  const result: Images = { loaded: [], unavailable: [] };
  const toBuild: ListedImage[] = [];
  for (const { name, reference } of listed) {
    if (await engine.pull(reference))
      result.loaded.push({ name, reference, builtFrom: "its registry", version: tagOf(reference) });
    else toBuild.push({ name, reference });
  }
  result.unavailable = withoutRegistry(toBuild).unavailable;
  const recipes = toBuild
    .filter(({ name }) => !whyUnavailable(name))
    .map((image) => ({ ...image, recipe: imageRecipes[image.name] as ImageRecipe }));
  // all binaries at once, so that the progress counts them all
  await build(
    recipes.flatMap(({ recipe }) => binariesOfRecipe(recipe)),
    report,
    { os: "linux", arch: host.arch },
  );
  for (const { name, reference, recipe } of recipes) {
    const { archive, builtFrom, version } = await buildImage(name, reference, recipe, report);
    await engine.load(archive);
    result.loaded.push({ name, reference, builtFrom, version });
  }
  writeFileSync(recordFile(), JSON.stringify(result, null, 2));
  return result;
}

/** Tag of an image reference; `latest` where it has none. */
export function tagOf(reference: string): string {
  return /:([^:/@]+)(@|$)/.exec(reference)?.[1] ?? "latest";
}

function withoutRegistry(images: ListedImage[]): Images {
  const unavailable = images.flatMap(({ name, reference }) => {
    const reason = whyUnavailable(name);
    return reason ? [{ name, reference, reason }] : [];
  });
  return { loaded: [], unavailable };
}

function recordFile(): string {
  return join(stateDir(), "images.json");
}
