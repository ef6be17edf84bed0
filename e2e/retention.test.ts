import assert from "node:assert/strict";
import { ApiProxy } from "./support/cluster";
import { deploy, leaveNamespace } from "./support/deploy";
import { storeScript } from "./support/job";
import { LokiClient, nanoseconds } from "./support/loki";
import { replacePod } from "./support/node";
import { until } from "../lab/until";

const namespace = "e2e-retention";
const day = 24 * 3600 * 1000;

describe("Loki's retention of seven days, its intervals shortened, on a real cluster", function () {
  this.timeout(15 * 60_000);
  let proxy: ApiProxy;
  let loki: LokiClient;
  const now = Date.now();

  before(async () => {
    proxy = await ApiProxy.start();
    loki = new LokiClient(proxy, namespace);
    await deploy({
      namespace,
      stack: "sandbox",
      config: [
        "loki.retention=7d",
        "loki.canary=false",
        // Lines that are too old are taken here, so that there is something to delete.
        "loki.limits.rejectOldSamplesMaxAge=30d",
        "loki.compactionInterval=5s",
        "loki.retentionDeleteDelay=5s",
      ],
      components: ["loki", "object-storage", "secrets"],
    });
  });

  after(async () => {
    proxy?.stop();
    await leaveNamespace(namespace);
  });

  it("deletes lines older than that from the bucket, and keeps younger ones", async () => {
    await loki.push({ app: "old" }, [[nanoseconds(now - 10 * day), "ten days old"]]);
    await loki.push({ app: "young" }, [[nanoseconds(now - 2 * day), "two days old"]]);
    await loki.flush("loki-0");
    await until("both chunks are in the bucket", 120, async () => ((await chunks()).length === 2 ? true : undefined));
    // A stop writes the index to the bucket, where the compactor finds it: while running, Loki does so every quarter of an hour.
    await replacePod(namespace, "loki-0");

    const left = await until("one chunk is gone", 300, async () => {
      const found = await chunks();
      return found.length === 1 ? found : undefined;
    });
    assert.equal(left.length, 1);
    // The index of before, which names the chunk that is gone, is given up by and by.
    await until("the younger line is found, and the older one isn't", 120, async () => {
      const young = await loki.lines(`{app="young"}`, { start: now - 3 * day, end: now });
      assert.deepEqual(
        young.map(({ line }) => line[1]),
        ["two days old"],
      );
      const old = await loki.lines(`{app="old"}`, { start: now - 11 * day, end: now - 9 * day });
      assert.deepEqual(old, []);
      return true;
    });
  });

  async function chunks(): Promise<string[]> {
    const said = await storeScript(namespace, "loki-object-store", "mc find store/loki/fake/");
    return said.split("\n").filter((line) => line !== "");
  }
});
