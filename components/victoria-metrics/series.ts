/** The series that alerts and dashboards are made of, each of its own targets and no others. */

/** Label matchers of VictoriaMetrics' process: a target's job is the name of its Service. */
export const victoriaMetricsTargets = (namespace: string) => `job="victoria-metrics", namespace="${namespace}"`;

/** Label matchers of its volume, as the kubelet counts it. */
export const volumeTargets = (namespace: string) =>
  `job="kubelet", metrics_path="/metrics", namespace="${namespace}", persistentvolumeclaim="data-victoria-metrics-0"`;
