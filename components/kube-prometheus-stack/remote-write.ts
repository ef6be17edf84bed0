import type { Settings } from "../../settings/schema";
import type { Backend } from "../../stages";
import type { Values } from "./merge";

/**
 * An entry of `prometheusSpec.remoteWrite`. What the backend can't take now waits in Prometheus's write-ahead log and is sent later: refusals for
 * its rate (429) are tried again too, and no sample is too old.
 *
 * The number of shards is fixed. Prometheus changes it only after the previous shards have sent their queues; where the backend goes away right
 * then, for longer than `--storage.remote.flush-deadline` (1 min), it drops these queues (`shards.stop` in storage/remote/queue_manager.go): tried,
 * with all 10,000 samples of the only shard lost.
 * @param name of the entry: label `remote_name` of its metrics
 * @param url where samples are pushed to
 * @param settings the queue
 * @see https://prometheus.io/docs/practices/remote_write/
 */
export function remoteWrite(name: Backend, url: string, { remoteWrite }: Pick<Settings["kps"], "remoteWrite">): Values {
  return {
    name,
    url,
    remoteTimeout: "30s",
    queueConfig: {
      ...remoteWrite,
      minShards: remoteWrite.maxShards,
      minBackoff: "100ms",
      maxBackoff: "10s",
      retryOnRateLimit: true,
    },
    metadataConfig: { send: true, sendInterval: "1m" },
  };
}
