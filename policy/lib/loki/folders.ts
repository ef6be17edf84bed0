import type { Config } from "../config/config";
import { text } from "../config/read";
import { show } from "../config/show";
import type { Refusal } from "../finding";
import { inner } from "../paths";
import { at } from "../unknown";
import type { Period } from "./periods";
import { isLoki2, lokiVersionOf } from "./version";

const shippers = { tsdb: "tsdb_shipper", "boltdb-shipper": "boltdb_shipper" };
const folders = ["active_index_directory", "cache_location"];

/** The folders of an index, without which Loki 3 doesn't start (`validateDirectoriesExist` in pkg/loki/validation.go). A chart has them by default. */
export function* missingFolders(config: Config, periods: readonly Period[]): Iterable<Refusal> {
  const { content, chart, isGuess, pathOf } = config;
  const version = lokiVersionOf(config);
  const prefix = text(content.common, "path_prefix");
  if (chart || isGuess || version === undefined || isLoki2(version) || !("missing" in prefix)) return;
  for (const [store, shipper] of Object.entries(shippers)) {
    if (!periods.some((period) => "value" in period.store && period.store.value === store)) continue;
    const given = at(content, `storage_config.${shipper}`);
    const missing = folders.filter((folder) => "missing" in text(given, folder));
    if (missing.length === 0) continue;
    yield {
      path: inner(pathOf("common"), "path_prefix"),
      found: show(prefix),
      wanted: `a folder, as storage_config.${shipper} has no ${missing.join(" and no ")}`,
      why: `Loki refuses to start: "\`${store}\` index type is configured in at least one schema period, however, … \`${missing[0]}\` is not set".`,
      fix: "Write a folder of its volume there, such as path_prefix: /loki.",
    };
  }
}
