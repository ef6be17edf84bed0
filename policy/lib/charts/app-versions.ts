import { own } from "../own";

/**
 * By chart the versions with which another minor version of its program came, from their `Chart.yaml` in the history of
 * grafana/loki, grafana/helm-charts and grafana-community/helm-charts. A program of major version 1 is left out.
 */
const since: Readonly<Record<string, readonly (readonly [chart: string, program: string])[] | undefined>> = {
  loki: [
    ["2.0", "2.0"],
    ["2.3", "2.1"],
    ["2.4", "2.2"],
    ["2.6", "2.3"],
    ["2.8", "2.4"],
    ["2.11", "2.5"],
    ["2.13", "2.6"],
    ["3.5", "2.7"],
    ["4.11", "2.8"],
    ["5.17", "2.9"],
    ["6.0", "3.0"],
    ["6.7", "3.1"],
    ["6.17", "3.2"],
    ["6.21", "3.3"],
    ["6.26", "3.4"],
    ["6.30", "3.5"],
    ["6.48", "3.6"],
    ["9.3.2", "3.7"],
  ],
  "loki-distributed": [
    ["0.12", "2.0"],
    ["0.21", "2.1"],
    ["0.27", "2.2"],
    ["0.36", "2.3"],
    ["0.39", "2.4"],
    ["0.48", "2.5"],
    ["0.52", "2.6"],
    ["0.69.1", "2.7"],
    ["0.69.11", "2.8"],
    ["0.73", "2.9"],
  ],
  "loki-simple-scalable": [
    ["0.1", "2.4"],
    ["1.0", "2.5"],
    ["1.7", "2.6"],
  ],
  "loki-stack": [
    ["2.0", "2.0"],
    ["2.3", "2.1"],
    ["2.6.4", "2.4"],
    ["2.8", "2.6"],
    ["2.9.13", "2.9"],
  ],
  // By the chart's release notes in grafana/mimir; those of 2.1 to 3.1 are not there.
  "mimir-distributed": [
    ["2.0", "2.0"],
    ["3.2", "2.4"],
    ["4.0", "2.5"],
    ["4.1", "2.6"],
    ["4.3", "2.7"],
    ["4.4", "2.8"],
    ["4.5", "2.9"],
    ["5.1", "2.10"],
    ["5.2", "2.11"],
    ["5.3", "2.12"],
    ["5.4", "2.13"],
    ["5.5", "2.14"],
    ["5.6", "2.15"],
    ["5.7", "2.16"],
    ["5.8", "2.17"],
    ["6.0", "3.0"],
  ],
};

/**
 * The minor version of the program that a chart installs, such as `2.9`.
 *
 * @param chart the chart's name
 * @param version the chart's version, or a range of versions as Helm takes them (`6.x`, `^5.8`, `>=5.0.0 <6.0.0`), of which the newest counts
 * @returns undefined for a chart that isn't known, and for what says nothing of its version
 */
export function appVersionOf(chart: string, version: string | undefined): string | undefined {
  const all = own(since, chart);
  const { newest, below } = boundsOf(version ?? "") ?? {};
  if (newest !== undefined) return all?.findLast(([first]) => compareVersions(first, newest) <= 0)?.[1];
  return below === undefined ? undefined : all?.findLast(([first]) => compareVersions(first, below) < 0)?.[1];
}

// The version itself, or the first that is newer than all of a range.
function boundsOf(version: string): { newest?: string; below?: string } | undefined {
  const [, sign = "", major, minor] = /^\s*([~^=v]*)\s*(\d+)(?:\.(\d+|[xX*]))?/.exec(version) ?? [];
  const end = /<\s*v?(\d[\w.]*)/.exec(version)?.[1];
  if (end !== undefined) return { below: end };
  if (major === undefined) return undefined;
  const isOfMajor = minor === undefined || /[xX*]/.test(minor) || sign.includes("^");
  return isOfMajor ? { below: String(Number(major) + 1) } : { newest: version.replace(/^\s*[~=v]*\s*/, "") };
}

/** Which of two dotted versions is the newer: less than 0 where the second is. Of a range (`^5.8`, `>=5 <6`) its first version counts. */
export function compareVersions(a: string, b: string): number {
  const partsOf = (version: string) => version.replace(/^\D+/, "").split(/[.+-]/);
  const [one, two] = [a, b].map((version) => partsOf(version).map((part) => Number.parseInt(part, 10) || 0));
  const index = [0, 1, 2].find((part) => (one[part] ?? 0) !== (two[part] ?? 0));
  return index === undefined ? 0 : (one[index] ?? 0) - (two[index] ?? 0);
}
