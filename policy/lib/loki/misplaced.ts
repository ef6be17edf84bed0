import type { Chart } from "../charts/release";
import type { Config } from "../config/config";
import { inner } from "../paths";
import { isBlock, type Block } from "../unknown";
import { isLokiCompactor, valueOf } from "./program";

/** A block of Loki's settings that a chart drops. */
export interface Dropped {
  path: string;
  /** Where the chart looks for it. */
  wanted: string;
}

const ownCharts = /^loki(-distributed|-simple-scalable)?$/;
// Blocks that no chart has beside `loki`. A compactor there is the set of pods that runs it, unless it has the settings of one.
const settingsOnly = [
  "limits_config",
  "schema_config",
  "schemaConfig",
  "storage_config",
  "structuredConfig",
  "commonConfig",
];

/** Blocks that stand beside the value `loki` of a chart of Loki's, rather than in it. */
export function misplacedIn(configs: readonly Config[], chart: Chart | undefined): Dropped[] {
  const own = chart?.name && ownCharts.test(chart.name) ? [{ values: chart.values, path: "values" }] : [];
  const places = new Map([...own, ...configs.flatMap((config) => config.chart ?? [])].map((each) => [each.path, each]));
  return [...places.values()].flatMap(({ values, path }) => beside(values, path));
}

function beside(values: Block, path: string): Dropped[] {
  return Object.entries(values)
    .filter(([key, value]) => (key === "compactor" ? isLokiCompactor(value) : settingsOnly.includes(key)))
    .map(([key]) => ({ path: inner(path, key), wanted: inner(inner(path, "loki"), valueOf[key] ?? key) }));
}

/** Blocks of the value `loki` that stand under Loki's own name for them, where the chart has another. */
export function misnamedIn(configs: readonly Config[]): Dropped[] {
  return configs.flatMap(({ chart }) => {
    const value = chart?.values.loki;
    if (!chart || !isBlock(value)) return [];
    const at = inner(chart.path, "loki");
    return Object.entries(valueOf)
      .filter(([block, key]) => block !== key && value[block] !== undefined)
      .map(([block, key]) => ({ path: inner(at, block), wanted: inner(at, key) }));
  });
}
