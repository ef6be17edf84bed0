import assert from "node:assert/strict";
import type { Backend, Stage } from "../../stages";
import { until } from "../../lab/until";
import type { PrometheusApi } from "./metrics";

interface Group {
  rules: { name: string; health: string; lastError?: string }[];
}

/** How a backend shows that nobody evaluates rules on it. */
const idle: Readonly<Record<Backend, (groups: Promise<Group[]>) => Promise<void>>> = {
  mimir: (groups) => assert.rejects(groups, /rule evaluation is disabled/),
  "victoria-metrics": async (groups) => assert.deepEqual(await groups, []),
};

/** Who can be asked for rules. */
export interface Evaluators {
  name: Backend;
  backend: PrometheusApi;
  /** Prometheus; undefined: it is removed. */
  prometheus?: PrometheusApi;
  /** Label `cluster` of every alert. */
  cluster: string;
}

/**
 * Waits until every rule is evaluated by the one, and none by the other.
 * @param evaluator who
 * @param evaluators who can be asked
 */
export async function evaluatedBy(
  evaluator: Stage["evaluator"],
  { name, backend, prometheus, cluster }: Evaluators,
): Promise<void> {
  await until(`${evaluator} evaluates every rule`, 300, async () => {
    const groupsIn = async (api: PrometheusApi) => (await api.get<{ groups: Group[] }>("rules")).groups;
    if (evaluator === "prometheus") await idle[name](groupsIn(backend));
    else if (prometheus) assert.deepEqual(await groupsIn(prometheus), []);
    const own = await groupsIn(evaluator === "prometheus" ? prometheus! : backend);
    assert.ok(own.length > 15, `${own.length} groups`);
    const bad = own.flatMap(({ rules }) => rules.filter(({ health }) => health !== "ok"));
    assert.deepEqual(bad, []);
    const [watchdog] = await backend.query('ALERTS{alertname="Watchdog"}');
    assert.equal(watchdog?.metric.cluster, cluster);
    return true;
  });
}
