import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { dataDirectory, victoriaMetricsArguments } from "../components/victoria-metrics/arguments";
import { configFile, configFolder, relabelFile, relabelRules, scriptFolder } from "../components/vmagent/arguments";
import { dataDirectory as queueDirectory, vmagentArguments } from "../components/vmagent/arguments";
import { freePort, startServer, type LocalServer } from "../lab/cluster/server";
import { hostTool } from "../lab/cluster/tools";
import { metricsOf, total } from "../lab/sizing/metrics";
import { until } from "../lab/until";
import { settingsSchema } from "../settings/schema";
import { note } from "./support/note";

// A real vmagent that writes to a real VictoriaMetrics, both with the flags of their pods, killed at once as when a node loses its power. What the
// kernel has not written to the disk by then is beyond this test: it outlives a process, and no power cut.

const loopback = "127.0.0.1";
const interval = 1;

describe("vmagent and VictoriaMetrics, when they are killed at once", function () {
  this.timeout("15m"); // the first time, the programs are built

  const folder = mkdtempSync(join(tmpdir(), "power-cut-"));
  let exporter: Server;
  /** Scrapes that were answered: each sample is the number of its scrape. */
  let scrapes = 0;
  let url: string;
  let vmagentUrl: string;
  let start: Record<"vmagent" | "victoria-metrics", () => Promise<LocalServer>>;
  const running = new Map<string, LocalServer>();

  before(async () => {
    const [own, agent, target] = [await freePort(), await freePort(), await freePort()];
    [url, vmagentUrl] = [own, agent].map((port) => `http://${loopback}:${port}`);
    exporter = createServer((_, response) => {
      response.setHeader("Content-Type", "text/plain; version=0.0.4");
      response.end(`scrapes ${(scrapes += 1)}\n`);
    }).listen(target, loopback);
    const path = (name: string) => join(folder, name);
    const scrape = { job_name: "exporter", static_configs: [{ targets: [`${loopback}:${target}`] }] };
    writeFileSync(path(relabelFile), relabelRules);
    writeFileSync(
      path(configFile),
      stringify({ global: { scrape_interval: `${interval}s` }, scrape_configs: [scrape] }),
    );
    writeFileSync(path("key"), "key-of-the-test");
    for (const name of ["data", "queue"]) mkdirSync(path(name));

    const here = (flags: string[], port: number, from: string, to: string) =>
      flags.map((flag) =>
        flag
          .replace(/^-httpListenAddr=.*/, `-httpListenAddr=${loopback}:${port}`)
          .replace(from, path(to))
          .replace(new RegExp(`${configFolder}|${scriptFolder}`), folder),
      );
    const { victoriaMetrics, metrics } = settingsSchema.parse({});
    const database = victoriaMetricsArguments({ settings: victoriaMetrics, keyFile: path("key") });
    const sender = vmagentArguments({ pushUrl: `${url}/api/v1/write`, storage: metrics.storage });
    const [vmagent, victoria] = [await hostTool("vmagent"), await hostTool("victoria-metrics")];
    start = {
      "victoria-metrics": () =>
        startServer(victoria, [...here(database, own, dataDirectory, "data"), "-search.latencyOffset=0s"], {
          cwd: folder,
          ready: `${url}/health`,
        }),
      vmagent: () =>
        startServer(vmagent, here(sender, agent, queueDirectory, "queue"), {
          cwd: folder,
          ready: `${vmagentUrl}/health`,
        }),
    };
    await begin("victoria-metrics", "vmagent");
  });
  after(async () => {
    await cut("vmagent", "victoria-metrics");
    exporter?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function begin(...names: (keyof typeof start)[]): Promise<void> {
    for (const name of names) running.set(name, await start[name]());
  }

  /** Kills them in the same moment; one that doesn't run is left alone. */
  async function cut(...names: (keyof typeof start)[]): Promise<void> {
    await Promise.all(names.map((name) => running.get(name)?.kill()));
    for (const name of names) running.delete(name);
  }

  /** Waits for further scrapes, and gives the number of the last one. It may not have been taken: who scrapes waits for a second. */
  const scraped = async (more: number) => {
    const count = scrapes + more;
    await until(`scrape ${count}`, 120, async () => (scrapes >= count ? true : undefined), 100);
    return scrapes;
  };

  /** Samples on VictoriaMetrics' volume, and all that it has. */
  async function rows(): Promise<{ volume: number; all: number }> {
    const metrics = await metricsOf(url);
    const of = (type: string) => total(metrics, "vm_rows", { type: `storage/${type}` });
    const volume = of("small") + of("big");
    return { volume, all: volume + of("inmemory") };
  }

  /** Waits until what VictoriaMetrics answers with is on its volume, and gives the numbers of those scrapes: on a busy machine one may have timed out. */
  async function onVolume(): Promise<number[]> {
    const last = await scraped(5);
    const { found, all } = await until(`VictoriaMetrics has scrape ${last} or a later one`, 180, async () => {
      const found = await samples();
      return found.some((each) => each >= last) ? { found, all: (await rows()).all } : undefined;
    });
    const began = scrapes;
    await until("it is on the volume", 180, async () => ((await rows()).volume >= all ? true : undefined), 200);
    note(`power-cut: VictoriaMetrics wrote its samples to the volume within ${scrapes - began + 1} s`);
    return found;
  }

  /** Numbers of the scrapes that VictoriaMetrics has, by time. */
  async function samples(): Promise<number[]> {
    const body = new URLSearchParams({ "match[]": "scrapes", reduce_mem_usage: "1" });
    const lines = await (await fetch(`${url}/api/v1/export`, { method: "POST", body })).text();
    return lines
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { values: number[]; timestamps: number[] })
      .flatMap(({ values, timestamps }) => values.map((value, i) => ({ value, at: timestamps[i] })))
      .sort((a, b) => a.at - b.at)
      .map(({ value }) => value);
  }

  /** Waits until samples are there, and one that came after the restart. Fails if one is there twice. */
  async function hasAll(expected: number[], cutAt: number): Promise<void> {
    let found: number[] = [];
    const missing = () => expected.filter((each) => !found.includes(each));
    await until("every sample, and a new one", 240, async () => {
      found = await samples();
      return missing().length === 0 && found.some((each) => each > cutAt) ? true : undefined;
    }).catch(() => undefined);
    assert.deepEqual(missing(), [], `lost at the cut after scrape ${cutAt}; there are ${found.join(" ")}`);
    assert.ok(found.some((each) => each > cutAt));
    assert.equal(new Set(found).size, found.length, `a sample is there twice: ${found.join(" ")}`);
    const since = range(expected[0], cutAt);
    const lost = since.filter((each) => !found.includes(each));
    note(`power-cut: of ${since.length} scrapes, one a second, ${lost.length} are lost: ${lost.join(" ")}`);
  }

  it("have every sample that was on VictoriaMetrics' volume, once", async () => {
    const kept = await onVolume();
    await cut("vmagent", "victoria-metrics");
    const cutAt = scrapes;
    await begin("victoria-metrics", "vmagent");
    await hasAll(kept, cutAt);
  });

  it("have what waited on vmagent's volume while VictoriaMetrics was away, too", async () => {
    const from = scrapes + 1;
    const kept = (await onVolume()).filter((each) => each >= from);
    await cut("victoria-metrics");
    // Each of its senders holds a block in memory; what comes afterwards waits on the volume.
    await until("samples wait on vmagent's volume", 120, async () => {
      return total(await metricsOf(vmagentUrl), "vmagent_remotewrite_pending_data_bytes") > 0 || undefined;
    });
    const failed = async () => total(await metricsOf(vmagentUrl), "vm_promscrape_scrapes_failed_total");
    const queued = await until("five scrapes in a row are taken", 180, async () => {
      const before = await failed();
      const [first, last] = [await scraped(1), await scraped(5)];
      await scraped(5); // it writes once a second
      return (await failed()) === before ? range(first, last) : undefined;
    });
    await cut("vmagent");
    const cutAt = scrapes;
    await begin("vmagent", "victoria-metrics");
    await hasAll([...kept, ...queued], cutAt);
  });
});

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
