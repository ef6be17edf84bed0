import { quantityValue } from "../../settings/units";

/** Port of its metrics, and of its page of targets. */
export const httpPort = 8429;

/** Where samples wait until VictoriaMetrics has them: its volume. */
export const dataDirectory = "/var/lib/vmagent-data";

/** Folder of its scrape configuration. */
export const configFolder = "/etc/vmagent";

/** The scrape configuration: name of the file. */
export const configFile = "prometheus.yaml";

/** Folder of what it reads beside that: the script, and the rules that samples go through. */
export const scriptFolder = "/etc/scrape-config";

/** The rules that every sample goes through before it is sent: name of the file. */
export const relabelFile = "relabel.yaml";

/**
 * Prometheus 3 writes whole numbers in the labels of buckets and quantiles with a decimal point, whatever the target writes; vmagent leaves them as
 * they are, and each such series would be another one. From a million on both have an exponent.
 * @see https://prometheus.io/docs/prometheus/latest/migration/#le-and-quantile-label-values
 */
export const relabelRules = ["le", "quantile"]
  .map(
    (label) => `- source_labels: [${label}]
  regex: "([0-9]{1,6})"
  target_label: ${label}
  replacement: $1.0
`,
  )
  .join("");

/** What vmagent's command line is made of. */
export interface ArgumentsArgs {
  /** Where samples are pushed to. */
  pushUrl: string;
  /** Size of its volume (Kubernetes quantity). */
  storage: string;
}

/**
 * Bytes of the volume that waiting samples may take. They are in files of 512 MiB, which are deleted once all in them is sent
 * (`DefaultChunkFileSize` in lib/persistentqueue): two of them may be there beside what waits.
 * @param storage size of the volume (Kubernetes quantity)
 */
export const queueBytes = (storage: string): number => quantityValue(storage) - 2 ** 30;

/**
 * vmagent's command line, which is all of its configuration beside what it scrapes.
 * @param args whom it writes to, and how much may wait
 * @see https://docs.victoriametrics.com/victoriametrics/vmagent/#common-flags
 */
export function vmagentArguments({ pushUrl, storage }: ArgumentsArgs): string[] {
  const flags: Record<string, string | number> = {
    "promscrape.config": `${configFolder}/${configFile}`,
    // The operator writes what Prometheus knows, such as `evaluation_interval`, too.
    "promscrape.config.strictParse": "false",
    "promscrape.configCheckInterval": "15s",
    // Prometheus has no limit; at the default, 16 MB, nothing of a larger answer is taken, such as kube-state-metrics' of a large cluster.
    "promscrape.maxScrapeSize": "128MiB",
    // An answer from this size on is parsed in parts, not as a whole: half the CPU and half the peak of memory for the same samples and markers
    // (docs/sizing.md). By default from 1 MB on, and what a kubelet of a small node answers is just below.
    "promscrape.minResponseSizeForStreamParse": "64KiB",
    "remoteWrite.url": pushUrl,
    "remoteWrite.relabelConfig": `${scriptFolder}/${relabelFile}`,
    "remoteWrite.tmpDataPath": dataDirectory,
    // Above it the oldest samples are deleted: a full volume would stop it.
    "remoteWrite.maxDiskUsagePerURL": queueBytes(storage),
    // As for Prometheus's remote_write; the default is a minute.
    "remoteWrite.retryMaxInterval": "10s",
    httpListenAddr: `:${httpPort}`,
    loggerFormat: "json",
  };
  return Object.entries(flags).map(([flag, value]) => `-${flag}=${value}`);
}
