import assert from "node:assert/strict";
import { ownGroup, refusedAlert } from "../components/vmalert/rule-files";
import { until } from "../lab/until";
import { testCluster } from "./support/cluster";
import { deploy, leaveNamespace } from "./support/deploy";

const namespace = "e2e-vmalert";
const rules = (name: string, list: object[]) => ({
  ...{ apiVersion: "monitoring.coreos.com/v1", kind: "PrometheusRule", metadata: { name, namespace } },
  spec: { groups: [{ name: `e2e-${name}`, interval: "5s", rules: list }] },
});
const recorded = { record: "e2e:one:vector", expr: "vector(1)" };

describe("vmalert on a cluster, with the rules that Prometheus's operator gathers", function () {
  this.timeout(15 * 60_000);

  before(() =>
    deploy({
      ...{ namespace, stack: "sandbox", components: ["secrets", "victoria-metrics", "vmalert"] },
      config: ["metrics.backend=victoria-metrics", "stage=victoria-metrics-default", "migration.from=dual-write"],
    }),
  );
  after(() => leaveNamespace(namespace));

  /** The groups that VictoriaMetrics shows as its own: vmalert's. */
  async function groups(): Promise<{ name: string; rules: { name: string; health: string; state: string }[] }[]> {
    const { kubectl } = await testCluster();
    const path = `/api/v1/namespaces/${namespace}/services/victoria-metrics:8428/proxy/api/v1/rules`;
    const answer = JSON.parse(await kubectl.run(["get", "--raw", path])) as { data: { groups: [] } };
    return answer.data.groups;
  }

  it("evaluates every good PrometheusRule, and says which it refuses", async () => {
    const { kubectl } = await testCluster();
    const twice = [recorded, recorded];
    const broken = [{ record: "e2e:broken", expr: "sum(" }];
    await kubectl.apply([rules("good", [recorded]), rules("twice", twice), rules("broken", broken)]);
    const found = await until("vmalert has the good group and tells of the refused one", 240, async () => {
      const all = await groups();
      const [good, own] = ["e2e-good", ownGroup].map((name) => all.find((group) => group.name === name));
      return good && own?.rules.some(({ name }) => name === refusedAlert) ? all : undefined;
    });
    assert.ok(!found.some(({ name }) => name === "e2e-twice" || name === "e2e-broken"));
    await until("it is evaluated", 180, async () =>
      (await groups()).find(({ name }) => name === "e2e-good")?.rules[0].health === "ok" ? true : undefined,
    );
    await until("an event tells of the broken one", 120, async () => {
      const events = await kubectl.run(["get", "events", "-n", namespace, "-o", "jsonpath={.items[*].message}"]);
      assert.match(events, /PrometheusRule broken was rejected due to invalid configuration/);
      return true;
    });
  });

  it("lets go of a PrometheusRule that is gone", async () => {
    const { kubectl } = await testCluster();
    await kubectl.run(["delete", "prometheusrule", "good", "twice", "-n", namespace]);
    await until("neither is there", 240, async () => {
      const all = await groups();
      const own = all.find(({ name }) => name === ownGroup);
      return all.some(({ name }) => name === "e2e-good") || own?.rules.some(({ name }) => name === refusedAlert)
        ? undefined
        : true;
    });
  });
});
