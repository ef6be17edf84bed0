/** What tests need to know of names that the program, the chart and the operator give. */

/** What is left when a namespace with a stack in it is gone: rights in the whole cluster. */
export const clusterWide = (namespace: string): string[] =>
  [
    ...["operator", "prometheus", "kube-state-metrics", "alloy", "alloy-events", "alloy-rules", "alloy-metrics"],
    ...["vmalert-operator", "vmagent"],
  ].flatMap((name) => [`clusterrole/${namespace}-${name}`, `clusterrolebinding/${namespace}-${name}`]);

/** The pod of kube-prometheus-stack's Prometheus. */
export const prometheusPod = "prometheus-kube-prometheus-stack-prometheus-0";
