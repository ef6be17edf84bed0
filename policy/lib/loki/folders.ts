import { placeOf, type Config } from "../config/config";
import { text, type Setting } from "../config/read";
import { show } from "../config/show";
import type { Refusal } from "../finding";
import { at } from "../unknown";
import type { Period } from "./periods";
import { isLoki2, lokiVersionOf } from "./version";

const shippers = { tsdb: "tsdb_shipper", "boltdb-shipper": "boltdb_shipper" };
const folders = ["active_index_directory", "cache_location"];

/** The folders of an index, without which Loki 3 doesn't start (`validateDirectoriesExist` in pkg/loki/validation.go). A chart has them by default. */
export function* missingFolders(config: Config, periods: readonly Period[]): Iterable<Refusal> {
  const version = lokiVersionOf(config);
  if (config.chart || config.isGuess || version === undefined || isLoki2(version)) return;
  const setting = (block: string, key: string) => text(at(config.content, block), key);
  const prefix = setting("common", "path_prefix");
  const used = Object.entries(shippers).filter(([store]) =>
    periods.some((period) => "value" in period.store && period.store.value === store),
  );
  for (const [store, shipper] of used) {
    const block = `storage_config.${shipper}`;
    const settings = folders.map((key) => ({ key, given: setting(block, key) }));
    for (const { key, given } of settings) if (isEmptied(given)) yield emptied(config, `${block}.${key}`, given);
    const missing = settings.filter(({ given }) => "missing" in given && !isEmptied(given)).map(({ key }) => key);
    if (missing.length === 0 || !("missing" in prefix)) continue;
    yield {
      path: placeOf(config, "common.path_prefix"),
      found: show(prefix),
      wanted: `a folder, as ${block} has no ${missing.join(" and no ")}`,
      why: `Loki refuses to start: "\`${store}\` index type is configured in at least one schema period, however, … \`${missing[0]}\` is not set".`,
      fix: "Write a folder of its volume there, such as path_prefix: /loki.",
    };
  }
  const ofCompactor = setting("compactor", "working_directory");
  if (used.length > 0 && isEmptied(ofCompactor)) yield emptied(config, "compactor.working_directory", ofCompactor);
}

// What stands there empty is taken for empty, whatever `path_prefix` says.
function isEmptied(given: Setting<string>): boolean {
  return "missing" in given && given.missing !== "missing";
}

function emptied(config: Config, setting: string, given: Setting<string>): Refusal {
  return {
    path: placeOf(config, setting),
    found: show(given),
    wanted: "a folder, or the key removed",
    why: "Loki refuses to start with an empty one.",
    fix: "Remove the key, or write the folder there.",
  };
}
