import type { Backend } from "../../stages";

/** The series that alerts and dashboards of remote_write are made of. */

/** Label matcher of the queue of remote_write to the stack's backend, of which there may be others. */
export const queueTo = (backend: Backend) => `remote_name="${backend}"`;

/** What a Prometheus says of itself, where it is one that writes to the stack's backend. */
export const ofWriter = (expr: string, backend: Backend) =>
  `(${expr} and on (cluster, namespace, pod) prometheus_remote_storage_shards{${queueTo(backend)}})`;
