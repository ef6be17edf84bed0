import assert from "node:assert/strict";
import type { KubernetesObject } from "../../commands/shared/objects";
import { ApiProxy, testCluster } from "./cluster";
import { deploy, leaveNamespace } from "./deploy";
import { refusedBuckets, storeScript } from "./job";
import { LokiClient, nanoseconds } from "./loki";
import { note } from "./note";
import { until } from "../../lab/until";

// Seed 004's label set.
const labels = {
  cluster: "staging",
  namespace: "nightscout",
  pod: "nightscout-0",
  container: "app",
  app: "nightscout",
  job: "nightscout/app",
  stream: "stdout",
  container_runtime: "containerd",
};

/** A mode of Loki, with the settings of stack `staging`. */
export interface LokiMode {
  mode: string;
  /** Where it is deployed. */
  namespace: string;
  /** Settings over those of `staging`. */
  config: string[];
  /** Pods that write chunks. */
  pods: string[];
  /** Whether `config` has its results in memcached; the first of `pods` uses it then. */
  cached?: true;
}

/**
 * Tests of Loki on a real cluster: lines with their labels, its bucket and no other, and each of its pods restarted while lines are pushed.
 * @param mode what is deployed
 */
export function describeLoki({ mode, namespace, config, pods, cached }: LokiMode): void {
  describe(`Loki of stack staging, ${mode}, on a real cluster`, function () {
    this.timeout(15 * 60_000);
    let proxy: ApiProxy;
    let loki: LokiClient;
    const lowered: string[] = [];

    before(async () => {
      proxy = await ApiProxy.start();
      loki = new LokiClient(proxy, namespace);
      await deploy({
        namespace,
        stack: "staging",
        config: [...config, "objectStore.storage=5Gi", "loki.canary=false"],
        components: ["loki", "object-storage", "secrets"],
        edit: (object) => lowerRequests(object, lowered),
      });
      note(`Loki, ${mode}: lowered to fit two cores: ${lowered.join(", ")}`);
    });

    after(async () => {
      proxy?.stop();
      await leaveNamespace(namespace);
    });

    it("gives back a line pushed with the seed's labels, every label as it was", async () => {
      const now = Date.now();
      await loki.push(labels, [[nanoseconds(now), "hello from the seed"]]);
      const [{ stream, line }] = await until("the line is there", 240, async () => {
        const lines = await loki.lines(`{app="nightscout"} |= "hello from the seed"`, {
          start: now - 60_000,
          end: now + 60_000,
        });
        return lines.length > 0 ? lines : undefined;
      });
      assert.deepEqual(line, [nanoseconds(now), "hello from the seed"]);
      for (const [name, value] of Object.entries(labels)) assert.equal(stream[name], value, `label ${name}`);
    });

    it("writes chunks to its bucket with its own least-privilege key", async () => {
      for (const pod of pods) await loki.flush(pod);
      const objects = await until("a chunk is in the bucket", 240, async () => {
        const said = await storeScript(namespace, "loki-object-store", "mc find store/loki-staging/fake/");
        return said.trim() === "" ? undefined : said.trim().split("\n");
      });
      assert.ok(objects.length > 0);
    });

    if (cached)
      it("keeps results of queries in memcached, which it finds by its DNS records", async () => {
        // Old enough for results to be kept (`max_cache_freshness_per_query`).
        const end = Math.floor(Date.now() / 60_000 - 30) * 60_000;
        await until("a result comes from memcached", 240, async () => {
          await loki.lines("sum(count_over_time({app=~`.+`}[1m]))", { start: end - 3600_000, end });
          const metrics = await proxy.request(namespace, `pods/${pods[0]}:3100`, "/metrics");
          return /^loki_cache_hits\{name="frontend\.memcache.*\} [1-9]/m.test(await metrics.text()) ? true : undefined;
        });
      });

    it("can't list, read or write Mimir's buckets, nor make one", async () => {
      await refusedBuckets(namespace, {
        secret: "loki-object-store",
        own: "loki-staging",
        others: { "mimir-object-store": ["mimir-blocks", "mimir-ruler", "mimir-alertmanager"] },
      });
    });

    it("loses no acknowledged line while each of its pods is restarted in turn", async () => {
      const { kubectl } = await testCluster();
      const start = Date.now();
      const stream = { ...labels, app: "restart-test" };
      const acknowledged: string[] = [];
      let sending = true;
      const sender = (async () => {
        for (let i = 0; sending; i++) {
          const text = `line ${i}`;
          await loki.push(stream, [[nanoseconds(Date.now()), text]], 400);
          acknowledged.push(text);
        }
      })();
      // A rejection is seen where it is awaited; until then it must not end the process.
      sender.catch(() => undefined);
      const all = await kubectl.json<{ items: KubernetesObject[] }>([
        "get",
        "pods",
        "-n",
        namespace,
        "-l",
        "app.kubernetes.io/name=loki",
      ]);
      for (const { metadata } of all.items.filter((p) => !p.metadata.name.includes("gateway"))) {
        const before = acknowledged.length;
        await kubectl.run(["delete", "pod", metadata.name, "-n", namespace, "--wait"]);
        // Their workload may not have made the next one yet, or one that is listed may go.
        const ready = ["wait", "pod", "-n", namespace, "-l", "app.kubernetes.io/name=loki", "--for=condition=Ready"];
        await until("its pods are ready", 300, () => kubectl.run([...ready, "--timeout=300s"]));
        await until("lines are acknowledged again", 300, async () => (acknowledged.length > before ? true : undefined));
      }
      sending = false;
      await sender;
      const missing = await until("every acknowledged line is found", 300, async () => {
        const found = new Set(await everyLine(loki, `{app="restart-test"}`, start));
        const absent = acknowledged.filter((text) => !found.has(text));
        return absent.length === 0 ? absent : undefined;
      });
      assert.ok(acknowledged.length > all.items.length, `only ${acknowledged.length} lines were acknowledged`);
      assert.deepEqual(missing, []);
    });
  });
}

/** Every line since a time, page by page: one answer has at most 5,000. */
async function everyLine(loki: LokiClient, query: string, start: number): Promise<string[]> {
  const window = 10_000;
  const end = Date.now() + 1000;
  const texts: string[] = [];
  for (let from = start; from < end; from += window) {
    const page = await loki.lines(query, { start: from, end: Math.min(from + window, end) });
    assert.ok(page.length < 5000, "ten seconds have more lines than one answer");
    texts.push(...page.map(({ line }) => line[1]));
  }
  return texts;
}

type Container = { resources?: { requests?: { cpu?: string; memory?: string } } };

/**
 * Requests fit two cores; nothing else is changed.
 * @param lowered where what changed is noted
 * @param cpu what each container asks for, which is also its share where the machine is busy
 */
export function lowerRequests(object: KubernetesObject, lowered: string[], cpu = "10m"): KubernetesObject {
  const template = (object.spec as { template?: { spec: { containers: Container[] } } } | undefined)?.template;
  for (const { resources } of template?.spec.containers ?? []) {
    if (!resources?.requests) continue;
    lowered.push(
      `${object.kind} ${object.metadata.name} ${resources.requests.cpu}/${resources.requests.memory} → ${cpu}/32Mi`,
    );
    resources.requests = { cpu, memory: "32Mi" };
  }
  return object;
}
