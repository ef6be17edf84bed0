import type { Graph } from "../../engine/graph";
import { imageVersion } from "../../components/kubernetes/labels";
import { clear } from "./volumes";

interface Known {
  type: string;
  image: string;
  /** Where upstream says that versions are taken one minor after the other; default: it says that any may follow any. */
  stepwise?: string;
  /** What an older version makes of the data; a sentence that refuses. Default: docs/upgrades.md says what is known. */
  back?: string;
}

const known: Readonly<Record<string, Known>> = {
  Loki: {
    ...{ type: "observability:loki:Loki", image: "loki" },
    stepwise: "https://grafana.com/docs/loki/latest/setup/upgrade/",
  },
  Mimir: {
    ...{ type: "observability:mimir:Mimir", image: "mimir" },
    stepwise: "https://grafana.com/docs/mimir/latest/configure/about-versioning/",
  },
  Grafana: {
    ...{ type: "observability:grafana:Grafana", image: "grafana" },
    back: "its database is migrated at the first start, and never back",
  },
};

type Version = [major: number, minor: number, patch: number];

/** What a plan says of another version of a program. */
export interface VersionChange {
  /** what it is, and where to read about it */
  beside: string[];
  /** why it must not be made as it is */
  refusals: string[];
}

/**
 * An upgrade goes one step at a time, where upstream knows no other.
 * @param source the stack before the move
 * @param target the stack after it
 */
export function versionChanges(source: Graph, target: Graph): VersionChange {
  const said: VersionChange = { beside: [], refusals: [] };
  for (const [title, { type, image, stepwise, back }] of Object.entries(known)) {
    const [before, after] = [source, target].map((graph) => versionIn(graph, type, image));
    const [from, to] = [before, after].map(partsOf);
    if (!from || !to || before === after) continue;
    const page = `docs/upgrades.md#${image}`;
    const what = `${title} ${before} → ${after}`;
    const skipped = stepwise ? between(from, to) : [];
    if (isOlder(to, from))
      if (back) said.refusals.push(`${what}: ${back}. The way back is a copy of its volume: ${page}`);
      else said.beside.push(`${what} goes back: read first what the old version can read of the data: ${page}`);
    else if (skipped.length > 0)
      said.refusals.push(
        `${what} skips ${skipped.join(" and ")}: upstream advises one minor version after the other (${stepwise}). ` +
          `First make an update to ${skipped[0]}; or try it in another stack with a copy of the data: ${page}`,
      );
    else said.beside.push(`${what}: ${page}`);
  }
  return said;
}

function versionIn(graph: Graph, type: string, image: string): string | undefined {
  const found = [...graph.values()].find((resource) => resource.type === type);
  const reference = found && clear<{ images?: Record<string, string> }>(found.inputs)?.images?.[image];
  return reference === undefined ? undefined : imageVersion(reference);
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
