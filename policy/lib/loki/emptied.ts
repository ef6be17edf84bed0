import type { Config } from "../config/config";
import type { Refusal } from "../finding";
import { compareVersions } from "../charts/app-versions";
import { isLokiBefore3 } from "../charts/layouts";
import { inner } from "../paths";
import { at } from "../unknown";

// By `loki -verify-config` of Loki 3.6.3 and 3.7.1 with each of its blocks, from the first version of which it is known; with the others it starts.
// With an empty server it ends without a word.
const needed: readonly (readonly [block: string, since?: string])[] = [
  ["common"],
  ["common.ring", "3.7"],
  ["common.storage", "3.6"],
  ["compactor"],
  ["compactor.compactor_ring", "3.6"],
  ["compactor.jobs_config", "3.7"],
  ["compactor.jobs_config.deletion", "3.7"],
  ["compactor.worker_config", "3.6"],
  ["distributor"],
  ["frontend_worker"],
  ["index_gateway"],
  ["index_gateway.ring", "3.6"],
  ["ingester"],
  ["ingester.flush_op_backoff", "3.6"],
  ["limits_config"],
  ["pattern_ingester"],
  ["pattern_ingester.lifecycler", "3.6"],
  ["pattern_ingester.lifecycler.ring", "3.6"],
  ["query_range.index_stats_results_cache", "3.6"],
  ["query_range.index_stats_results_cache.cache", "3.6"],
  ["query_range.index_stats_results_cache.cache.embedded_cache", "3.6"],
  ["query_scheduler"],
  ["query_scheduler.scheduler_ring", "3.6"],
  ["ruler"],
  ["ruler.storage", "3.6"],
  ["ruler.storage.azure", "3.6"],
  ["ruler.storage.s3", "3.6"],
  ["server"],
  ["server.log_level", "3.6"],
  ["storage_config"],
  ["storage_config.alibabacloud", "3.6"],
  ["storage_config.aws", "3.6"],
  ["storage_config.azure", "3.6"],
  ["storage_config.bloom_shipper", "3.6"],
  ["storage_config.bloom_shipper.memory_management", "3.6"],
  ["storage_config.tsdb_shipper", "3.6"],
];

/**
 * The blocks of a Loki configuration of which only the key is there, often because every setting in it is a comment.
 *
 * @param version the minor version that reads it; without one, those that every Loki refuses
 */
export function* emptiedBlocks({ content, pathOf, chart }: Config, version: string | undefined): Iterable<Refusal> {
  for (const [place, since] of needed) {
    if (at(content, place) !== null) continue;
    if (since !== undefined && (version === undefined || compareVersions(version, since) < 0)) continue;
    const [block, ...rest] = place.split(".");
    const path = rest.reduce<string>(inner, pathOf(block));
    if (isDefaulted(path, block, chart)) continue;
    yield {
      path,
      found: "empty",
      wanted: "a block of settings, or the key removed",
      why: "An empty block zeroes all of its defaults, and Loki refuses to start.",
      fix: "Remove the key, or write the settings there.",
    };
  }
}

/**
 * Whether a key without a value, in a chart's values, takes the chart's own default away and reaches Loki no more; any other reaches it. (Since 4.30,
 * Pulumi's provider leaves no such key out, as Helm, Flux and Argo CD do.) Of those that Loki doesn't take, charts have defaults in their value
 * `storage_config`.
 *
 * @param path where it is
 * @param block the block of Loki's configuration in which it is
 */
export function isDefaulted(path: string, block: string, chart: Config["chart"]): boolean {
  if (!chart || path.includes("structuredConfig")) return false;
  return block === "storage_config" || isLokiBefore3(chart);
}
