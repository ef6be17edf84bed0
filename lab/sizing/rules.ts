import { stringify } from "yaml";
import { baseRules } from "../../components/rules/base";
import type { Settings } from "../../settings/schema";

/** As upstream's rules for a cluster's dashboards: one recorded series a container, and sums over them. */
const recorded = {
  name: "recorded",
  rules: [
    {
      record: "namespace_pod_container:container_cpu_usage_seconds_total:sum_rate5m",
      expr: "sum by (namespace, pod, container) (rate(container_cpu_usage_seconds_total[5m]))",
    },
    {
      record: "namespace_pod:kube_pod_container_resource_requests:sum",
      expr: `sum by (namespace, pod) (kube_pod_container_resource_requests{resource="cpu"})`,
    },
    {
      record: "namespace:container_memory_working_set_bytes:sum",
      expr: "sum by (namespace) (container_memory_working_set_bytes)",
    },
    {
      record: "namespace:http_requests_total:sum_rate5m",
      expr: "sum by (namespace, code) (rate(http_requests_total[5m]))",
    },
  ],
};

/**
 * A rule file: the stack's own alerts on nodes, workloads and volumes, and recorded series of the targets.
 * @see https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/
 */
export function ruleFile(settings: Settings): string {
  return stringify({ groups: [...Object.values(baseRules(settings)).flat(), recorded] });
}
