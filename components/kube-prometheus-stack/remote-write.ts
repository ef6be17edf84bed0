import type { Settings } from "../../settings/schema";
import type { Backend } from "../../stages";
import type { Values } from "./merge";

/**
 * An entry of `prometheusSpec.remoteWrite`. What the backend can't take now waits in Prometheus's write-ahead log and is sent later: refusals for
 * its rate (429) are tried again too, and no sample is too old.
 *
 * The number of shards is fixed. Prometheus changes it only after the previous shards have sent their queues; where the backend goes away right
 * then, for longer than `--storage.remote.flush-deadline`, it drops these queues (`shards.stop` in storage/remote/queue_manager.go): tried,
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

const flushDeadline = { name: "storage.remote.flush-deadline", value: "10s" };

/**
 * Prometheus's own arguments, with a shorter wait for a backend that is gone. A reload that ends a remote write waits for this long twice, for samples
 * and for metadata, and meanwhile Prometheus scrapes nothing, evaluates nothing and answers nobody: with its default of a minute, 110 s were measured
 * on the way back to stage `loki`. It is set in every stage, because a change of arguments restarts Prometheus.
 *
 * When Prometheus itself ends, it also waits no longer than this, which costs nothing where the backend answers: a shard's queue is sent in less. Where
 * it doesn't, the same samples are lost after a minute too, unless it comes back within that minute; Prometheus has them.
 * @param there the arguments that an adopted release has, which stay; its own deadline counts
 * @see https://prometheus.io/docs/prometheus/latest/command-line/prometheus/
 */
export function withFlushDeadline(there: readonly { name?: string }[]): readonly { name?: string }[] {
  return there.some(({ name }) => name === flushDeadline.name) ? there : [...there, flushDeadline];
}
