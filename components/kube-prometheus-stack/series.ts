import { remoteWriteName } from "./remote-write";

/** The series that alerts and dashboards of remote_write are made of. */

/** Label matcher of the queue of remote_write to Mimir, of which there may be others. */
export const queue = `remote_name="${remoteWriteName}"`;

/** What a Prometheus says of itself, where it is one that writes to Mimir. */
export const ofWriter = (expr: string) =>
  `(${expr} and on (cluster, namespace, pod) prometheus_remote_storage_shards{${queue}})`;
