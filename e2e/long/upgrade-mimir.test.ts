import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { dataDirectory, mimirConfig } from "../../components/mimir/config";
import { storageOf } from "../../components/object-storage/applications";
import { freePort } from "../../lab/cluster/server";
import { hostTool } from "../../lab/cluster/tools";
import { startObjectStore, type ObjectStore } from "../../lab/sizing/object-store";
import { Workspace, type Running } from "../../lab/sizing/workspace";
import { until } from "../../lab/until";
import { settingsSchema } from "../../settings/schema";

type Version = "mimir-before" | "mimir";

/** docs/upgrades.md#mimir, with its data in place and a Prometheus that never stops sending: to the next version, back, and forward again. */
describe("An upgrade of Mimir, on its volume and buckets", function () {
  this.timeout(10 * 60_000);
  this.bail(true); // each goes on where the one before it ended
  const settings = settingsSchema.parse({});
  const workspace = new Workspace();
  const rules = "name: group\nrules:\n    - record: one\n      expr: vector(1)\n";
  let store: ObjectStore;
  let mimir: Running | undefined;
  let [mimirUrl, prometheusUrl] = ["", ""];

  before(async function () {
    this.timeout(60 * 60_000);
    // Building it takes longer than a test may.
    await hostTool("mimir-before");
    const { mimirBlocks, mimirRuler, mimirAlertmanager } = settings.buckets;
    store = await startObjectStore(workspace, [mimirBlocks, mimirRuler, mimirAlertmanager]);
    mimirUrl = `http://127.0.0.1:${await freePort()}`;
    await start("mimir-before");
    prometheusUrl = await prometheus();
    const headers = { "Content-Type": "application/yaml" };
    const sent = await fetch(`${mimirUrl}/prometheus/config/v1/rules/own`, { method: "POST", headers, body: rules });
    assert.equal(sent.status, 202);
  });
  after(() => workspace.end());

  async function start(version: Version): Promise<void> {
    const pod = { env: [], annotations: {}, volumes: [], volumeMounts: [] };
    const config = mimirConfig({
      environment: { namespace: "e2e", dnsDomain: "invalid" },
      settings: settings.mimir,
      storage: storageOf("mimir", { connection: store.connection, bucket: (use) => settings.buckets[use], pod }),
      alertmanagerUrl: "http://127.0.0.1:1",
      evaluates: false,
      evaluationInterval: "30s",
    });
    const listen = { http_listen_address: "127.0.0.1", http_listen_port: Number(new URL(mimirUrl).port) };
    const { ring, ...querier } = config.querier;
    const { blocks_storage, compactor } = config;
    const here = {
      ...config,
      // What takes a quarter of an hour or half a day takes seconds.
      blocks_storage: {
        ...blocks_storage,
        bucket_store: { ...blocks_storage.bucket_store, sync_interval: "2s", ignore_blocks_within: "0s" },
      },
      compactor: { ...compactor, cleanup_interval: "2s" },
      // The ring of queriers came with 3.0.
      querier: { ...querier, ...(version === "mimir" && { ring }), query_store_after: "0s" },
      server: { ...config.server, ...listen, grpc_listen_address: "127.0.0.1", grpc_listen_port: await freePort() },
    };
    const folder = workspace.folderOf("mimir");
    writeFileSync(
      join(folder, "config.yaml"),
      stringify(here).replaceAll(dataDirectory, workspace.folderOf("mimir/data")),
    );
    mimir = await workspace.start({
      ...{ name: "mimir", path: await hostTool(version), args: ["-target=all", "-config.file=config.yaml"] },
      ...{ env: store.env, ready: `${mimirUrl}/ready` },
    });
  }

  /** Starts Prometheus, which scrapes itself each second and writes that to Mimir. */
  async function prometheus(): Promise<string> {
    const address = `127.0.0.1:${await freePort()}`;
    const config = {
      global: { scrape_interval: "1s", external_labels: { cluster: "home" } },
      scrape_configs: [{ job_name: "prometheus", static_configs: [{ targets: [address] }] }],
      remote_write: [{ name: "mimir", url: `${mimirUrl}/api/v1/push` }],
    };
    writeFileSync(join(workspace.folderOf("prometheus"), "config.yaml"), stringify(config));
    const args = ["--config.file=config.yaml", "--storage.tsdb.path=data", `--web.listen-address=${address}`];
    const path = await hostTool("prometheus");
    await workspace.start({ name: "prometheus", path, args, ready: `http://${address}/-/ready` });
    return `http://${address}`;
  }

  /** Every sample up to an instant, as text: a line a series. */
  async function samples(url: string, time: number, added: Record<string, string> = {}): Promise<string[]> {
    const query = `{__name__=~"up|scrape_.+|prometheus_tsdb_.+|prometheus_remote_storage_.+"}[1h]`;
    const answer = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query, time: `${time}` })}`);
    assert.equal(answer.status, 200, await answer.clone().text());
    const { data } = (await answer.json()) as {
      data: { result: { metric: Record<string, string>; values: [number, string][] }[] };
    };
    return data.result
      .map(({ metric, values }) =>
        JSON.stringify([Object.entries({ ...added, ...metric }).sort(([a], [b]) => (a < b ? -1 : 1)), values]),
      )
      .sort();
  }

  async function hasEverything(): Promise<void> {
    const begin = Date.now() / 1000;
    await until("Prometheus has scraped five times more", 60, async () => {
      const query = `count_over_time(up[${Math.ceil(Date.now() / 1000 - begin)}s])`;
      const answer = await fetch(`${prometheusUrl}/api/v1/query?${new URLSearchParams({ query })}`);
      const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
      return Number(data.result[0]?.value[1]) >= 5 || undefined;
    });
    await hasEveryUntil(Date.now() / 1000);
  }

  async function hasEveryUntil(time: number): Promise<void> {
    const wanted = await samples(prometheusUrl, time, { cluster: "home" });
    assert.ok(wanted.length > 50, `${wanted.length} series`);
    await until("Mimir has every sample", 120, async () => {
      assert.deepEqual(await samples(`${mimirUrl}/prometheus`, time), wanted);
      return true;
    });
    assert.equal(await (await fetch(`${mimirUrl}/prometheus/config/v1/rules/own/group`)).text(), rules);
  }

  const version = async () => {
    const { data } = (await (await fetch(`${mimirUrl}/prometheus/api/v1/status/buildinfo`)).json()) as {
      data: { version: string };
    };
    return data.version;
  };

  async function change(to: Version, by: "stop" | "kill"): Promise<void> {
    await hasEverything();
    const before = await version();
    await mimir![by]();
    await start(to);
    assert.notEqual(await version(), before);
    await hasEverything();
  }

  /** What is in memory and write-ahead log goes to the bucket. */
  const flush = async () =>
    assert.equal((await fetch(`${mimirUrl}/ingester/flush?wait=true`, { method: "POST" })).status, 204);

  it("the next version reads the blocks and the write-ahead log of a pod that was shut down", async () => {
    await hasEverything();
    await flush();
    await change("mimir", "stop");
  });

  it("the way back: the version of before reads what the next one left", () => change("mimir-before", "stop"));

  it("forward again, after a kill", () => change("mimir", "kill"));

  it("and back after a kill, with blocks of both", async () => {
    await flush();
    await change("mimir-before", "kill");
  });

  it("reads from the bucket what both wrote, without the volume", async () => {
    await hasEverything();
    const flushed = Date.now() / 1000;
    await hasEveryUntil(flushed);
    await flush();
    await mimir!.stop();
    rmSync(join(workspace.folderOf("mimir"), "data"), { recursive: true });
    await start("mimir");
    await hasEveryUntil(flushed);
  });
});
