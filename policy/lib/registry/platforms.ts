import { mediaTypes, type Descriptor, type Platform } from "./media-types";
import { ImageProblem } from "./problem";
import type { Document, Repository } from "./repository";

/** What the least machine of an architecture runs. A node's label says the architecture only, so a variant above these must not count. */
const least: Readonly<Record<string, string[]>> = {
  amd64: ["v1"],
  arm: ["v5", "v6", "v7"],
  arm64: ["v8"],
};

/** Indices in indices are allowed; deeper than this is a mistake or an attack. */
const deepest = 3;

/**
 * The platforms of an image, such as `linux/arm64`: by its index or manifest list, or by its configuration where it has one platform only.
 * Left out are other systems than Linux, what isn't a program (attestations), and variants that not every machine of their architecture runs.
 *
 * @param document what the image's tag names
 * @returns each once, in the order of the alphabet; none where nothing of it runs on Linux
 * @throws ImageProblem when it is not an image, or when a part of it can't be read
 */
export async function platformsOf(document: Document, repository: Repository): Promise<string[]> {
  const platforms = (await all(document, repository, 1)).filter(runsOnLinux);
  return [...new Set(platforms.map(({ architecture }) => `linux/${architecture}`))].sort();
}

const runsOnLinux = ({ os, architecture = "", variant = "" }: Platform): boolean =>
  os === "linux" &&
  /^[a-z0-9]+$/.test(architecture) &&
  (variant === "" || (least[architecture] ?? []).includes(variant));

async function all(document: Document, repository: Repository, depth: number): Promise<Platform[]> {
  const { mediaType, content } = document;
  if (mediaTypes.index.includes(mediaType) && depth <= deepest) {
    const found = await Promise.all(
      listOf(content.manifests).map(async (part) => {
        if (part.platform) return [part.platform];
        if (!isReadable(part)) return [];
        return all(await repository.manifest(part.digest), repository, depth + 1);
      }),
    );
    return found.flat();
  }
  const config = content.config as Descriptor | undefined;
  if (mediaTypes.manifest.includes(mediaType) && config && mediaTypes.config.includes(config.mediaType)) {
    return [(await repository.config(config.digest)).content as Platform];
  }
  const is = mediaTypes.manifest.includes(mediaType) ? config?.mediaType : mediaType;
  throw new ImageProblem(
    `what ${repository.registry} has there is not an image for containers, but ${is || "of no type"}`,
    "Correct the reference: a Helm chart, a signature or an image of Docker's old format 1 can't be run.",
  );
}

const listOf = (manifests: unknown) => (Array.isArray(manifests) ? manifests : []) as Descriptor[];

const isReadable = ({ mediaType }: Descriptor) => [...mediaTypes.index, ...mediaTypes.manifest].includes(mediaType);
