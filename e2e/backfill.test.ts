import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { enoughDays } from "../commands/verify/mimir";
import { dataDirectory, mimirConfig } from "../components/mimir/config";
import { storageOf } from "../components/object-storage/applications";
import { freePort } from "../lab/cluster/server";
import { hostTool } from "../lab/cluster/tools";
import { startObjectStore, type ObjectStore } from "../lab/sizing/object-store";
import { Workspace, type Running } from "../lab/sizing/workspace";
import { until } from "../lab/until";
import { settingsSchema } from "../settings/schema";
import {
  contextOf,
  day,
  days,
  everySample as samplesOf,
  farFrom,
  startBackfill,
  startPrometheus,
  step,
  type History,
  type PrometheusWithHistory,
} from "./support/backfill";

// 30 days of history in a real Prometheus, a real Mimir that gets its newest samples by remote_write, and the command between them: killed,
// with Mimir killed, stopped by Ctrl-C, and at last to the end.

/** When the tests begin, in seconds since 1970. */
let now = 0;

/** Series whose order changes when `cluster` comes among their labels, with none, with a `cluster` that is another, and with UTF-8. */
const history: History = {
  up: { labels: ['instance="a",job="node"', 'instance="b",job="node"'], value: () => 1 },
  requests_total: {
    type: "counter",
    labels: ['job="x"', 'app="q",job="x"', 'job="x",zone="z"', 'cluster="other",job="x"', 'app="q",job="x",zone="ü"'],
    value: (i) => i * 0.37,
  },
  wave: { labels: [""], value: (i) => (i % 7 === 0 ? Math.sin(i) : 1e-300 * i) },
};

/** The first day of the history, counted back from the newest that the command compares: it ended twelve hours ago. */
let firstDay = 0;

describe("backfill, with real Prometheus, Mimir and MinIO", function () {
  this.timeout("20m");
  const settings = settingsSchema.parse({ mimir: { blockUpload: true } });
  const workspace = new Workspace();
  let mimirUrl = "";
  let prometheus: PrometheusWithHistory;
  /** Until when all samples are in the last snapshot; in seconds since 1970. */
  let written = 0;
  let [store, mimir]: [ObjectStore | undefined, Running | undefined] = [undefined, undefined];

  before(async () => {
    await farFrom(12);
    now = Math.floor(Date.now() / 1000);
    firstDay = Math.floor((now - 12 * 3600) / day) - days;
    const begin = firstDay * day + 7.123;
    // The newest sample is two hours old.
    const steps = Math.floor((now - 2 * 3600 - begin) / step);
    const { mimirBlocks, mimirRuler, mimirAlertmanager } = settings.buckets;
    store = await startObjectStore(workspace, [mimirBlocks, mimirRuler, mimirAlertmanager]);
    mimirUrl = `http://127.0.0.1:${await freePort()}`;
    mimir = await mimirWith(store, { blockUpload: false });
    const spans = [
      { names: Object.keys(history), start: begin, count: steps },
      // Samples that came late are in blocks of their own, which overlap with others (out_of_order_time_window).
      { names: ["wave"], start: begin + 3 * day + 150, count: 300 },
    ];
    prometheus = await startPrometheus(workspace, history, spans, { url: `${mimirUrl}/api/v1/push` });
    await until("remote_write has brought samples", 180, async () => {
      return (await everySample(`${mimirUrl}/prometheus`, Date.now() / 1000)).length > 0 || undefined;
    });
  });
  after(() => workspace.end());

  async function mimirWith(
    { connection, env }: ObjectStore,
    { blockUpload = true, buckets = settings.buckets } = {},
  ): Promise<Running> {
    const pod = { env: [], annotations: {}, volumes: [], volumeMounts: [] };
    const config = mimirConfig({
      environment: { namespace: "e2e", dnsDomain: "invalid" },
      settings: { ...settings.mimir, blockUpload },
      storage: storageOf("mimir", { connection, bucket: (use) => buckets[use], pod }),
      alertmanagerUrl: "http://127.0.0.1:1",
      evaluates: false,
      evaluationInterval: "30s",
    });
    const { blocks_storage, compactor, querier, server } = config;
    const listen = { http_listen_address: "127.0.0.1", http_listen_port: Number(new URL(mimirUrl).port) };
    const folder = workspace.folderOf("mimir");
    const data = workspace.folderOf("mimir/data");
    // What takes a quarter of an hour or half a day takes seconds.
    const faster = {
      ...config,
      server: { ...server, ...listen, grpc_listen_address: "127.0.0.1", grpc_listen_port: await freePort() },
      blocks_storage: {
        ...blocks_storage,
        bucket_store: { ...blocks_storage.bucket_store, sync_interval: "2s", ignore_blocks_within: "0s" },
      },
      compactor: {
        ...compactor,
        cleanup_interval: "2s",
        compaction_interval: "5s",
        first_level_compaction_wait_period: "0s",
      },
      querier: { ...querier, query_store_after: "0s" },
    };
    writeFileSync(join(folder, "config.yaml"), stringify(faster).replaceAll(dataDirectory, data));
    return workspace.start({
      ...{ name: "mimir", path: await hostTool("mimir"), args: ["-target=all", "-config.file=config.yaml"] },
      ...{ env, ready: `${mimirUrl}/ready` },
    });
  }

  async function restart(buckets = settings.buckets): Promise<void> {
    await mimir?.kill();
    mimir = await mimirWith(store!, { buckets });
  }

  const command = (blocks: string, settle = 120, ...more: string[]) =>
    startBackfill(
      workspace,
      ...["--config=mimir.retention=90d", `--settle=${settle}`, ...more],
      ...[`--blocks=${blocks}`, `--mimir=${mimirUrl}`, `--prometheus=${prometheus.url}`],
    );

  /** Every sample of the made-up series and of `up`, up to an instant, as text. */
  async function everySample(url: string, at: number, more?: { cluster?: string; before?: number }): Promise<string[]> {
    const found = await samplesOf(url, Object.keys(history), at, more);
    return found.map(([labels, values]) => `${labels} ${JSON.stringify(values)}`).sort();
  }

  async function sameSamples(at: number): Promise<void> {
    const wanted = await everySample(prometheus.url, at, { cluster: "home" });
    const got = await everySample(`${mimirUrl}/prometheus`, at);
    assert.deepEqual(
      got.map((series) => series.length),
      wanted.map((series) => series.length),
    );
    assert.deepEqual(got, wanted);
  }

  const context = () => contextOf({ prometheus: prometheus.url, mimir: `${mimirUrl}/prometheus` }, now);

  it("says which setting is missing while Mimir takes no blocks", async () => {
    const { ended, text } = command(await prometheus.copyOfBlocks());
    assert.equal(await ended, 2, text());
    assert.match(text(), /block upload is disabled\n→ set mimir\.blockUpload to true/);
  });

  it("finds what is missing: of three blocks, the days between them", async () => {
    await restart();
    const copy = await prometheus.copyOfBlocks();
    const names = readdirSync(copy).sort();
    names.slice(2, -1).forEach((name) => rmSync(join(copy, name), { recursive: true }));
    // How blocks lie in the days depends on the date. The late samples of the fourth day are in a block that is gone.
    const { maxTime } = JSON.parse(readFileSync(join(copy, names[1], "meta.json"), "utf8")) as { maxTime: number };
    // A block that ends with a day's last sample has all of that day.
    const whole = Math.min(3, Math.floor((maxTime / 1000 + step) / day) - firstDay);
    const first = command(copy, 1);
    assert.equal(await first.ended, 2, first.text());
    assert.match(first.text(), /can't check blocks before its compactor has run once/);
    await until("the compactor has run, and what is there shows", 240, async () => {
      const { ended, text } = command(copy, 1);
      return ((await ended) === 1 && text().match(/✓/g)?.length === whole) || undefined;
    });
    // A Mimir that has just started shows what it has at once, and not a minute later.
    await restart();
    const { ended, text } = command(copy, 1);
    assert.equal(await ended, 1, text());
    assert.equal(text().match(/✓/g)?.length, whole, text());
    assert.match(text(), /✗ requests_total, up, wave\n/);
    assert.match(text(), new RegExp(`Mimir lacks something on ${days - whole} days`));
  });

  it("brings every sample once, after the command and Mimir were killed and Ctrl-C was pressed, from two machines at once", async () => {
    assert.equal((await enoughDays(context(), 20, "mimir")).ok, false, "Mimir has no 20 days before");
    const copy = await prometheus.copyOfBlocks();
    written = Math.floor(Date.now() / 1000);

    const killed = command(copy);
    await killed.uploaded(5);
    killed.kill("SIGKILL");
    await killed.ended;

    const interrupted = command(copy);
    await interrupted.uploaded(3);
    await restart();
    await interrupted.uploaded(8);
    interrupted.kill("SIGINT");
    assert.equal(await interrupted.ended, 2, interrupted.text());
    assert.match(interrupted.text(), /tried again in/);
    assert.match(interrupted.text(), /stopped\n→ run it again/);

    // From two machines at once: a day has one name and one content, whoever brings it.
    const [finished, other] = [command(copy), command(copy, 120, `--work=${workspace.folderOf("elsewhere")}`)];
    for (const each of [finished, other]) assert.equal(await each.ended, 0, each.text());
    assert.match(other.text(), /Mimir has everything/);
    assert.match(finished.text(), /labels that are added: cluster="home"\nnot added, [^\n]* prometheus_replica\n/);
    assert.ok(Number(/(\d+) were in Mimir/.exec(finished.text())?.[1]) >= 13, finished.text());
    assert.match(finished.text(), /Mimir has everything/);
    assert.equal(finished.text().match(/✓/g)?.length, days, finished.text());
    assert.deepEqual(readdirSync(workspace.folderOf("work")), []);

    await until("Mimir answers with the same samples", 180, async () => (await sameSamples(written), true));
  });

  it("has them once, too, when the compactor has merged the blocks with those of remote_write", async () => {
    // Its newest samples come to the bucket as well: those of `up` that the snapshot had are there twice.
    assert.equal((await fetch(`${mimirUrl}/ingester/flush?wait=true`, { method: "POST" })).status, 204);
    await until("blocks are merged", 300, async () => {
      const metrics = await (await fetch(`${mimirUrl}/metrics`)).text();
      const merged = /cortex_compactor_blocks_marked_for_deletion_total\{reason="compaction"\} (\d+)/.exec(metrics);
      return Number(merged?.[1]) > 0 || undefined;
    });
    await until("Mimir answers with the same samples", 180, async () => (await sameSamples(written), true));
  });

  it("counts for verify's gate, which says so", async () => {
    const { ok, detail, measures } = await enoughDays(context(), 20, "mimir");
    assert.equal(ok, true, detail);
    assert.match(detail, /20 whole days without a gap \(20 with backfilled samples\)/);
    assert.deepEqual(measures, { daysWithoutGap: 20, backfilledDays: 20 });
  });

  it("stays visible when rules come to share the blocks' bucket, where the compactor takes them for no tenant's blocks", async () => {
    const { mimirBlocks } = settings.buckets;
    await restart({ ...settings.buckets, mimirRuler: mimirBlocks, mimirAlertmanager: mimirBlocks });
    const body = "name: group\nrules:\n  - record: one\n    expr: vector(1)\n";
    const headers = { "Content-Type": "application/yaml" };
    const rules = `${mimirUrl}/prometheus/config/v1/rules/namespace`;
    assert.equal((await fetch(rules, { method: "POST", headers, body })).status, 202);
    const metrics = async () => (await fetch(`${mimirUrl}/metrics`)).text();
    const cleaned = async () =>
      Number(/cortex_compactor_block_cleanup_completed_total (\d+)/.exec(await metrics())?.[1]);
    // One may have begun before the rule was there.
    const enough = (await cleaned()) + 2;
    await until("the compactor has cleaned up", 240, async () => (await cleaned()) >= enough || undefined);
    assert.doesNotMatch(await metrics(), /cortex_bucket_\w+\{[^}]*user="ruler"/);
    const folder = join(workspace.folderOf("minio"), "store", mimirBlocks);
    assert.deepEqual(readdirSync(folder).sort(), ["anonymous", "ruler"]);
    assert.deepEqual(readdirSync(join(folder, "ruler")), ["rules"]);
    await until("Mimir answers with the same samples", 180, async () => (await sameSamples(written), true));
  });

  it("goes back: what mimirtool exports is a Prometheus's data", async () => {
    const folder = workspace.folderOf("back");
    const [from, to] = [5, 3].map((ago) => new Date((Math.floor(now / day) - ago) * day * 1000));
    const window = [`--from=${from.toISOString()}`, `--to=${to.toISOString()}`];
    const read = [`--address=${mimirUrl}`, "--id=anonymous", "--remote-read-path=/prometheus/api/v1/read"];
    const all = ['--selector={__name__!=""}', "--tsdb-path=data", "--block-duration=24h"];
    execFileSync(await hostTool("mimirtool"), ["remote-read", "export", ...read, ...window, ...all], {
      cwd: folder,
      stdio: "ignore",
    });
    const address = `127.0.0.1:${await freePort()}`;
    writeFileSync(join(folder, "config.yaml"), "{}");
    await workspace.start({
      ...{ name: "back", path: await hostTool("prometheus"), ready: `http://${address}/-/ready` },
      args: [
        "--config.file=config.yaml",
        "--storage.tsdb.retention.time=60d",
        "--storage.tsdb.path=data",
        `--web.listen-address=${address}`,
      ],
    });
    const at = to.getTime() / 1000;
    const got = await everySample(`http://${address}`, at, { before: 2 });
    assert.equal(got.length, 8);
    assert.deepEqual(got, await everySample(`${mimirUrl}/prometheus`, at, { before: 2 }));
  });
});
