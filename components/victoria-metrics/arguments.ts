import type { Settings } from "../../settings/schema";
import { quantityValue } from "../../settings/units";

/** Where its samples are: its volume. */
export const dataDirectory = "/var/victoria-metrics";

/** Port of its API and metrics. */
export const httpPort = 8428;

/** What VictoriaMetrics' command line is made of. */
export interface ArgumentsArgs {
  settings: Settings["victoriaMetrics"];
  /** File with the key that snapshots and deletions ask for. */
  keyFile: string;
  /** Base URL of what evaluates rules on it, whose rules and alerts it shows as its own; default: nothing does. */
  evaluatorUrl?: string;
}

/**
 * VictoriaMetrics' command line, which is all of its configuration.
 * @param args settings, and where its key is
 * @see https://docs.victoriametrics.com/victoriametrics/single-server-victoriametrics/#list-of-command-line-flags
 */
export function victoriaMetricsArguments({ settings, keyFile, evaluatorUrl }: ArgumentsArgs): string[] {
  const { retention, minFreeSpace, dedupInterval, limits, logLevel } = settings;
  const flags: Record<string, string | number> = {
    storageDataPath: dataDirectory,
    httpListenAddr: `:${httpPort}`,
    retentionPeriod: retention,
    "dedup.minScrapeInterval": dedupInterval,
    "storage.minFreeDiskSpaceBytes": quantityValue(minFreeSpace),
    "storage.maxHourlySeries": limits.maxHourlySeries,
    "storage.maxDailySeries": limits.maxDailySeries,
    maxLabelsPerTimeseries: limits.maxLabelsPerSeries,
    // As long as a series without a staleness marker lives in Prometheus. By default it ends on a panel after little more than its scrape interval: each
    // minute without the sender would be a hole, and `absent` true. vmalert asks with a step of five minutes, which has the same effect for rules.
    "search.minStalenessInterval": "5m",
    // It reads a file whenever it changes; a key on the command line could be read by everybody who sees the pod.
    ...Object.fromEntries(guarded.map((flag) => [flag, `file://${keyFile}`])),
    // Grafana and others ask the data source for rules and alerts.
    ...(evaluatorUrl && { "vmalert.proxyURL": evaluatorUrl }),
    loggerLevel: logLevel.toUpperCase(),
    loggerFormat: "json",
  };
  return Object.entries(flags).map(([flag, value]) => `-${flag}=${value}`);
}

/** Without a key of their own, whoever reaches the port may make and delete snapshots, and delete series. */
const guarded = ["snapshotAuthKey", "deleteAuthKey", "forceMergeAuthKey", "forceFlushAuthKey"];
