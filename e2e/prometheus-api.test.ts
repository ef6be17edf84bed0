import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { dataDirectory, mimirConfig } from "../components/mimir/config";
import { victoriaMetricsArguments } from "../components/victoria-metrics/arguments";
import { prometheusApiConfig, type Backend } from "../components/prometheus-api/config";
import { debianProgram } from "../lab/cluster/debian";
import { freePort } from "../lab/cluster/server";
import { hostTool } from "../lab/cluster/tools";
import { startObjectStore } from "../lab/sizing/object-store";
import { Workspace, type Running } from "../lab/sizing/workspace";
import { until } from "../lab/until";
import { settingsSchema } from "../settings/schema";
import { answerTo, asked, assertSameAnswer, get, type Question } from "./support/asked";

// Real nginx before a real Prometheus, a real Mimir and a real VictoriaMetrics, asked as the programs ask that people have.

/** Those to which Prometheus writes. */
const written = ["mimir", "victoria-metrics"] as const;
const programs = ["prometheus", ...written] as const;

/** Answered as well, but not the same from moment to moment. */
const answered = ["metadata", "status/buildinfo", "alerts"];

const refused: readonly [method: string, path: string][] = [
  ["POST", "/api/v1/write"],
  ["POST", "/api/v1/read"],
  ["POST", "/api/v1/admin/tsdb/snapshot"],
  ["POST", "/api/v1/%61dmin/tsdb/snapshot"],
  ["POST", "/api/v1/query/../admin/tsdb/snapshot"],
  ["POST", "/api/v1/rules"],
  ["DELETE", "/api/v1/series?match[]=up"],
  ["PUT", "/api/v1/query"],
  ["GET", "/api/v1/status/config"], // OpenCost asks this for the interval, and goes on without
  ["POST", "/-/reload"],
];

type Program = Backend["program"];

describe("The address with Prometheus' API, of real nginx, Prometheus, Mimir and VictoriaMetrics", function () {
  this.timeout(600_000);
  const settings = settingsSchema.parse({});
  const workspace = new Workspace();
  const proxies: Running[] = [];
  const addresses: Record<Program, string> = { prometheus: "", mimir: "", "victoria-metrics": "" };
  const backends: Record<Program, string> = { ...addresses };
  const metrics = (url: string, question: Question) => answerTo(question, (path, init) => fetch(url + path, init));

  before(async () => {
    backends.mimir = `${await mimir()}/prometheus`;
    backends["victoria-metrics"] = await victoriaMetrics();
    const push = [
      backends.mimir.replace("/prometheus", "/api/v1/push"),
      `${backends["victoria-metrics"]}/api/v1/write`,
    ];
    backends.prometheus = await prometheus(push);
    for (const program of programs) addresses[program] = await nginx(program);
    for (const program of written)
      await until(`${program} has half a minute of samples`, 240, async () => {
        const at = Math.floor(Date.now() / 1000) - 35;
        const data = await metrics(backends[program], get("query", { query: "up", time: `${at}` }));
        return (data as { result: unknown[] }).result.length > 0 || undefined;
      });
  });
  after(async () => {
    // One that is killed leaves its workers.
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await workspace.end();
  });

  async function mimir(): Promise<string> {
    const { mimirBlocks, mimirRuler, mimirAlertmanager } = settings.buckets;
    const store = await startObjectStore(workspace, [mimirBlocks, mimirRuler, mimirAlertmanager]);
    const [port, grpc] = [await freePort(), await freePort()];
    const config = mimirConfig({
      environment: { namespace: "e2e", dnsDomain: "invalid" },
      settings: settings.mimir,
      storage: { connection: store.connection, buckets: settings.buckets },
      alertmanagerUrl: "http://127.0.0.1:1",
      evaluates: true,
      evaluationInterval: "30s",
    });
    const here = { http_listen_address: "127.0.0.1", http_listen_port: port };
    const server = { ...config.server, ...here, grpc_listen_address: "127.0.0.1", grpc_listen_port: grpc };
    const text = stringify({ ...config, server }).replaceAll(dataDirectory, workspace.folderOf("mimir/data"));
    writeFileSync(join(workspace.folderOf("mimir"), "config.yaml"), text);
    const url = `http://127.0.0.1:${port}`;
    const args = ["-target=all", "-config.file=config.yaml"];
    await workspace.start({
      name: "mimir",
      path: await hostTool("mimir"),
      args,
      env: store.env,
      ready: `${url}/ready`,
    });
    return url;
  }

  async function victoriaMetrics(): Promise<string> {
    const address = `127.0.0.1:${await freePort()}`;
    const keys = workspace.folderOf("victoria-metrics");
    writeFileSync(join(keys, "key"), "for-tests");
    const flags = victoriaMetricsArguments({ settings: settings.victoriaMetrics, keyFile: join(keys, "key") });
    const here = flags.map((flag) =>
      flag.replace(/^(-httpListenAddr=).*/, `$1${address}`).replace(/^(-storageDataPath=).*/, "$1data"),
    );
    await workspace.start({
      name: "victoria-metrics",
      path: await hostTool("victoria-metrics"),
      args: here,
      ready: `http://${address}/health`,
    });
    return `http://${address}`;
  }

  async function prometheus(pushUrls: readonly string[]): Promise<string> {
    const address = `127.0.0.1:${await freePort()}`;
    const config = {
      global: { scrape_interval: "1s" },
      scrape_configs: [{ job_name: "prometheus", static_configs: [{ targets: [address] }] }],
      remote_write: pushUrls.map((url) => ({ url })),
    };
    writeFileSync(join(workspace.folderOf("prometheus"), "config.yaml"), stringify(config));
    await workspace.start({
      name: "prometheus",
      path: await hostTool("prometheus"),
      args: [
        "--config.file=config.yaml",
        `--web.listen-address=${address}`,
        "--web.enable-admin-api",
        "--web.enable-lifecycle",
      ],
      ready: `http://${address}/-/ready`,
    });
    return `http://${address}`;
  }

  /** nginx with the pod's configuration, but for its folder, its port and the name of the backend. */
  async function nginx(program: Program): Promise<string> {
    const [port, name] = [await freePort(), `nginx-${program}`];
    const folder = workspace.folderOf(name);
    const { port: backend } = new URL(backends[program]);
    const text = prometheusApiConfig({ program, url: backends[program] })
      .replace(`127.0.0.1.:${backend}`, `127.0.0.1:${backend}`)
      .replace("listen 8080;", `listen 127.0.0.1:${port};`)
      .replaceAll("/tmp/", `${folder}/`);
    writeFileSync(join(folder, "nginx.conf"), text);
    const args = ["-c", join(folder, "nginx.conf"), "-p", folder, "-g", "daemon off;"];
    const url = `http://127.0.0.1:${port}`;
    const path = await debianProgram("nginx", "usr/sbin/nginx");
    proxies.push(await workspace.start({ name, path, args, ready: url }));
    return url;
  }

  for (const program of programs) {
    for (const [who, questions] of Object.entries(asked)) {
      it(`answers ${who} as ${program} itself does`, async () => {
        const at = Math.floor(Date.now() / 1000) - 15;
        for (const question of questions(at, "prometheus"))
          // Samples of that moment may still be on their way to who is asked, between the two questions.
          await until(`both answer ${question.path}`, 60, async () => {
            const [answer, expected] = await Promise.all([
              metrics(addresses[program], question),
              metrics(backends[program], question),
            ]);
            assertSameAnswer(question, answer, expected);
            return true;
          });
      });
    }

    it(`answers what changes all the time, and the probes, from ${program}`, async () => {
      for (const path of answered) await metrics(addresses[program], get(path));
      for (const path of ["/-/healthy", "/-/ready", "/"])
        assert.equal((await fetch(addresses[program] + path)).status, 200);
    });

    it(`lets nobody write to ${program}, whichever way the path is written`, async () => {
      for (const [method, path] of refused) {
        const answer = await fetch(addresses[program] + path, { method });
        const body = await answer.text();
        assert.equal(answer.status, 403, `${method} ${path}: ${body}`);
        assert.equal((JSON.parse(body) as { errorType: string }).errorType, "forbidden");
      }
    });
  }

  it("answers a scrape of /federate with the series of Prometheus and of VictoriaMetrics, and says that Mimir has none", async () => {
    const federate = (program: Program, method = "GET") =>
      fetch(`${addresses[program]}/federate?${new URLSearchParams({ "match[]": "up" })}`, { method });
    for (const program of ["prometheus", "victoria-metrics"] as const) {
      const text = await (await federate(program)).text();
      assert.equal((await federate(program, "POST")).status, 403);
      assert.match(text, /^up\{[^}]*job="prometheus"[^}]*\} 1 \d{13}$/m, `${program}: ${text}`);
    }
    const none = await federate("mimir");
    assert.equal(none.status, 404);
    assert.match(((await none.json()) as { error: string }).error, /Mimir has no \/federate/);
  });

  it("says that Mimir and VictoriaMetrics have no targets, in the form of Prometheus' errors", async () => {
    for (const program of written) {
      const answer = await fetch(`${addresses[program]}/api/v1/targets`);
      assert.equal(answer.status, 404);
      assert.match(((await answer.json()) as { error: string }).error, /(Mimir|VictoriaMetrics) has no/);
    }
    await metrics(addresses.prometheus, get("targets"));
  });
});
