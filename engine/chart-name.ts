import { reveal, type Value } from "./values";

/**
 * The name of a release's chart from any source: a name in a repository, a path, an archive or an OCI reference, whose last part
 * is the name.
 * @param chart the input `chart` of a Release
 * @returns undefined if a preview can't know it
 */
export function chartName(chart: Value | undefined): string | undefined {
  const given = reveal(chart ?? null);
  if (typeof given !== "string") return undefined;
  const last = given.replace(/\/+$/, "").split("/").at(-1) ?? "";
  return last.replace(/-\d+\.\d+\.\d+[^/]*\.tgz$/, "");
}
