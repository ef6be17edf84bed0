import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { AwsClient } from "aws4fetch";
import { RemoteWriteRequests } from "../commands/backfill/remote-write";
import { run } from "../commands/backup/cli";
import { lendMc, samplesScript } from "../components/backup/samples-script";
import { beginScript, copyScript, endScript } from "../components/backup/script";
import { storageOf } from "../components/object-storage/applications";
import { dataDirectory, victoriaMetricsArguments } from "../components/victoria-metrics/arguments";
import { freePort } from "../lab/cluster/server";
import { hostTool } from "../lab/cluster/tools";
import { startObjectStore, type ObjectStore } from "../lab/sizing/object-store";
import { Workspace } from "../lab/sizing/workspace";
import { until } from "../lab/until";
import { settingsSchema } from "../settings/schema";
import { testStack } from "../test/stacks/stacks";
import { runScripts } from "./support/scripts";

// Three weeks of samples in a real VictoriaMetrics, backups to a real MinIO, killed and run again; VictoriaMetrics is destroyed; and every sample is there
// again in another one, staleness markers included.

const root = resolve(__dirname, "..");
const day = 86_400;
const now = Math.floor(Date.now() / 1000);
const begin = now - 21 * day;
const retention = "30d";

describe("backup and restore, with real VictoriaMetrics and MinIO", function () {
  this.timeout(600_000);
  const workspace = new Workspace();
  const settings = settingsSchema.parse({ victoriaMetrics: { retention, minFreeSpace: "1Mi" } });
  let [url, mc, home] = ["", "", 0];
  let store: ObjectStore;

  before(async () => {
    mc = await hostTool("mc");
    store = await startObjectStore(workspace, ["loki-data", "backup"]);
    await settle();
    // From the first instant to the last one: in four weeks, whatever day it is.
    await write("reading", begin, 21 * 96 + 1, 900);
    await vanish();
  });
  after(() => workspace.end());

  /** A VictoriaMetrics on an empty volume, with its pod's flags but for its address. */
  async function settle(...more: string[]): Promise<void> {
    const name = `victoria-metrics-${++home}`;
    const folder = workspace.folderOf(name);
    url = `http://127.0.0.1:${await freePort()}`;
    writeFileSync(join(folder, "key"), "key");
    const flag = (text: string) => text.replace(/=.*/, "");
    const others = [`-httpListenAddr=${new URL(url).host}`, ...more];
    const flags = victoriaMetricsArguments({ settings: settings.victoriaMetrics, keyFile: join(folder, "key") });
    const own = flags.filter((each) => !others.some((other) => flag(other) === flag(each)));
    await workspace.start({
      ...{ name, path: await hostTool("victoria-metrics"), ready: `${url}/health` },
      args: [...own, ...others].map((each) => each.replace(dataDirectory, join(folder, "data"))),
    });
  }

  /** Writes samples of 20 series, and waits until they can be asked for. */
  async function write(metric: string, from: number, count: number, step: number): Promise<void> {
    const lines = Array.from({ length: 20 }, (_, sensor) => {
      const timestamps = Array.from({ length: count }, (_, i) => (from + i * step) * 1000 + sensor);
      // VictoriaMetrics keeps decimals, of a longer one not always the same last digit.
      const values = timestamps.map((_, i) => Math.round(Math.sin(i * sensor) * 1e9) / 1000);
      return JSON.stringify({ metric: { __name__: metric, sensor: `${sensor}` }, values, timestamps });
    });
    await post("/api/v1/import", lines.join("\n"));
    await until(`samples of ${metric} are there`, 120, async () => {
      const found = [...(await everySample())].filter((line) => line.includes(`"${metric}"`));
      return found.length === 20 * count || undefined;
    });
  }

  /** A series that ended a week ago, as a target that was removed. */
  const gone = now - 7 * day;
  async function vanish(): Promise<void> {
    const [sent, requests] = [[] as Buffer[], new RemoteWriteRequests((request) => sent.push(request))];
    requests.series([[Buffer.from("__name__"), Buffer.from("vanished")]]);
    for (let i = 10; i > 0; i--) requests.sample((gone - i * 15) * 1000, 0x3ff00000, 0);
    requests.sample(gone * 1000, 0x7ff00000, 2);
    requests.flush();
    const headers = { "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy" };
    for (const request of sent) await post("/api/v1/write", new Uint8Array(request), headers);
    await until("the series that vanished is there", 120, async () => (await ended()) || undefined);
  }

  /** Whether that series is there up to its end, and no longer. */
  async function ended(): Promise<boolean> {
    const found = [gone - 1, gone + 1].map(async (time) => {
      const query = new URLSearchParams({ query: "vanished", time: `${time}`, nocache: "1" });
      const answer = await fetch(`${url}/api/v1/query?${query}`);
      return ((await answer.json()) as { data: { result: unknown[] } }).data.result.length;
    });
    return (await Promise.all(found)).join() === "1,0";
  }

  async function post(path: string, body: string | Uint8Array<ArrayBuffer>, headers = {}): Promise<void> {
    const answer = await fetch(`${url}${path}`, { method: "POST", body, headers });
    assert.ok(answer.ok, await answer.text());
  }

  /** All that it has, each sample a line; a staleness marker is null. */
  async function everySample(): Promise<Set<string>> {
    const answer = await fetch(`${url}/api/v1/export?${new URLSearchParams({ match: '{__name__!=""}' })}`);
    const samples = new Set<string>();
    for (const line of (await answer.text()).split("\n").filter(Boolean)) {
      const { metric, values, timestamps } = JSON.parse(line) as {
        metric: Record<string, string>;
        values: (number | null)[];
        timestamps: number[];
      };
      const series = JSON.stringify(Object.entries(metric).sort());
      values.forEach((value, i) => samples.add(`${series} ${timestamps[i]} ${value}`));
    }
    return samples;
  }

  const words = (options: readonly string[]) => [
    ...["--stack=pi", `--config-file=${testStack("pi").configFile}`],
    ...[`--config=victoriaMetrics.retention=${retention}`, `--victoria-metrics=${url}`, `--mc=${mc}`],
    ...["--without=dashboards", "--without=state", "--without=silences", ...options],
  ];
  const environment = () => {
    const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: key } = store.env;
    const host = store.connection.endpoint.replace("://", `://${id}:${key}@`);
    const folders = { MC_CONFIG_DIR: workspace.folderOf("mc"), TMPDIR: workspace.folderOf("tmp") };
    return { ...process.env, ...folders, MC_HOST_loki: host, MC_HOST_target: host };
  };

  /** Runs a command in this process, to its end. */
  async function command(name: "backup" | "restore", options: readonly string[]) {
    const before = process.env;
    process.env = environment();
    let said = "";
    const take = (text: string) => void (said += text);
    try {
      return { code: await run([name, ...words(options)], { out: take, error: take }), said };
    } finally {
      process.env = before;
    }
  }
  const backup = (...options: string[]) => command("backup", [to, "--no-flush", ...options]);
  const to = "--to=s3://backup/home";
  const from = "--from=s3://backup/home";

  async function objects(prefix: string, method = "GET"): Promise<Map<string, string>> {
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = store.env;
    const client = new AwsClient({ accessKeyId, secretAccessKey, region: "us-east-1", service: "s3" });
    const base = `${store.connection.endpoint}/backup`;
    const answer = await client.fetch(method === "GET" ? `${base}?list-type=2&prefix=${prefix}` : `${base}/${prefix}`, {
      method,
    });
    const found = (await answer.text()).matchAll(/<Key>([^<]*)<\/Key><LastModified>([^<]*)</g);
    return new Map([...found].map(([, key, at]) => [key, at]));
  }
  const weeks = () => objects("home/samples/");

  /** Names of the weeks that a run exported. */
  const exported = (said: string) => [...said.matchAll(/week from (\S+): .* samples?,/g)].map(([, start]) => start);

  it("a backup that was killed is none, and run again it goes on", async () => {
    // A client that takes its time before each file.
    const slow = join(workspace.folderOf("slow"), "mc");
    writeFileSync(slow, `#!/bin/sh\n[ "$1" != cp ] || sleep 2\nexec "${mc}" "$@"\n`, { mode: 0o755 });
    const args = ["--require", "tsx/cjs", "commands/backup/cli.ts", "backup", to, "--no-flush"];
    const child = spawn(process.execPath, [...args, ...words([`--mc=${slow}`])], {
      ...{ cwd: root, env: environment(), detached: true },
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (text += String(part)));
    const closed = once(child, "close");
    await until(
      "two weeks are copied",
      120,
      async () => {
        assert.equal(child.exitCode, null, text);
        return (await objects("home/samples.json")).size > 0 && (await weeks()).size >= 2 ? true : undefined;
      },
      20,
    );
    process.kill(-child.pid!, "SIGKILL");
    await closed;
    const refused = await command("restore", [from, "--into-existing"]);
    assert.equal(refused.code, 2, refused.said);
    assert.match(refused.said, /has no backup: one was started at .* but not finished/);

    const { code, said } = await backup();
    assert.equal(code, 0, said);
    const all = [...(await weeks()).keys()];
    assert.ok(all.length === 4 && exported(said).length < 4, said);
    assert.match(said, /samples: 40,350 samples of 4 weeks/);
  });

  it("the next one copies only the weeks that have got samples since, old ones too", async () => {
    const before = await weeks();
    const nothing = await backup();
    assert.deepEqual(exported(nothing.said), []);
    await write("late", begin + 8 * day, 1, 60);
    await write("new", now - 1, 1, 60);
    const { code, said } = await backup();
    assert.equal(code, 0, said);
    const changed = [...(await weeks())].filter(([name, at]) => before.get(name) !== at).map(([name]) => name);
    assert.deepEqual(
      changed,
      exported(said).map((start) => `home/samples/${start}.native`),
    );
    assert.equal(changed.length, 2, said);
  });

  let wanted: Set<string>;

  it("VictoriaMetrics is destroyed, and every sample of before is there again, once, and the series that ended has ended", async () => {
    wanted = await everySample();
    assert.equal(wanted.size, 40_340 + 40 + 11);
    await settle();
    const empty = await backup();
    assert.equal(empty.code, 2, empty.said);
    assert.match(empty.said, /less than half of the backup's samples of \d{4}-\d\d-\d\d \(0 of \d+\), /);

    const { code, said } = await command("restore", [from]);
    assert.equal(code, 0, said);
    assert.deepEqual(await everySample(), wanted);
    assert.ok(await ended());
  });

  it("refuses one that has samples without a word of consent; with it, a second restore changes nothing", async () => {
    const refused = await command("restore", [from]);
    assert.equal(refused.code, 2, refused.said);
    assert.match(refused.said, /VictoriaMetrics has samples of .*\n→ .*--into-existing/);
    const again = await command("restore", [from, "--into-existing"]);
    assert.equal(again.code, 0, again.said);
    assert.deepEqual(await everySample(), wanted);
    const counted = await fetch(
      `${url}/api/v1/query?${new URLSearchParams({ query: `sum(count_over_time(reading[30d]))` })}`,
    );
    const { data } = (await counted.json()) as { data: { result: { value: [number, string] }[] } };
    assert.equal(data.result[0].value[1], "40340");
  });

  it("says so where VictoriaMetrics drops samples, which it says to nobody", async () => {
    await settle("-storage.maxDailySeries=10");
    const { code, said } = await command("restore", [from]);
    assert.equal(code, 1, said);
    assert.match(said, /✗ VictoriaMetrics lacks samples of .*victoriaMetrics\.limits/);
  });

  /** Runs the scripts of the schedule's containers, with a shell and tools of this machine. */
  function schedule(): Promise<{ code: number; said: string }> {
    const target = { stack: "pi", place: "backup/scheduled", endpoint: store.connection.endpoint };
    const pod = { env: [], annotations: {}, volumes: [], volumeMounts: [] };
    const loki = storageOf("loki", { connection: store.connection, bucket: () => "loki-data", pod });
    const scripts = [
      beginScript(target) + lendMc,
      copyScript(target, loki),
      samplesScript(target, { url, retention: 30 * day }),
      endScript(target),
    ];
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = store.env;
    const key = { TARGET_ACCESS_KEY_ID: AWS_ACCESS_KEY_ID, TARGET_SECRET_ACCESS_KEY: AWS_SECRET_ACCESS_KEY };
    const env = {
      ...{
        ...process.env,
        AWS_ACCESS_KEY_ID,
        AWS_SECRET_ACCESS_KEY,
        ...key,
        PATH: `${dirname(mc)}:${process.env.PATH}`,
      },
      ...{ TMPDIR: workspace.folderOf("state"), MC_CONFIG_DIR: workspace.folderOf("mc") },
    };
    return runScripts(scripts, env);
  }
  const there = "--to=s3://backup/scheduled";

  it("the scripts of the schedule make the same backup, copy what is new, and refuse a VictoriaMetrics that has lost its samples", async () => {
    await settle();
    assert.equal((await command("restore", [from])).code, 0);
    const first = await schedule();
    assert.equal(first.code, 0, first.said);
    assert.equal([...first.said.matchAll(/^samples of the week from /gm)].length, 4, first.said);
    const again = await schedule();
    assert.equal(again.code, 0, again.said);
    assert.doesNotMatch(again.said, /samples of the week/);
    // What the one has made, the other continues.
    const same = await command("backup", [there, "--no-flush"]);
    assert.equal(same.code, 0, same.said);
    assert.deepEqual(exported(same.said), [], same.said);
    await write("later", now - 2, 1, 60);
    const next = await schedule();
    assert.equal([...next.said.matchAll(/^samples of the week from /gm)].length, 1, next.said);
    const all = await everySample();

    await settle();
    const lost = await schedule();
    assert.notEqual(lost.code, 0);
    assert.match(lost.said, /less than half of the backup's samples of \d{4}-\d\d-\d\d .*--accept-loss/);
    const { code, said } = await command("restore", ["--from=s3://backup/scheduled"]);
    assert.equal(code, 0, said);
    assert.deepEqual(await everySample(), all);
  });

  it("refuses a backup that lacks a week, before anything is written", async () => {
    await settle();
    await objects([...(await weeks()).keys()][1], "DELETE");
    const { code, said } = await command("restore", [from]);
    assert.equal(code, 2, said);
    assert.match(said, /samples has 3 files of \d+ bytes; samples\.json says 4 of \d+/);
    assert.equal((await everySample()).size, 0);
  });
});
