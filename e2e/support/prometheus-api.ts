import assert from "node:assert/strict";
import { stages, type MimirStage } from "../../stages";
import { until } from "../../lab/until";
import type { ApiProxy } from "./cluster";
import { PrometheusApi, sorted } from "./metrics";
import { prometheusPod } from "./names";

/** What reads, as prometheus-adapter and KEDA ask: series by GET, and a query by GET or as a form. */
const question = "sum by (job) (up)";

/**
 * That the one address with Prometheus' API gives the answers of the stage's default, and lets nobody write.
 * @param service name of the Service, `metrics` or a former one
 */
export async function answersAsDefault(
  proxy: ApiProxy,
  namespace: string,
  stage: MimirStage,
  service = "metrics",
): Promise<void> {
  const target = `services/${service}:9090`;
  const address = new PrometheusApi(proxy, namespace, target);
  const backend =
    stages[stage].defaultDataSource === "mimir"
      ? new PrometheusApi(proxy, namespace, "services/mimir:9009", "/prometheus")
      : new PrometheusApi(proxy, namespace, `pods/${prometheusPod}:9090`);
  const form = (at: number) => ({
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: `${new URLSearchParams({ query: question, time: `${at}` })}`,
  });
  await until(`${target} answers as the default of stage ${stage}`, 300, async () => {
    const at = Math.floor(Date.now() / 1000) - 20; // what is newer may be on its way
    const expected = await backend.query(question, at);
    assert.ok(expected.length > 0, "there is no sample of `up` yet");
    assert.deepEqual(sorted(await address.query(question, at)), sorted(expected));
    const posted = await proxy.request(namespace, target, "/api/v1/query", form(at));
    const { data } = (await posted.json()) as { data: { result: typeof expected } };
    assert.deepEqual(sorted(data.result), sorted(expected));
    const span = new URLSearchParams({ "match[]": "up", start: `${at - 60}`, end: `${at}` });
    assert.ok((await address.get<object[]>(`series?${span}`)).length > 0);
    return true;
  });
  for (const [method, path] of [
    ["POST", "/api/v1/write"],
    ["POST", "/api/v1/admin/tsdb/delete_series?match[]=up"],
    ["DELETE", "/api/v1/series?match[]=up"],
    ["PUT", "/api/v1/query"],
  ]) {
    const refused = await proxy.request(namespace, target, path, { method });
    assert.equal(refused.status, 403, `${method} ${path}`);
    assert.match(await refused.text(), /read only/, `${method} ${path}`);
  }
}
