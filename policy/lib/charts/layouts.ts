import type { ConfigKeys } from "../config/program";
import { isBlock, type Block } from "../unknown";
import type { Chart } from "./release";
import { own } from "../own";

/** Where the values of a chart have the configuration of Loki or Mimir. */
export interface Layout {
  /** {@link Program.key} of the program that it runs; none for a chart that only has others. */
  program?: "loki" | "mimir";
  /** The key of the value that the configuration is made of; none: the values themselves. */
  value?: string;
  /** The keys in that value. Default: `config` and `structuredConfig`. */
  keys?: ConfigKeys;
  /** Sub-charts that are known, by the key of their values. */
  charts?: Readonly<Record<string, Pick<Chart, "name" | "version">>>;
}

const loki: Layout = { program: "loki", value: "loki" };
const mimir: Layout = { program: "mimir", value: "mimir" };
const bitnami = { config: "configuration", over: "overrideConfiguration" };

// From the values of loki 18, loki-distributed 0.80, loki-simple-scalable 1.8, loki-stack 2.10, mimir-distributed 6.1, lgtm-distributed 3.0, and of
// Bitnami's grafana-loki and grafana-mimir.
const layouts: Readonly<Record<string, Layout | undefined>> = {
  loki,
  "loki-distributed": loki,
  "loki-simple-scalable": loki,
  "mimir-distributed": mimir,
  "loki-stack": { charts: { loki: { name: "loki", version: "2" } } },
  "lgtm-distributed": { charts: { loki: { name: "loki-distributed" }, mimir: { name: "mimir-distributed" } } },
  "grafana-loki": { ...loki, keys: bitnami },
  "grafana-mimir": { ...mimir, keys: bitnami },
};
// Until version 2 the chart `loki` was the single binary, whose value `config` is the file.
const lokiBefore3: Layout = { program: "loki" };

// Keys that the chart `loki` has beside its value `loki`, and never in it.
const parts = new Set(
  "deploymentMode singleBinary write read backend gateway lokiCanary test minio chunksCache resultsCache queryFrontend indexGateway patternIngester bloomGateway networkPolicy sidecar monitoring".split(
    " ",
  ),
);
// And keys that it has in it, and never beside it.
const settings = new Set(
  "schemaConfig commonConfig structuredConfig rulerConfig limits_config storage_config storage config auth_enabled useTestSchema".split(
    " ",
  ),
);

/**
 * How a chart makes its configuration, known by its name and where it comes from. One of the same name from elsewhere, a folder or somebody's own
 * repository, may be a chart that has the known one as a sub-chart: its values show it.
 *
 * @returns undefined for a chart that isn't known
 */
export function layoutOf({ name = "", version, repository, values }: Omit<Chart, "unreadable">): Layout | undefined {
  const layout = own(layouts, name);
  if (!layout || (!isGrafanas(repository) && wraps(values, name))) return undefined;
  return isLokiBefore3({ name, version }) ? lokiBefore3 : layout;
}

/** Whether it is the chart `loki` of the versions that have the configuration in their value `config`, and nowhere else. */
export function isLokiBefore3({ name, version }: Pick<Chart, "name" | "version">): boolean {
  return name === "loki" && Number.parseInt(version ?? "", 10) < 3;
}

/** Whether a chart of this name runs Loki or Mimir, itself or in sub-charts. */
export function isOfProgram(name: string): boolean {
  return own(layouts, name) !== undefined;
}

function isGrafanas(repository = ""): boolean {
  return /(^|[/@.])grafana(-community)?(\.github\.io|\/|$)/.test(repository);
}

function wraps(values: Block, name: string): boolean {
  const within = values[name];
  if (!isBlock(within)) return false;
  if (name !== "loki") return true;
  const has = (block: Block, keys: ReadonlySet<string>) => Object.keys(block).some((key) => keys.has(key));
  return isBlock(within.loki) && !has(values, parts) && (has(within, parts) || !has(within, settings));
}
