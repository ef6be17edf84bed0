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

/**
 * Blocks of Mimir's that stand in the value `mimir` of the chart `mimir-distributed`, which has only `config` and `structuredConfig` there. What
 * stands beside that value may be a set of pods of the same name.
 */
export function droppedSettings(configs: readonly Config[]): DroppedSetting[] {
  const { keys } = fieldListOf("Mimir").root;
  return configs.flatMap(({ chart }) => {
    const value = chart?.name === "mimir-distributed" ? chart.values.mimir : undefined;
    if (!chart || !isBlock(value)) return [];
    const place = inner(chart.path, "mimir");
    const blocks = Object.keys(value).filter((key) => keys?.has(key));
    return blocks.map((key) => ({ path: inner(place, key), wanted: along(place, `structuredConfig.${key}`) }));
  });
}
