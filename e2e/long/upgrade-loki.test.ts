import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort, startServer, type LocalServer } from "../../lab/cluster/server";
import { hostTool } from "../../lab/cluster/tools";
import { until } from "../../lab/until";
import { settingsSchema } from "../../settings/schema";
import { lokiRing, type LokiRing } from "../support/loki-processes";

const apps = 20;
const pod = "loki-0";

type Version = "loki" | "loki-next";

/** docs/upgrades.md#loki, with its data in place and a sender that never stops: to the next version, back, and forward again. */
describe("An upgrade of Loki, on its volume and bucket", function () {
  this.timeout(10 * 60_000);
  this.bail(true); // each goes on where the one before it ended
  const folder = mkdtempSync(join(tmpdir(), "upgrade-loki-"));
  const { loki: settings } = settingsSchema.parse({ loki: { logAlerts: false } });
  const [user, password, region, bucket] = ["object-store-admin", "a password for tests", "us-east-1", "logs"];
  const begin = Date.now();
  let endpoint = "";
  let minio: LocalServer | undefined;
  let loki: LokiRing | undefined;
  let [sending, sender]: [boolean, Promise<void> | undefined] = [true, undefined];
  /** What Loki took, and how many requests it didn't take. */
  const acknowledged: string[] = [];
  let refused = 0;

  before(async function () {
    this.timeout(60 * 60_000);
    // Building it takes longer than the sender waits.
    await hostTool("loki-next");
    mkdirSync(join(folder, "store", bucket), { recursive: true }); // to MinIO, a folder is a bucket
    endpoint = `http://127.0.0.1:${await freePort()}`;
    minio = await startServer(await hostTool("minio"), ["server", "store", `--address=${new URL(endpoint).host}`], {
      cwd: folder,
      env: { MINIO_ROOT_USER: user, MINIO_ROOT_PASSWORD: password, MINIO_REGION: region, MINIO_UPDATE: "off" },
      ready: `${endpoint}/minio/health/ready`,
    });
    await start("loki");
    sender = send();
  });
  after(async () => {
    sending = false;
    await sender;
    await loki?.kill([pod]);
    await minio?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(program: Version): Promise<void> {
    loki = lokiRing({
      ...{ folder, program, store: { endpoint, region, bucket } },
      env: { AWS_ACCESS_KEY_ID: user, AWS_SECRET_ACCESS_KEY: password },
      alertmanagerUrl: "http://127.0.0.1:1",
    });
    await loki.start([pod], settings);
  }

  /** Sends one line after another, each until Loki takes it. */
  async function send(): Promise<void> {
    for (let i = 0; sending; i++) {
      const line = `line ${i} ${"x".repeat(200)}`;
      const values = [[`${Date.now()}000000`, line, { trace: `${i}` }]];
      const stream = { app: `app-${i % apps}`, job: "sender" };
      const body = JSON.stringify({ streams: [{ stream, values }] });
      const headers = { "Content-Type": "application/json" };
      await until(
        `${line.slice(0, 12)} is taken`,
        120,
        async () => {
          const answer = await fetch(`${loki!.url(pod)}/loki/api/v1/push`, { method: "POST", headers, body }).catch(
            () => undefined,
          );
          if (answer?.status === 204) return true;
          refused++;
          return undefined;
        },
        50,
      );
      acknowledged.push(line);
      await pause(10); // as many lines a second as queries can give back
    }
  }

  /** Every line that Loki has, by their order in time. */
  async function lines(): Promise<string[]> {
    const all: string[] = [];
    for (let app = 0; app < apps; app++) {
      const query = `{app="app-${app}"} | trace != ""`;
      const range = { start: `${begin - 1000}000000`, end: `${Date.now() + 1000}000000`, limit: "5000" };
      const answer = await fetch(
        `${loki!.url(pod)}/loki/api/v1/query_range?${new URLSearchParams({ query, ...range })}`,
      );
      assert.equal(answer.status, 200, await answer.clone().text());
      const { data } = (await answer.json()) as { data: { result: { values: [string, string][] }[] } };
      all.push(...data.result.flatMap(({ values }) => values.map(([, line]) => line)));
    }
    return all;
  }

  async function hasEverything(): Promise<void> {
    const more = acknowledged.length + 200;
    await until("200 more lines are taken", 60, async () => acknowledged.length >= more || undefined);
    const wanted = [...acknowledged].sort();
    await until("Loki has every line once", 120, async () => {
      const found = new Set(wanted);
      const got = (await lines()).filter((line) => found.has(line)).sort();
      assert.deepEqual(got, wanted);
      return true;
    });
  }

  const version = async () =>
    ((await (await fetch(`${loki!.url(pod)}/loki/api/v1/status/buildinfo`)).json()) as { version: string }).version;

  async function change(to: Version, by: "stop" | "kill"): Promise<void> {
    await hasEverything();
    const before = await version();
    await loki![by]([pod]);
    await start(to);
    assert.notEqual(await version(), before);
    await hasEverything();
  }

  it("the next version reads what a pod left that was shut down", () => change("loki-next", "stop"));

  it("the way back: the version of before reads what the next one left", () => change("loki", "stop"));

  it("forward again, with lines that are in the write-ahead log only", () => change("loki-next", "kill"));

  it("and back, with lines that are in the next one's write-ahead log only", () => change("loki", "kill"));

  it("reads all of it from the bucket, without the volume", async () => {
    await loki!.stop();
    rmSync(join(folder, pod, "data"), { recursive: true });
    await start("loki-next");
    await hasEverything();
    assert.ok(refused > 0, "the sender was never refused: nothing was down");
  });
});
