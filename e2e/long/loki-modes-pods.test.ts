import assert from "node:assert/strict";
import { stringify, parse } from "yaml";
import type { KubernetesObject } from "../../commands/shared/objects";
import { KeptValues } from "../../engine/generated";
import { until } from "../../lab/until";
import { ApiProxy, testCluster } from "../support/cluster";
import { CountedTraffic } from "../support/counted";
import { countedLines } from "../support/counted-lines";
import { applyHere, leaveNamespace, makeNamespace, renderPart } from "../support/deploy";
import { evict } from "../support/evict";
import { lowerRequests } from "../support/describe-loki";
import { note } from "../support/note";
import { prompt } from "../support/prompt";

// Loki as pods goes from three single binaries to one workload for each component and back, update by update (docs/loki-modes.md), and each of its pods
// is evicted, while lines are written and asked for through the gateway.

const namespace = "e2e-loki-modes";
const [single, apart] = ["single-binary", "distributed"];

/** The settings of every update: the ways of Loki's modes are those of docs/loki-modes.md. */
const way = (from: string, to: string): string[][] => [
  [`loki.mode=${to}`, `loki.former.mode=${from}`],
  ...[2, 1, 0].map((left) => [`loki.mode=${to}`, `loki.former.mode=${from}`, `loki.former.writers=${left}`]),
  [`loki.mode=${to}`],
];

const always = [
  ...["objectStore.storage=5Gi", "loki.canary=false", "loki.replicationFactor=3", "loki.storage=1Gi"],
  ...["loki.singleBinary.replicas=3", "loki.caches.chunks.size=64Mi", "loki.caches.results.size=64Mi"],
  ...["querier", "compactor", "ruler"].map((part) => `loki.distributed.${part}.replicas=1`),
];

/** A new index is known to the others in seconds instead of minutes, as each step is counted. */
function hurried(object: KubernetesObject): KubernetesObject {
  const { kind, metadata, data } = object as KubernetesObject & { data?: Record<string, string> };
  if (kind !== "ConfigMap" || metadata.name !== "loki" || !data) return object;
  const files = Object.entries(data).map(([file, text]) => {
    const config = parse(text) as { storage_config?: { tsdb_shipper?: object }; ingester?: object };
    const shipper = { ...config.storage_config?.tsdb_shipper, resync_interval: "5s" };
    return [file, stringify({ ...config, storage_config: { ...config.storage_config, tsdb_shipper: shipper } })];
  });
  return { ...object, data: Object.fromEntries(files) } as KubernetesObject;
}

describe("Loki as pods: from one mode to another and back, and each of its pods evicted", function () {
  this.timeout(20 * 60_000);
  const generated = new KeptValues({});
  let proxy: ApiProxy;
  let traffic: CountedTraffic;

  before(async () => {
    proxy = await ApiProxy.start();
    await makeNamespace(namespace);
    await update(`loki.mode=${single}`);
    const gateway = proxy.url(namespace, "services/loki-gateway:80");
    traffic = new CountedTraffic(countedLines({ writers: () => [gateway], readers: () => [gateway] }));
    await more();
  });

  after(async () => {
    await traffic?.stop().catch(() => undefined);
    proxy?.stop();
    await leaveNamespace(namespace);
  });

  async function update(...config: string[]): Promise<void> {
    const resources = await renderPart({
      ...{ namespace, stack: "staging", generated, config: [...always, ...config] },
      components: ["loki", "object-storage", "secrets"],
      edit: (object) => lowerRequests(hurried(prompt(object)), [], "25m"),
    });
    await applyHere(namespace, resources);
  }

  async function more(rounds = 10): Promise<void> {
    const enough = traffic.sent.acknowledged + rounds;
    await until("more lines are acknowledged", 400, async () => traffic.sent.acknowledged >= enough || undefined);
  }

  async function nothingMissing(): Promise<void> {
    for (let i = 0; i < 3; i++)
      await until("every acknowledged line is found", 400, async () => {
        const missing = await traffic.missing();
        if (missing > 0) throw new Error(`${missing} are missing`);
        return true;
      });
  }

  async function goes(from: string, to: string): Promise<void> {
    for (const [i, step] of way(from, to).entries()) {
      await update(...step);
      await more();
      await nothingMissing();
      note(`Loki as pods, ${from} → ${to}, update ${i + 1}: ${traffic.summary}`);
    }
    assert.ok(traffic.sent.longest < 60, traffic.summary);
  }

  /** Names of the pods of a workload; default: of all that are Loki's, the caches' and the gateway's too. */
  async function podsOf(workload = "loki"): Promise<string[]> {
    const { kubectl } = await testCluster();
    const { items } = await kubectl.json<{ items: KubernetesObject[] }>([
      ...["get", "pods", "-n", namespace, "-l", "app.kubernetes.io/name=loki"],
    ]);
    return items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith(workload));
  }

  it(`goes from ${single} to ${apart}`, () => goes(single, apart));

  it("has chunks and results of queries in memcached, which readers find by its DNS records", async () => {
    for (const pod of await podsOf("loki-ingester"))
      await proxy.request(namespace, `pods/${pod}:3100`, "/flush", { method: "POST" });
    // Results are kept of what is older than `max_cache_freshness_per_query`.
    const minutes = (ago: number) => `${Math.floor(Date.now() / 60_000 - ago) * 60}`;
    for (const [workload, cache, start, end] of [
      ["loki-querier", "chunksmemcache", 20, 0],
      ["loki-query-frontend", "frontend.memcache", 90, 30],
    ] as const)
      await until(`${workload} finds something in memcached`, 240, async () => {
        const query = "sum(count_over_time({job=~`.+`}[1m]))";
        const range = new URLSearchParams({ query, start: minutes(start), end: minutes(end), step: "60" });
        await proxy.request(namespace, "services/loki-gateway:80", `/loki/api/v1/query_range?${range}`);
        for (const pod of await podsOf(workload)) {
          const metrics = await proxy.request(namespace, `pods/${pod}:3100`, "/metrics");
          if (new RegExp(`^loki_cache_hits\\{name="${cache}.*\\} [1-9]`, "m").test(await metrics.text())) return true;
        }
        return undefined;
      });
  });

  it("loses nothing, and refuses nothing for long, while every pod is evicted as a drain does it", async () => {
    const { refused } = traffic.sent;
    const evicted = await podsOf();
    await evict(namespace, evicted);
    await update(`loki.mode=${apart}`); // all are ready again
    await more();
    await nothingMissing();
    note(
      `Loki as pods, ${apart}, ${evicted.length} pods evicted, ${traffic.sent.refused - refused} requests refused: ${traffic.summary}`,
    );
    assert.ok(traffic.sent.longest < 60, traffic.summary);
  });

  it(`goes back from ${apart} to ${single}`, () => goes(apart, single));

  it("has every acknowledged line, counted when none is written any more", async () => {
    await traffic.stop();
    await nothingMissing();
    note(`Loki as pods, all: ${traffic.summary}`);
  });
});
