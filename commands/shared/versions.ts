import { images } from "../../components/images";
import { imageVersion } from "../../components/kubernetes/labels";
import type { Settings } from "../../settings/schema";

interface Known {
  /** Of `images.json`. */
  image: "loki" | "mimir" | "grafana";
  /** Where upstream says that versions are taken one minor after the other; default: it says that any may follow any. */
  stepwise?: string;
  /** What an older version makes of the data; a sentence that refuses. Default: docs/upgrades.md says what is known. */
  back?: string;
}

/** Programs of the stack that read what another version of them left. */
export const programs = {
  Loki: { image: "loki", stepwise: "https://grafana.com/docs/loki/latest/setup/upgrade/" },
  Mimir: { image: "mimir", stepwise: "https://grafana.com/docs/mimir/latest/configure/about-versioning/" },
  Grafana: { image: "grafana", back: "its database is migrated at the first start, and never back" },
} as const satisfies Readonly<Record<string, Known>>;

/** Name of such a program. */
export type Program = keyof typeof programs;

/** Names of such programs. */
export const programNames = Object.keys(programs) as Program[];

/** Name of the image of such a program. */
export type ProgramImage = Known["image"];

/** What is said of another version of a program. */
export interface VersionChange {
  /** What it is, and where to read about it; or why it must not be made as it is. */
  says: string;
  refused: boolean;
}

type Version = [major: number, minor: number, patch: number];

/**
 * An upgrade goes one step at a time, where upstream knows no other.
 * @param program whose
 * @param before tag of its image
 * @param after the same, afterwards
 * @returns undefined where nothing changes, or one of them is no number
 */
export function versionChange(
  program: Program,
  before: string | undefined,
  after: string | undefined,
): VersionChange | undefined {
  const { image, stepwise, back }: Known = programs[program];
  const [from, to] = [before, after].map(partsOf);
  if (!from || !to || before === after) return undefined;
  const page = `docs/upgrades.md#${image}`;
  const what = `${program} ${before} → ${after}`;
  if (isOlder(to, from))
    return back
      ? { says: `${what}: ${back}. The way back is a copy of its volume: ${page}`, refused: true }
      : { says: `${what} goes back: read first what the old version can read of the data: ${page}`, refused: false };
  const skipped = stepwise ? between(from, to) : [];
  if (skipped.length === 0) return { says: `${what}: ${page}`, refused: false };
  return {
    says:
      `${what} skips ${skipped.join(" and ")}: upstream advises one minor version after the other (${stepwise}). ` +
      `First make an update to ${skipped[0]}; or try it in another stack with a copy of the data: ${page}`,
    refused: true,
  };
}

/**
 * What settings make of the versions that there are.
 * @param settings of the stack
 * @param before versions by image; several of one while an update is under way
 */
export function versionChangesTo(
  { images: chosen }: Pick<Settings, "images">,
  before: Readonly<Partial<Record<ProgramImage, readonly string[]>>>,
): VersionChange[] {
  const wanted = images(chosen, "loki", "mimir", "grafana");
  return programNames.flatMap((program) => {
    const { image } = programs[program];
    const found = [...new Set(before[image])];
    return found.flatMap((version) => versionChange(program, version, imageVersion(wanted[image])) ?? []);
  });
}

function partsOf(version: string | undefined): Version | undefined {
  const found = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version ?? "");
  return found ? (found.slice(1).map(Number) as Version) : undefined;
}

const isOlder = (one: Version, other: Version) => {
  const differs = one.findIndex((part, i) => part !== other[i]);
  return differs >= 0 && one[differs] < other[differs];
};

/** Versions between two; which minor is the last of a major version, nobody knows here. */
const between = ([major, minor]: Version, [newMajor, newMinor]: Version): string[] =>
  newMajor === major
    ? Array.from({ length: Math.max(0, newMinor - minor - 1) }, (_, i) => `${major}.${minor + 1 + i}`)
    : [
        ...Array.from({ length: newMajor - major - 1 }, (_, i) => `${major + 1 + i}.0`),
        ...(newMinor > 0 ? [`${newMajor}.0`] : []),
      ];
