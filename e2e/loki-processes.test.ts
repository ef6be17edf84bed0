import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { hostTool } from "../lab/cluster/tools";
import { lokiDashboards } from "../components/loki/dashboards";
import { lokiRules } from "../components/loki/rules";
import { leastPrivilege } from "../components/object-storage/policy";
import { settingsSchema, type Settings } from "../settings/schema";
import { LocalCaches } from "./support/memcached";
import { startLoki, type LokiProcesses } from "./support/loki-processes";
import { freePort, startServer, type LocalServer } from "../lab/cluster/server";
import { until } from "../lab/until";
import { everyBaseDashboard } from "../test/components/dashboards/queries";

// Each mode as processes on the loopback, with the configuration of the pods, a real MinIO and Loki's own least-privilege key.

const bucket = "logs";
const region = "eu-home-1";
const root = { MINIO_ROOT_USER: "object-store-admin", MINIO_ROOT_PASSWORD: "a password for tests" };
// Everything that YAML, a shell or the expansion of variables would trip over.
const key = { AWS_ACCESS_KEY_ID: "test-loki", AWS_SECRET_ACCESS_KEY: `a'$b:"{c}\${HOME} #d%e\\f/g+h=` };

// Rules in the bucket; those that the stack brings have a test of their own.
const settings = (raw: object) =>
  settingsSchema.parse({ loki: { patternIngester: true, ...raw, logAlerts: false } }).loki;
const small = { resources: { limits: { memory: "1Gi" } } };
const modes = {
  "single-binary": settings({ mode: "single-binary" }),
  "simple-scalable": settings({
    mode: "simple-scalable",
    replicationFactor: 2,
    write: { replicas: 3, ...small },
    read: { replicas: 1, ...small },
    backend: { replicas: 1, ...small },
  }),
  distributed: settings({
    mode: "distributed",
    replicationFactor: 2,
    caches: { chunks: {}, results: {} },
    distributed: {
      distributor: { replicas: 1 },
      queryFrontend: { replicas: 1 },
      queryScheduler: { replicas: 1 },
      indexGateway: { replicas: 1 },
      querier: { replicas: 1, ...small },
      ingester: { replicas: 3, ...small },
    },
  }),
};

for (const [mode, loki] of Object.entries(modes)) {
  describe(`Loki as ${mode}, as processes with the configuration of its pods`, function () {
    this.timeout(10 * 60_000);

    const folder = mkdtempSync(join(tmpdir(), "loki-processes-"));
    let store: string;
    let minio: LocalServer | undefined;
    let canary: LocalServer | undefined;
    let caches: LocalCaches | undefined;
    let processes: LokiProcesses | undefined;
    const exported: string[] = [];

    const mc = async (...args: string[]) => {
      const env = { HOME: folder, MC_CONFIG_DIR: join(folder, "mc") };
      return (await promisify(execFile)(await hostTool("mc"), args, { cwd: folder, env, timeout: 60_000 })).stdout;
    };

    before(async () => {
      store = `http://127.0.0.1:${await freePort()}`;
      minio = await startServer(
        await hostTool("minio"),
        ["server", "store", `--address=${new URL(store).host}`, "--certs-dir=certs"],
        {
          cwd: folder,
          env: { ...root, MINIO_REGION: region, MINIO_BROWSER: "off", MINIO_UPDATE: "off" },
          ready: `${store}/minio/health/ready`,
        },
      );
      writeFileSync(join(folder, "policy.json"), JSON.stringify(leastPrivilege([bucket])));
      await mc("alias", "set", "s", store, root.MINIO_ROOT_USER, root.MINIO_ROOT_PASSWORD);
      await mc("mb", `s/${bucket}`);
      await mc("admin", "user", "add", "s", key.AWS_ACCESS_KEY_ID, key.AWS_SECRET_ACCESS_KEY);
      await mc("admin", "policy", "create", "s", "loki", "policy.json");
      await mc("admin", "policy", "attach", "s", "loki", "--user", key.AWS_ACCESS_KEY_ID);
      caches = await LocalCaches.of(loki, folder);
      processes = await startLoki({
        folder,
        settings: loki,
        caches: caches.addresses,
        store: { endpoint: store, region, bucket },
        env: key,
        alertmanagerUrl: "http://127.0.0.1:1",
      });
    });

    after(async () => {
      await canary?.stop();
      await processes?.stop();
      await caches?.kill();
      await minio?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    const push = (app: string, time: number, line: string) =>
      fetch(`${processes!.url.write}/loki/api/v1/push`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ streams: [{ stream: { app }, values: [[`${time}000000`, line]] }] }),
      });

    const lines = async (app: string): Promise<string[]> => {
      const query = new URLSearchParams({ query: `{app="${app}"}`, since: "1h" });
      const signal = AbortSignal.timeout(60_000);
      const response = await fetch(`${processes!.url.read}/loki/api/v1/query_range?${query}`, { signal });
      assert.equal(response.status, 200, await response.clone().text());
      const { data } = (await response.json()) as { data: { result: { values: [string, string][] }[] } };
      return data.result.flatMap(({ values }) => values.map(([, line]) => line));
    };

    it("gives back the line that it took", async () => {
      // A distributor learns by gossip which ingesters there are.
      const now = Date.now();
      await until("the line is taken", 120, async () => {
        const response = await push("first", now, "hello");
        assert.equal(response.status, 204, await response.text());
        return true;
      });
      await until("the line is found", 120, async () => ((await lines("first")).includes("hello") ? true : undefined));
    });

    it("writes it to its bucket when it is told to flush, with a key full of special characters", async () => {
      for (const url of processes!.urls) await fetch(`${url}/flush`, { method: "POST" });
      const found = await until(
        "a chunk is in the bucket",
        120,
        async () => (await mc("find", `s/${bucket}/fake`)).trim() || undefined,
      );
      assert.match(found, /fake/);
    });

    it("keeps rules that its API is given in the same bucket", async () => {
      const rule = "name: group\nrules:\n  - alert: Always\n    expr: vector(1) > 0\n";
      const response = await fetch(`${processes!.url.backend}/loki/api/v1/rules/tests`, {
        method: "POST",
        headers: { "Content-Type": "application/yaml" },
        body: rule,
      });
      assert.equal(response.status, 202, await response.text());
      assert.match(await mc("find", `s/${bucket}/rules`), /rules\/fake\//);
    });

    // Of schedulers that are found by their ring, one that comes back quickly never answers the frontends again: grafana/loki#19528.
    if (mode !== "single-binary")
      it("answers again after its query scheduler has crashed", async () => {
        for (const app of ["crashed", "crashed-again"]) {
          await processes!.crash("query-scheduler");
          assert.equal((await push(app, Date.now(), "hello")).status, 204);
          await until("the line is found", 180, async () => (await lines(app)).includes("hello") || undefined);
        }
      });

    it("refuses a line that is too old, and counts it", async () => {
      const response = await push("old", Date.parse("2020-01-01"), "from long ago");
      assert.equal(response.status, 400);
      assert.match(await response.text(), /timestamp too old/);
    });

    it("sends on what comes to who follows it", async () => {
      const query = new URLSearchParams({ query: '{app="followed"}' });
      const headers = {
        ...{ Connection: "Upgrade", Upgrade: "websocket" },
        ...{ "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": Buffer.alloc(16).toString("base64") },
      };
      const tail = get(`${processes!.url.read}/loki/api/v1/tail?${query}`, { headers });
      let said = "";
      // What a server sends by a websocket is neither masked nor, unasked, compressed.
      tail.on("upgrade", (_, socket, head) => {
        said += head.toString();
        socket.on("data", (chunk: Buffer) => (said += chunk.toString()));
      });
      try {
        await until("a line has come", 120, async () => {
          assert.equal((await push("followed", Date.now(), "as it comes")).status, 204);
          return said.includes("as it comes") || undefined;
        });
      } finally {
        tail.destroy();
      }
    });

    // Without the gateway, which the cluster's tests have, one address takes and answers only in a single binary.
    if (mode === "single-binary")
      it("is tailed and asked by its canary, each node's lines in a stream of their own", async () => {
        const [port, address] = [await freePort(), new URL(processes!.url.write).host];
        const metrics = `http://127.0.0.1:${port}/metrics`;
        canary = await startServer(
          await hostTool("loki-canary"),
          [
            `-addr=${address}`,
            `-port=${port}`,
            "-push=true",
            "-labelname=app",
            "-labelvalue=loki-canary",
            "-streamname=canary",
            "-streamvalue=node-1",
          ],
          { cwd: folder, ready: metrics },
        );
        await until("the canary's tail has its lines", 180, async () => {
          const text = await (await fetch(metrics)).text();
          return Number(/^loki_canary_response_latency_seconds_count (\d+)/m.exec(text)?.[1]) > 3 ? true : undefined;
        });
        exported.push(...names(await (await fetch(metrics)).text()));
      });

    if (mode === "distributed")
      describe("with its caches in memcached", () => {
        const [count, minute] = [60, 60_000];
        // Old enough for results to be kept (`max_cache_freshness_per_query`), and whole minutes, so that each query asks for the same.
        const end = Math.floor(Date.now() / minute - 30) * minute;
        const start = end - count * minute;

        /** Sum of a counter of all processes, whatever its labels are beside these. */
        const counted = async (name: string, ...labels: string[]): Promise<number> => {
          const texts = await Promise.all(processes!.urls.map(async (url) => (await fetch(`${url}/metrics`)).text()));
          const found = texts.flatMap((text) => text.split("\n")).filter((line) => line.startsWith(`${name}{`));
          const fitting = found.filter((line) => labels.every((label) => line.includes(label)));
          return fitting.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
        };
        const hits = (cache: string) => counted("loki_cache_hits", `name="${cache}memcache"`);
        const failures = () => counted("loki_memcache_request_duration_seconds_count", 'status_code="500"');

        const ask = async (query: string): Promise<unknown> => {
          const range = {
            start: `${start}000000`,
            end: `${end}000000`,
            step: "60",
            limit: "1000",
            direction: "forward",
          };
          const response = await fetch(
            `${processes!.url.read}/loki/api/v1/query_range?${new URLSearchParams({ query, ...range })}`,
          );
          assert.equal(response.status, 200, await response.clone().text());
          const { data } = (await response.json()) as { data: { result: { values: unknown }[] } };
          return data.result.map(({ values }) => values);
        };
        const all = '{app="cached"}';
        const perMinute = `sum(count_over_time(${all}[1m]))`;
        /** What both queries answer. */
        const answers = async () => ({ lines: await ask(all), rate: await ask(perMinute) });
        let first: Awaited<ReturnType<typeof answers>>;

        const hitBoth = (when: string) =>
          until(`both caches are hit ${when}`, 120, async () => {
            const before = [await hits("chunks"), await hits("frontend.")];
            assert.deepEqual(await answers(), first);
            const after = [await hits("chunks"), await hits("frontend.")];
            assert.ok(
              after.every((hit, i) => hit > before[i]),
              `hits of chunks and results were ${before}, and are ${after}`,
            );
            return true;
          });

        it("answers from them what was asked before", async () => {
          const values = Array.from({ length: count }, (_, i) => [`${start + i * minute}000001`, `line ${i}`]);
          const response = await fetch(`${processes!.url.write}/loki/api/v1/push`, {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ streams: [{ stream: { app: "cached" }, values }] }),
          });
          assert.equal(response.status, 204, await response.text());
          for (const url of processes!.urls) await fetch(`${url}/flush`, { method: "POST" });
          await until("chunks are in the cache", 60, async () =>
            (await counted("loki_memcache_request_duration_seconds_count", "Memcache.Put", 'status_code="200"')) > 0
              ? true
              : undefined,
          );
          first = await answers();
          assert.deepEqual(first.lines, [values]);
          await hitBoth("when it is asked again");
        });

        it("answers the same, and takes lines, while they are away", async () => {
          await caches!.kill();
          const before = await failures();
          for (let i = 0; i < 3; i++) assert.deepEqual(await answers(), first);
          assert.ok((await failures()) > before, "no request to a cache failed");
          assert.equal((await push("uncached", Date.now(), "no cache")).status, 204);
          for (const url of processes!.urls) await fetch(`${url}/flush`, { method: "POST" });
          await until("the line is in the bucket, and found", 60, async () =>
            (await lines("uncached")).includes("no cache") ? true : undefined,
          );
        });

        it("answers the same while one takes requests and says nothing", async () => {
          const silent = Object.values(caches!.addresses).map((address) => {
            const { port } = new URL(`tcp://${address}`);
            const sockets = new Set<Socket>();
            const server = createServer((socket) => sockets.add(socket)).listen(Number(port), "127.0.0.1");
            return () => {
              for (const socket of sockets) socket.destroy();
              return new Promise((resolve) => server.close(resolve));
            };
          });
          try {
            assert.deepEqual(await answers(), first);
          } finally {
            await Promise.all(silent.map((end) => end()));
          }
        });

        it("answers from them again when they are back", async () => {
          await caches!.start();
          await hitBoth("when they are back");
        });
      });

    it("exports the metrics that alerts and dashboards are made of", async () => {
      const canarys = (name: string) => name.startsWith("loki_canary_");
      const wanted = used(loki).filter((name) => !canarys(name) || mode === "single-binary");
      // Some are there only once what they count has been done.
      await until("every metric is exported", 120, async () => {
        for (const url of processes!.urls) exported.push(...names(await (await fetch(`${url}/metrics`)).text()));
        assert.deepEqual(
          wanted.filter((name) => !exported.includes(name)),
          [],
        );
        return true;
      });
    });
  });
}

/** Names of the series in what a target exports. */
const names = (text: string) => text.split("\n").flatMap((line) => /^(loki_\w+)[ {]/.exec(line)?.[1] ?? []);

/** Names of Loki's own series in alerts and dashboards; `loki_write_…` and others are the collector's, and `loki_prometheus_…` begin with the first rule. */
function used({ caches }: Settings["loki"]): string[] {
  const environment = { namespace: "monitoring" };
  const groups = lokiRules({
    environment,
    settings: { mode: "single-binary", compactionInterval: "10m", logAlerts: false, caches },
  });
  const rules = groups.flatMap((group) => group.rules);
  const dashboards = [
    ...lokiDashboards({ environment, settings: { mode: "single-binary", structuredMetadata: true, caches } }),
    ...everyBaseDashboard(),
  ];
  const panels = dashboards.flatMap((dashboard) => dashboard.panels ?? []);
  const expressions = JSON.stringify([
    rules.map(({ expr }) => expr),
    panels.map((panel) => "targets" in panel && panel.targets),
  ]);
  const all = [...expressions.matchAll(/\b(loki_\w+)\{/g)].map(([, name]) => name);
  return [...new Set(all)].filter((name) => !/^loki_(write|source|process|prometheus)_/.test(name)).sort();
}
