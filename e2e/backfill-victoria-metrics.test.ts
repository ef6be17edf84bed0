import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RemoteWriteRequests } from "../commands/backfill/remote-write";
import { enoughDays } from "../commands/verify/mimir";
import { backfilledSeries } from "../commands/shared/backfilled";
import { dataDirectory, victoriaMetricsArguments } from "../components/victoria-metrics/arguments";
import { freePort } from "../lab/cluster/server";
import { hostTool } from "../lab/cluster/tools";
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
  type Sample,
} from "./support/backfill";

// 30 days of history in a real Prometheus, a real VictoriaMetrics that gets its newest samples by remote_write, and the command between them: killed, with
// VictoriaMetrics killed, stopped by Ctrl-C, and at last to the end.

/** When the tests begin, in seconds since 1970. */
let now = 0;
/** When the history begins: at a midnight, and a few seconds. */
let begin = 0;
/** How many samples each of its series has: until two hours ago. */
let steps = 0;

const bits = new DataView(new ArrayBuffer(8));

/** Series with no `cluster`, with one that is another, with UTF-8; `quantile` has values that are no number, `nothing` only such. */
const history: History = {
  up: { labels: ['instance="a",job="node"', 'instance="b",job="node"'], value: () => 1 },
  requests: {
    labels: ['job="x"', 'app="q",job="x"', 'cluster="other",job="x"', 'app="q",job="x",zone="ü"'],
    value: (i) => i * 0.37,
  },
  wave: { labels: [""], value: (i) => (i % 500 === 0 ? -Infinity : Math.sin(i) * 1e9) },
  quantile: { labels: ['quantile="0.5"'], value: (i) => (i % 3 === 0 ? NaN : i) },
  nothing: { labels: ['quantile="0.9"'], value: () => NaN },
};

/** Metrics that VictoriaMetrics keeps. */
const kept = Object.keys(history).filter((name) => name !== "nothing");

type Raw = Map<string, Sample[]>;

describe("backfill, with real Prometheus and VictoriaMetrics", function () {
  this.timeout(600_000);
  const workspace = new Workspace();
  const settings = settingsSchema.parse({ victoriaMetrics: { retention: "90d", minFreeSpace: "1Mi" } });
  let url = "";
  let prometheus: PrometheusWithHistory;
  let victoriaMetrics: Running;
  /** Samples of this series end with a staleness marker; remote_write doesn't bring them. In seconds since 1970. */
  let stale = 0;
  /** A copy of Prometheus's blocks, and until when all samples are in it. */
  let [copy, written] = ["", 0];
  /** Days of blocks that are brought. */
  let parts = 0;

  before(async () => {
    // The days are counted, and a killed VictoriaMetrics lacks seconds of the day that it is killed on.
    await farFrom(0);
    now = Math.floor(Date.now() / 1000);
    begin = Math.floor(now / day) * day - days * day + 7.123;
    steps = Math.floor((now - 2 * 3600 - begin) / step);
    url = `http://127.0.0.1:${await freePort()}`;
    await start("-dedup.minScrapeInterval=0s");
    const spans = [
      { names: Object.keys(history), start: begin, count: steps },
      // The same once more: Prometheus's blocks may overlap.
      { names: ["wave"], start: begin, count: 1000 },
    ];
    // Of what it scrapes it writes `up`.
    const rules = [{ source_labels: ["__name__"], regex: "up", action: "keep" }];
    prometheus = await startPrometheus(workspace, history, spans, { url: `${url}/api/v1/write`, rules });
    await until("remote_write has brought samples", 180, async () => (await everySample(url)).size > 0 || undefined);
    await vanish();
  });
  after(() => workspace.end());

  /** Starts VictoriaMetrics with its pod's flags, but for some. */
  async function start(...more: string[]): Promise<void> {
    const folder = workspace.folderOf("victoria-metrics");
    writeFileSync(join(folder, "key"), "key");
    const name = (flag: string) => flag.replace(/=.*/, "");
    const others = [`-httpListenAddr=${new URL(url).host}`, "-search.latencyOffset=0s", ...more];
    const flags = victoriaMetricsArguments({ settings: settings.victoriaMetrics, keyFile: join(folder, "key") });
    victoriaMetrics = await workspace.start({
      ...{ name: "victoria-metrics", path: await hostTool("victoria-metrics"), ready: `${url}/health` },
      args: [...flags.filter((flag) => !others.some((other) => name(other) === name(flag))), ...others].map((flag) =>
        flag.replace(dataDirectory, join(folder, "data")),
      ),
    });
  }

  async function restart(...more: string[]): Promise<void> {
    await victoriaMetrics.kill();
    await start(...more);
  }

  /** A series that a target had until a minute ago. */
  async function vanish(): Promise<void> {
    const [sent, requests] = [[] as Buffer[], new RemoteWriteRequests((request) => sent.push(request))];
    requests.series([
      [Buffer.from("__name__"), Buffer.from("vanished")],
      [Buffer.from("job"), Buffer.from("x")],
    ]);
    stale = Math.floor(Date.now() / 1000) - 60;
    for (let i = 5; i > 0; i--) {
      bits.setFloat64(0, i);
      requests.sample((stale - i * 15) * 1000, bits.getUint32(0), bits.getUint32(4));
    }
    requests.sample(stale * 1000, 0x7ff00000, 2);
    requests.flush();
    const headers = { "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy" };
    for (const request of sent) {
      const body = new Uint8Array(request);
      const answer = await fetch(`${prometheus.url}/api/v1/write`, { method: "POST", headers, body });
      assert.equal(answer.status, 204, await answer.text());
    }
  }

  const command = (blocks: string) =>
    startBackfill(
      workspace,
      ...["--config=metrics.backend=victoria-metrics", "--config=victoriaMetrics.retention=90d", "--settle=60"],
      ...[`--blocks=${blocks}`, `--victoria-metrics=${url}`, `--prometheus=${prometheus.url}`],
    );

  /** Every sample of the made-up series and of `up` that is a number, up to an instant, by the series' labels. */
  async function everySample(from: string, at = Date.now() / 1000, cluster?: string): Promise<Raw> {
    const found = await samplesOf(from, kept, at, { cluster });
    return new Map(found.map(([labels, values]) => [labels, values.filter(([, value]) => value !== "NaN")]));
  }

  /** Both have the same samples, at the same times; of a value VictoriaMetrics keeps as many digits as the largest one near it leaves. */
  async function sameSamples(at: number): Promise<number> {
    const [wanted, got] = [await everySample(prometheus.url, at, "home"), await everySample(url, at)];
    assert.deepEqual([...got.keys()].sort(), [...wanted.keys()].sort());
    let samples = 0;
    for (const [labels, own] of wanted) {
      const other = got.get(labels)!;
      assert.deepEqual(
        other.map(([time]) => time),
        own.map(([time]) => time),
        labels,
      );
      const unlike = own.filter(([, value], i) => {
        const theirs = other[i][1];
        return theirs !== value && !(Math.abs(+theirs - +value) <= 1e-12 * Math.abs(+value));
      });
      assert.deepEqual(unlike, [], labels);
      samples += own.length;
    }
    return samples;
  }

  const context = () => contextOf({ prometheus: prometheus.url, "victoria-metrics": url }, now);

  it("refuses a VictoriaMetrics that would keep samples twice", async () => {
    const { ended, text } = command(await prometheus.copyOfBlocks());
    assert.equal(await ended, 2, text());
    assert.match(text(), /keeps duplicate samples [^]*→ victoriaMetrics\.dedupInterval: 1ms/);
  });

  it("stops where VictoriaMetrics drops samples, which it says to nobody", async () => {
    await restart("-storage.maxHourlySeries=3");
    await until("remote_write goes on", 180, async () => (await everySample(url)).size > 0 || undefined);
    const { ended, text } = command(await prometheus.copyOfBlocks());
    assert.equal(await ended, 2, text());
    assert.match(text(), /more series than victoriaMetrics\.limits\.maxHourlySeries; [^]*→ raise it/);
  });

  it("brings every sample once, after the command and VictoriaMetrics were killed and Ctrl-C was pressed", async () => {
    await restart();
    assert.equal((await enoughDays(context(), 20, "victoria-metrics")).ok, false, "it has no 20 days before");
    copy = await prometheus.copyOfBlocks();
    written = Math.floor(Date.now() / 1000);

    const killed = command(copy);
    await killed.uploaded(5);
    killed.kill("SIGKILL");
    await killed.ended;

    const interrupted = command(copy);
    await interrupted.uploaded(3);
    await restart();
    // At once: afterwards it goes on, and would come to its end.
    await until("it is noticed", 120, async () => /restarted meanwhile/.test(interrupted.text()) || undefined, 5);
    interrupted.kill("SIGINT");
    assert.equal(await interrupted.ended, 2, interrupted.text());
    assert.match(interrupted.text(), /stopped\n→ run it again/);

    const finished = command(copy);
    assert.equal(await finished.ended, 0, finished.text());
    assert.match(finished.text(), /labels that are added: cluster="home"\nnot added, [^\n]* prometheus_replica\n/);
    assert.match(finished.text(), /VictoriaMetrics has everything/);
    const [, brought, had] = /(\d+) parts? with .* uploaded, (\d+) were in/.exec(finished.text()) ?? [];
    parts = Number(brought) + Number(had);
    assert.equal(finished.text().match(/✓/g)?.length, days, finished.text());
    assert.deepEqual(readdirSync(workspace.folderOf("work")), []);
    assert.ok((await sameSamples(written)) > steps * 7);
  });

  it("brings nothing that is there", async () => {
    // An answer that it gave before may be given again for ten seconds, without new series.
    await until("VictoriaMetrics shows all names", 180, async () => {
      const answer = await fetch(`${url}/api/v1/export?match[]=${backfilledSeries}&start=0`);
      const lines = (await answer.text()).trim().split("\n");
      // Names are counted, as the command does: once it was killed, it may list a series twice.
      const names = new Set(lines.map((line) => (JSON.parse(line) as { metric: { part: string } }).metric.part));
      if (names.size !== parts) throw new Error(`${names.size} names in ${lines.length} lines, of ${parts}`);
      return true;
    });
    const again = command(copy);
    assert.equal(await again.ended, 0, again.text());
    assert.match(again.text(), new RegExp(`^0 parts with 0 samples uploaded, ${parts} were in VictoriaMetrics$`, "m"));
    assert.ok((await sameSamples(written)) > steps * 7);
  });

  it("ends a series where Prometheus does, which only the bits of a value say", async () => {
    for (const at of [stale - 1, stale + 1]) {
      const query = new URLSearchParams({ query: "vanished", time: `${at}` });
      const found = await Promise.all(
        [prometheus.url, url].map(async (from) => {
          const answer = await fetch(`${from}/api/v1/query?${query}`);
          return ((await answer.json()) as { data: { result: unknown[] } }).data.result.length;
        }),
      );
      assert.deepEqual(found, at < stale ? [1, 1] : [0, 0]);
    }
  });

  it("counts for verify's gate, which says so", async () => {
    const { ok, detail, measures } = await enoughDays(context(), 20, "victoria-metrics");
    assert.equal(ok, true, detail);
    assert.match(detail, /20 whole days without a gap \(20 with backfilled samples\)/);
    assert.deepEqual(measures, { daysWithoutGap: 20, backfilledDays: 20 });
  });
});
