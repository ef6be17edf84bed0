/** The series that alerts and dashboards are made of, each of its own targets and no others. */

/** Label matchers of Mimir's process: a target's job is the name of its Service. */
export const mimirTargets = (namespace: string) => `job="mimir", namespace="${namespace}"`;

/** Label matchers of Mimir's container, as the kubelet counts it. */
export const containerTargets = (namespace: string) =>
  `job="kubelet", metrics_path="/metrics/cadvisor", namespace="${namespace}", container="mimir"`;

/** Label matchers of Mimir's volume, as the kubelet counts it. */
export const volumeTargets = (namespace: string) =>
  `job="kubelet", metrics_path="/metrics", namespace="${namespace}", persistentvolumeclaim=~"data-mimir-[0-9]+"`;
