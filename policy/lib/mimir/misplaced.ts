import { keysIn } from "../charts/misspelt";
import { settingsInParts } from "../charts/parts";
import type { Config } from "../config/config";
import { fieldListOf } from "../fields/list";
import { along, inner } from "../paths";
import { isBlock } from "../unknown";

/** A block of Mimir's settings that the chart drops. */
export interface DroppedSetting {
  path: string;
  /** Where the chart looks for it. */
  wanted: string;
}

const chartName = "mimir-distributed";
// By part of the chart the block of Mimir's settings that is its own.
const parts = {
  ...{ alertmanager: "alertmanager", compactor: "compactor", distributor: "distributor", ingester: "ingester" },
  ...{ overrides_exporter: "overrides_exporter", querier: "querier", query_frontend: "frontend" },
  ...{ query_scheduler: "query_scheduler", ruler: "ruler", store_gateway: "store_gateway" },
};

/**
 * Settings of Mimir's that the chart `mimir-distributed` drops: those in its value `mimir`, which has only `config` and `structuredConfig`, beside that
 * value, and in the values of a set of pods.
 */
export function droppedSettings(configs: readonly Config[]): DroppedSetting[] {
  const { root } = fieldListOf("Mimir");
  return configs.flatMap(({ chart }) => {
    const value = chart?.name === chartName ? chart.values.mimir : undefined;
    if (!chart || !isBlock(value)) return [];
    const { path, values } = chart;
    const place = inner(path, "mimir");
    const wanted = (block: string) => along(place, `structuredConfig.${block}`);
    const within = Object.keys(value).filter((key) => root.keys?.has(key));
    const beside = Object.keys(values).filter((key) => root.keys?.has(key) && !keysIn(chartName, "")?.includes(key));
    return [
      ...within.map((key) => ({ path: inner(place, key), wanted: wanted(key) })),
      ...(value.runtimeConfig ? [{ path: inner(place, "runtimeConfig"), wanted: inner(path, "runtimeConfig") }] : []),
      ...beside.map((key) => ({ path: inner(path, key), wanted: wanted(key) })),
      ...[...settingsInParts(chartName, values, path, parts, root)].map(({ block, setting, path: at }) => ({
        path: at,
        wanted: setting ? inner(wanted(block), setting) : wanted(block),
      })),
    ];
  });
}
