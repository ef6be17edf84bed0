import assert from "node:assert/strict";
import type { Applicable } from "../lab/sandbox/apply";
import { ApiProxy, testCluster } from "./support/cluster";
import { applyHere, deploy, leaveNamespace } from "./support/deploy";
import { LokiClient, nanoseconds } from "./support/loki";
import { until } from "../lab/until";

const namespace = "e2e-restore";

/** docs/restore-loki.md, as far as one cluster can stand for two: Loki and its volume are gone, its bucket is there. */
describe("A Loki without its volume, on the bucket of before, on a real cluster", function () {
  this.timeout(15 * 60_000);
  let proxy: ApiProxy;
  let loki: LokiClient;
  let resources: Applicable[];
  const now = Date.now();

  before(async () => {
    proxy = await ApiProxy.start();
    loki = new LokiClient(proxy, namespace);
    resources = await deploy({
      namespace,
      stack: "sandbox",
      config: ["loki.canary=false"],
      components: ["loki", "object-storage", "secrets"],
    });
  });

  after(async () => {
    proxy?.stop();
    await leaveNamespace(namespace);
  });

  it("finds the lines that were written before it", async () => {
    const { kubectl } = await testCluster();
    await loki.push({ app: "before" }, [[nanoseconds(now), "written before"]]);

    // An orderly stop flushes chunks and index: nothing is in the volume only.
    await kubectl.run(["delete", "statefulset", "loki", "-n", namespace, "--cascade=foreground", "--wait"]);
    await kubectl.run(["delete", "pvc", "data-loki-0", "-n", namespace, "--wait", "--timeout=240s"]);
    await applyHere(namespace, resources);

    const lines = await until("the line is found", 120, async () => {
      const found = await loki.lines(`{app="before"}`, { start: now - 60_000, end: now + 60_000 });
      return found.length > 0 ? found : undefined;
    });
    assert.deepEqual(
      lines.map(({ line }) => line[1]),
      ["written before"],
    );
  });

  it("takes and gives new lines beside them", async () => {
    await loki.push({ app: "after" }, [[nanoseconds(Date.now()), "written after"]]);
    const end = Date.now() + 60_000;
    const lines = await until("both lines are found", 120, async () => {
      const found = await loki.lines(`{app=~"before|after"}`, { start: now - 60_000, end });
      return found.length >= 2 ? found : undefined;
    });
    assert.deepEqual(
      lines.map(({ line }) => line[1]),
      ["written before", "written after"],
    );
  });
});
