import assert from "node:assert/strict";
import type { Stage } from "../../stages";
import { until } from "../../lab/until";
import { answerTo, asked, assertSameAnswer } from "./asked";
import type { ApiProxy } from "./cluster";
import { dataSource } from "./data-sources";
import { PrometheusApi } from "./metrics";

/** A job that every stage scrapes. */
const job = "alertmanager";

/**
 * That the one address with Prometheus' API gives the answers of the stage's default to whatever programs ask, and lets nobody write.
 * @param proxy to the cluster
 * @param namespace of the stack
 * @param stage what is the default there
 * @param service name of the Service, `metrics` or a former one
 */
export async function answersAsDefault(
  proxy: ApiProxy,
  namespace: string,
  { defaultDataSource }: Pick<Stage, "defaultDataSource">,
  service = "metrics",
): Promise<void> {
  const target = `services/${service}:9090`;
  const address = new PrometheusApi(proxy, namespace, target);
  const backend = dataSource(proxy, namespace, defaultDataSource);
  await until(`${target} answers as ${defaultDataSource}`, 300, async () => {
    const at = Math.floor(Date.now() / 1000) - 20; // what is newer may be on its way
    for (const question of Object.values(asked).flatMap((questions) => questions(at, job))) {
      const [answer, expected] = await Promise.all(
        [address, backend].map((api) => answerTo(question, (path, init) => api.send(path, init))),
      );
      assertSameAnswer(question, answer, expected);
    }
    return true;
  });
  for (const [method, path] of [
    ["POST", "/api/v1/write"],
    ["POST", "/api/v1/admin/tsdb/delete_series?match[]=up"],
    ["DELETE", "/api/v1/series?match[]=up"],
    ["PUT", "/api/v1/query"],
  ]) {
    const refused = await address.send(path, { method });
    assert.equal(refused.status, 403, `${method} ${path}`);
    assert.match(await refused.text(), /read only/, `${method} ${path}`);
  }
}
