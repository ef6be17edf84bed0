import type { Config } from "../config/config";
import { text } from "../config/read";
import { fieldListOf } from "../fields/list";
import { misfits, type Misfit } from "../fields/misfits";
import { at, type Block } from "../unknown";

/**
 * The minor version of Loki by which a policy about one resource judges a configuration: the one that is named, or else the newest that is
 * known.
 *
 * @returns undefined for a file that says what an earlier Loki accepts and the newest doesn't, where nothing names a version: the check of the whole
 *   stack sees the image of who mounts it
 */
export function lokiVersionOf(config: Config): string | undefined {
  if (config.version !== undefined) return config.version;
  return config.awaitsReader && speaksOfOlder(config.content) ? undefined : newest();
}

/** Whether a version is one of Loki 2. */
export function isLoki2(version: string): boolean {
  return version.startsWith("2.");
}

const newest = (): string => fieldListOf("Loki").versions.at(-1)!;

// Settings that are gone, or a schema of which Loki 3 wants another.
function speaksOfOlder(content: Block): boolean {
  const { root } = fieldListOf("Loki");
  const isOfOlder = ({ versions, field }: Misfit) => versions.length > 0 || field?.rule?.since !== undefined;
  if (misfits(content, root, newest()).some(isOfOlder)) return true;
  const periods = at(content, "schema_config.configs");
  const stores = (Array.isArray(periods) ? periods : []).map((period) => text(period, "store"));
  return stores.length > 0 && stores.every((store) => "value" in store && store.value !== "tsdb");
}
