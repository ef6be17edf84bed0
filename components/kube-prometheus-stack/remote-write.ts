import type { Settings } from "../../config/schema";
import type { Values } from "./merge";

/** Name of the remote_write to Mimir: label `remote_name` of its metrics. */
export const remoteWriteName = "mimir";

/**
 * An entry of `prometheusSpec.remoteWrite`. What Mimir can't take now waits in Prometheus's write-ahead log and is sent later: refusals for
 * its rate (429) are tried again too, and no sample is too old.
 * @param url where samples are pushed to
 * @param settings the queue
 * @see https://prometheus.io/docs/practices/remote_write/
 */
export function remoteWrite(url: string, { remoteWrite }: Pick<Settings["kps"], "remoteWrite">): Values {
  return {
    name: remoteWriteName,
    url,
    remoteTimeout: "30s",
    queueConfig: { ...remoteWrite, minBackoff: "100ms", maxBackoff: "10s", retryOnRateLimit: true },
    metadataConfig: { send: true, sendInterval: "1m" },
  };
}

/**
 * The entries that a release's values have.
 * @param values values of the chart
 */
export function remoteWrites(values: Values = {}): { name?: string }[] {
  const { prometheus } = values as { prometheus?: { prometheusSpec?: { remoteWrite?: { name?: string }[] } } };
  const there = prometheus?.prometheusSpec?.remoteWrite;
  return Array.isArray(there) ? there : [];
}
