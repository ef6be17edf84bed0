import assert from "node:assert/strict";
import { image } from "../../components/images";
import { vectorDashboard } from "../../components/dashboards/vector";
import { metricsPort } from "../../components/vector/config";
import { vectorRules } from "../../components/vector/rules";
import { KeptValues } from "../../engine/generated";
import { until } from "../../lab/until";
import { metricsIn } from "../../test/components/dashboards/exported";
import { panelsOf } from "../../test/components/dashboards/queries";
import { ApiProxy, testCluster } from "../support/cluster";
import { collectedWriters, itCollects } from "../support/collected-lines";
import { applyHere, renderPart } from "../support/deploy";
import { counting, NodeLines } from "../support/node-lines";
import { leftOut, note } from "../support/note";

// Vector itself, in Alloy's place on a running stack and back, with a real Loki. It is not built here: VECTOR_BINARY names one (lab/cluster/README.md).

const namespace = "e2e-vector";
const outageSeconds = 130;

describe("Vector of stack sandbox, in Alloy's place and back", function () {
  this.timeout("20m");
  let proxy: ApiProxy;
  let node: NodeLines;
  const generated = new KeptValues({});

  const use = async (agent: "alloy" | "vector") =>
    applyHere(
      namespace,
      await renderPart({
        ...{ namespace, stack: "sandbox", generated, config: ["loki.canary=false", `logs.agent=${agent}`] },
        components: ["alloy", "vector", "loki", "object-storage", "secrets"],
      }),
    );
  const pod = () =>
    node.kubectl("get", "pods", "-l", "app.kubernetes.io/name=vector", "-o", "jsonpath={.items[0].metadata.name}");
  const collectors = async () => (await node.kubectl("get", "daemonsets", "-o", "name")).trim().split("\n");
  const metrics = async () => (await proxy.request(namespace, `pods/${await pod()}:${metricsPort}`, "/metrics")).text();

  before(async function () {
    const why = (await testCluster()).unavailable.get(image("vector"));
    if (why !== undefined) {
      leftOut("e2e/long/vector.test.ts", why);
      return this.skip();
    }
    proxy = await ApiProxy.start();
    node = new NodeLines(proxy, namespace);
    await node.begin();
    await use("alloy");
    await node.write({ "alloy-to-vector": counting, before: "seq 1 500" });
    await node.isRead("alloy-to-vector");
    await node.exactly(
      "before",
      Array.from({ length: 500 }, (_, i) => String(i + 1)),
    );
  });
  after(async () => {
    await node?.end();
    proxy?.stop();
  });

  it("takes Alloy's place: what Alloy had sent is there once, and nothing is missing", async () => {
    await use("vector");
    assert.deepEqual(await collectors(), ["daemonset.apps/vector"]);
    await node.write(collectedWriters);
    await node.isRead("alloy-to-vector");
    await node.exactly("alloy-to-vector", await node.ended("alloy-to-vector"));
    await node.exactly(
      "before",
      Array.from({ length: 500 }, (_, i) => String(i + 1)),
    );
  });

  itCollects(() => node, namespace);

  it("exports every metric that dashboard and alerts name", async () => {
    const queries = panelsOf(vectorDashboard()).flatMap(({ queries }) => queries.map(({ expr }) => expr));
    const alerts = vectorRules({ namespace }).flatMap(({ rules }) => rules.map(({ expr }) => expr));
    const named = new Set([...queries, ...alerts].flatMap(metricsIn).filter((name) => name.startsWith("vector_")));
    // A counter is there once it has counted, and these have nothing to count.
    const uncounted = new Set(["vector_component_errors_total", "vector_component_discarded_events_total"]);
    await until("Vector exports all", 120, async () => {
      const text = await metrics();
      const lacks = [...named].filter((name) => !uncounted.has(name) && !new RegExp(`^${name}[ {]`, "m").test(text));
      assert.deepEqual(lacks, []);
      return true;
    });
  });

  it(`loses no line and doubles none: restarted, Loki away for ${outageSeconds} seconds, and restarted meanwhile`, async () => {
    await node.write({ counter: counting });
    await node.isRead("counter");
    await node.kubectl("delete", "pod", await pod(), "--wait");
    await node.kubectl("rollout", "status", "daemonset/vector", "--timeout=300s");
    await node.isRead("counter");
    // What waits is on the node's disk.
    await node.withoutLoki(outageSeconds, async () => {
      await node.kubectl("delete", "pod", await pod(), "--wait");
      await node.kubectl("rollout", "status", "daemonset/vector", "--timeout=300s");
    });
    const written = await node.ended("counter");
    assert.ok(written.length > outageSeconds, `only ${written.length} lines were written`);
    await node.exactly("counter", written);
  });

  it("loses no more than two seconds of lines when it is killed, and doubles none", async () => {
    await node.write({ killed: counting });
    await node.isRead("killed");
    await node.kill(await pod(), "vector");
    const written = await node.ended("killed");
    await until("the last line is there", 240, async () =>
      (await node.of("killed")).some(({ line }) => line[1] === "the end") ? true : undefined,
    );
    const found = (await node.of("killed")).map(({ line }) => line[1]);
    const lost = written.filter((line) => !found.includes(line));
    note(`killed: ${written.length} lines, ${lost.length} lost`);
    assert.ok(lost.length <= 20, `lost ${lost.length}: ${lost.join(", ")}`);
    assert.equal(new Set(found).size, found.length, "lines are there twice");
  });

  it("gives way to Alloy again: its positions of before are there, nothing is missing or there twice", async () => {
    await node.write({ "vector-to-alloy": counting });
    await node.isRead("vector-to-alloy");
    await use("alloy");
    assert.deepEqual(await collectors(), ["daemonset.apps/alloy"]);
    await node.isRead("vector-to-alloy");
    await node.exactly("vector-to-alloy", await node.ended("vector-to-alloy"));
    await node.exactly(
      "before",
      Array.from({ length: 500 }, (_, i) => String(i + 1)),
    );
  });
});
