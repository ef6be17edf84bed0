import type { Locked } from "./lock";

/** A line of progress: the result of an image, and how many are done. */
export function progressLine(locked: Locked, done: number, all: number): string {
  const { name, reference } = locked.listed;
  const result =
    "found" in locked
      ? `${locked.found.digest?.slice(0, 19)}… ${locked.found.platforms.join(", ")}`
      : locked.problem.message;
  return `[${done}/${all}] ${name} ${reference}: ${result}`;
}

/**
 * Every problem; the same problem of several images is reported once.
 * @returns undefined if there is none
 */
export function formatProblems(file: string, results: readonly Locked[]): string | undefined {
  const images = new Map<string, string[]>();
  for (const result of results) {
    if (!("problem" in result)) continue;
    const { message, remedy } = result.problem;
    const text = `${message}\n      to do: ${remedy}`;
    images.set(text, [...(images.get(text) ?? []), `${result.listed.name} (${result.listed.reference})`]);
  }
  if (images.size === 0) return undefined;
  const count = [...images.values()].flat().length;
  return [
    `${file}: ${count} of ${results.length} images could not be looked up; nothing was changed.`,
    ...[...images].map(([text, of]) => `  ${of.join(",\n  ")}: ${text}`),
  ].join("\n");
}

/** Differences between the list and the registries, one line each. */
export function changesOf(results: readonly Locked[]): string[] {
  return results.flatMap((result) => {
    if (!("found" in result)) return [];
    const { listed, found } = result;
    // A moved tag is another image under the same name: look at it before it is rolled out.
    const moved = listed.digest ? "; its tag was moved" : "";
    return [
      ...(listed.digest === found.digest ? [] : [`${listed.name}: digest ${listed.digest} → ${found.digest}${moved}`]),
      ...(listed.platforms.join() === found.platforms.join()
        ? []
        : [`${listed.name}: platforms ${listed.platforms.join(", ")} → ${found.platforms.join(", ")}`]),
    ];
  });
}

/** The last lines: what changed, or would change. */
export function formatResult(
  file: string,
  changes: readonly string[],
  { looked, written }: { looked: number; written: boolean },
): string {
  const images = `${looked} image${looked === 1 ? "" : "s"}`;
  if (changes.length === 0) return `${file}: ${images} looked up, up to date.\n`;
  const end = written
    ? `${file}: ${images} looked up, written.`
    : `${file} is out of date: run \`npm run images:lock\` and commit it.`;
  return `${[...changes, end].join("\n")}\n`;
}
