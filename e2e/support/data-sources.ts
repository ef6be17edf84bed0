import type { Stage } from "../../stages";
import type { ApiProxy } from "./cluster";
import { PrometheusApi, type Labels } from "./metrics";
import { prometheusPod } from "./names";

/** Where each answers: Service or pod with its port, and the path before `/api/v1`. */
const places: Readonly<Record<Stage["defaultDataSource"], [target: string, prefix?: string]>> = {
  prometheus: [`pods/${prometheusPod}:9090`],
  mimir: ["services/mimir:9009", "/prometheus"],
  "victoria-metrics": ["services/victoria-metrics:8428"],
};

/**
 * Prometheus, or what keeps a stack's metrics beside it, asked directly.
 * @param proxy to the cluster
 * @param namespace of the stack
 * @param name which of them
 * @param externalLabels as {@link PrometheusApi} adds them
 */
export function dataSource(
  proxy: ApiProxy,
  namespace: string,
  name: Stage["defaultDataSource"],
  externalLabels?: Labels,
): PrometheusApi {
  const [target, prefix] = places[name];
  return new PrometheusApi(proxy, namespace, target, prefix, externalLabels);
}
