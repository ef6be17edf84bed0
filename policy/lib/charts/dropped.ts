import { settingsOf } from "../config/find";
import type { Program } from "../config/program";
import { chartRefusals } from "../loki/chart-refusals";
import { schemaElsewhere } from "../loki/chart-schema";
import { droppedBlocks } from "../loki/misplaced";
import { loki } from "../loki/program";
import { droppedSettings } from "../mimir/misplaced";
import { mimir } from "../mimir/program";
import type { Resource } from "../resource";
import { chartsOf } from "./installed";
import { misspeltValues } from "./misspelt";
import { chartOf } from "./release";

/** A value that a chart drops. */
export interface DroppedValue {
  path: string;
  /** Where the chart looks for it, or how it is spelt. */
  wanted: string;
  /** The program whose setting stands where the chart doesn't look for it; none for a misspelt value. */
  program?: Program["name"];
  /** Keys in it that the program would refuse there. */
  refused: readonly string[];
}

/**
 * The values that the charts of a resource drop: settings of Loki and Mimir in another place than the chart reads, and misspelt values. A
 * place is reported once, and a schema that the chart drops is left to `schema-is-tsdb-v13`.
 */
export function* droppedValues(resource: Resource): Iterable<DroppedValue> {
  const { configs } = settingsOf(resource, loki);
  // Another policy reports these.
  const refused = configs.flatMap(({ chart }) => [...chartRefusals(chart)].map(({ path }) => path));
  const seen = new Set([...refused, ...configs.flatMap(({ chart }) => (chart && schemaElsewhere(chart)) ?? [])]);
  for (const each of droppedBlocks(configs, chartOf(resource))) {
    if (seen.has(each.path)) continue;
    seen.add(each.path);
    yield { ...each, program: loki.name };
  }
  for (const { path, wanted } of droppedSettings(settingsOf(resource, mimir).configs)) {
    seen.add(path);
    yield { path, wanted, program: mimir.name, refused: [] };
  }
  for (const { path, meant } of chartsOf(resource).flatMap(misspeltValues)) {
    if (!seen.has(path)) yield { path, wanted: meant, refused: [] };
  }
}
