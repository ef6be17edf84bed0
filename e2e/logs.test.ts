import assert from "node:assert/strict";
import { image } from "../components/images";
import { until } from "../lab/until";
import { unhealthy } from "./support/alloy";
import { ApiProxy, testCluster } from "./support/cluster";
import { collectedWriters, itCollects } from "./support/collected-lines";
import { applyHere, renderPart } from "./support/deploy";
import { lacking, reportExcused } from "./support/metric-coverage";
import { counting, NodeLines } from "./support/node-lines";

// Alloy itself, in the pods of stack sandbox, from the files of a real node to a real Loki.

const namespace = "e2e-logs";
const outageSeconds = 130;
const manifestHash = "0123456789abcdef0123456789abcdef";

describe("Alloy of stack sandbox, from a node's files to Loki", function () {
  this.timeout("20m");
  let proxy: ApiProxy;
  let node: NodeLines;

  const pod = (part: "logs" | "events") => {
    const labels = `app.kubernetes.io/component=${part},app.kubernetes.io/name=alloy`;
    return node.kubectl("get", "pods", "-l", labels, "-o", "jsonpath={.items[0].metadata.name}");
  };
  const allHealthy = async () => {
    for (const part of ["logs", "events"] as const) {
      await until(`every component of Alloy for ${part} is healthy`, 300, async () => {
        const name = await pod(part); // each time: the pod of before an update may still be there at first
        const ill = await unhealthy(proxy, namespace, name);
        if (ill.length > 0) throw new Error(`${name}: ${ill.join("; ")}`);
        return true;
      });
    }
  };
  const cleanStatic = () => node.onNode(`rm -rf /var/log/pods/${namespace}_static_*`);

  before(async () => {
    const { unavailable } = await testCluster();
    assert.ok(!unavailable.has(image("alloy")), unavailable.get(image("alloy")));
    proxy = await ApiProxy.start();
    node = new NodeLines(proxy, namespace);
    await node.begin();
    await cleanStatic();
    const part = {
      namespace,
      stack: "sandbox",
      config: ["loki.canary=false"],
      components: ["alloy", "loki", "object-storage", "secrets"],
    };
    await applyHere(namespace, await renderPart(part));
    await node.write({ ...collectedWriters, counter: counting });
    // The API's mirror of a static pod has this annotation, and the kubelet names the folder after it.
    await node.write({ static: "" }, { "kubernetes.io/config.hash": manifestHash });
  });

  after(async () => {
    await cleanStatic().catch(() => undefined);
    await node?.end();
    proxy?.stop();
  });

  it("has no component that isn't healthy", allHealthy);

  itCollects(() => node, namespace);

  it("finds a static pod's file in the folder with its manifest's hash", async () => {
    const [time, longAgo] = [new Date(), new Date(Date.now() - 30 * 86_400_000)].map((each) => each.toISOString());
    const folder = `/var/log/pods/${namespace}_static_${manifestHash}/writer`;
    // Loki would refuse the first line, and with it all that is sent together; it is left out and counted.
    const content = `${longAgo} stdout F too old\n${time} stdout F of a static pod`;
    // The kubelet knows no pod with this folder's UID, and removes it once a minute: it may be gone before Alloy looks.
    await until("Loki has the static pod's line", 240, async () => {
      await node.onNode(`mkdir -p ${folder}; [ -e ${folder}/0.log ] || cat > ${folder}/0.log`, `${content}\n`);
      return (await node.of("static")).length > 0 ? true : undefined;
    });
    await node.exactly("static", ["of a static pod"]);
  });

  it("takes in Kubernetes' events", async () => {
    const query = `{job="kubernetes-events", namespace="${namespace}"} |= "plain" |= "Started"`;
    const [event] = await until("an event of the writer is there", 240, async () => {
      const all = await node.every(query);
      return all.length > 0 ? all : undefined;
    });
    assert.equal(event.stream.cluster, "sandbox");
  });

  it("exports every metric that dashboards and rules name", async () => {
    const found = await until("Alloy exports all", 120, async () => {
      const metrics = await proxy.request(namespace, `pods/${await pod("logs")}:12345`, "/metrics");
      const has = lacking("alloy", await metrics.text());
      assert.deepEqual(has.unseen, []);
      return has;
    });
    reportExcused("alloy", found);
  });

  it(`loses no line and doubles none: killed, restarted, and Loki away for ${outageSeconds} seconds`, async () => {
    const killed = await pod("logs");
    await node.kill(killed, "alloy");
    await node.kubectl("delete", "pod", killed, "--wait");
    await node.kubectl("rollout", "status", "daemonset/alloy", "--timeout=300s");
    await node.isRead("counter");
    // Not restarted while Loki is away: what waits in memory goes with its process (components/alloy/README.md, Traps).
    await node.withoutLoki(outageSeconds);
    const written = await node.ended("counter");
    assert.ok(written.length > outageSeconds, `only ${written.length} lines were written`);
    await node.exactly("counter", written);
    await allHealthy();
  });
});
