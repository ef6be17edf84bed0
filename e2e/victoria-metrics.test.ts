import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { loadStack } from "../commands/verify/load";
import { dataDirectory } from "../components/victoria-metrics/arguments";
import { authKey } from "../components/victoria-metrics/pod";
import { freePort, startServer, type LocalServer } from "../lab/cluster/server";
import { hostTool } from "../lab/cluster/tools";
import { until } from "../lab/until";
import { testStack } from "../test/stacks/stacks";

// A real Prometheus that writes to a real VictoriaMetrics, both on the loopback, with the flags and the remote_write that the stack `pi` renders.

const loopback = "127.0.0.1";
const key = "key-of-the-test";

/** Seconds after which both have a sample. In its pod VictoriaMetrics answers for an instant of the last 30 s as of 30 s ago; here it is one. */
const settled = 5;
const soon = "-search.latencyOffset=1s";

interface RemoteWriteValues {
  name: string;
  url: string;
  [key: string]: unknown;
}

describe("VictoriaMetrics, as the stack runs it, beside a real Prometheus", function () {
  this.timeout("20m"); // the first time, the programs are built

  const folder = mkdtempSync(join(tmpdir(), "victoria-metrics-"));
  const servers: LocalServer[] = [];
  let exporter: Server;
  let [victoriaMetrics, prometheus] = ["", ""];
  let flags: string[];
  let startVictoriaMetrics: (more?: string[]) => Promise<LocalServer>;

  before(async () => {
    const loaded = await loadStack(testStack("pi"));
    const objects = loaded.resources.flatMap(({ object }) => (object ? [object] : []));
    const workload = objects.find(
      ({ kind, metadata }) => kind === "StatefulSet" && metadata.name === "victoria-metrics",
    );
    const { spec } = (workload as unknown as { spec: { template: { spec: { containers: { args: string[] }[] } } } })
      .spec.template;
    flags = spec.containers[0].args;
    const release = loaded.resources
      .flatMap(({ release }) => release ?? [])
      .find(({ chart }) => chart === "kube-prometheus-stack");
    const { prometheus: values } = release!.values as {
      prometheus: { prometheusSpec: { remoteWrite: RemoteWriteValues[] } };
    };
    const [remoteWrite] = values.prometheusSpec.remoteWrite;
    const [own, other, targets] = [await freePort(), await freePort(), await freePort()];
    [victoriaMetrics, prometheus] = [own, other].map((port) => `http://${loopback}:${port}`);
    exporter = createServer((_, response) => {
      response.setHeader("Content-Type", "text/plain; version=0.0.4");
      response.end("up_to_now 1\n");
    }).listen(targets, loopback);
    mkdirSync(join(folder, "key"));
    writeFileSync(join(folder, "key", authKey), key);
    writeFileSync(join(folder, "prometheus.yaml"), prometheusYaml(targets, remoteWrite));
    startVictoriaMetrics = async (more = []) =>
      startServer(await hostTool("victoria-metrics"), [...here(own), soon, ...more], {
        cwd: folder,
        ready: `${victoriaMetrics}/health`,
      });
    servers.push(await startVictoriaMetrics());
    servers.push(
      await startServer(
        await hostTool("prometheus"),
        [
          "--config.file=prometheus.yaml",
          "--storage.tsdb.path=prometheus",
          `--web.listen-address=${loopback}:${other}`,
        ],
        { cwd: folder, ready: `${prometheus}/-/ready` },
      ),
    );
  });
  after(async () => {
    // The sender first: without the other it would try for a minute to send its last samples.
    for (const server of servers.reverse()) await server.stop();
    exporter.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The flags of the pod, but for its address and folders. */
  const here = (port: number) =>
    flags.map((flag) =>
      flag
        .replace(/^-httpListenAddr=.*/, `-httpListenAddr=${loopback}:${port}`)
        .replace(dataDirectory, join(folder, "data"))
        .replace("file:///etc/victoria-metrics/", `file://${join(folder, "key")}/`),
    );

  /** The remote_write of the release's values, as the operator writes it into Prometheus's configuration, but for its address. */
  function prometheusYaml(port: number, remoteWrite: RemoteWriteValues): string {
    const scrape = { honor_labels: true, scrape_interval: "1s" };
    return stringify({
      global: { external_labels: { cluster: "pi" } },
      scrape_configs: [{ job_name: "exporter", ...scrape, static_configs: [{ targets: [`${loopback}:${port}`] }] }],
      remote_write: [snakeCase({ ...remoteWrite, url: remoteWrite.url.replace(/^http:\/\/[^/]+/, victoriaMetrics) })],
    });
  }

  const single = async (url: string, expr: string, at = Date.now() / 1000): Promise<number | undefined> => {
    const body = new URLSearchParams({ query: expr, time: `${at}` });
    const answer = await fetch(`${url}/api/v1/query`, { method: "POST", body });
    const { data } = (await answer.json()) as { data?: { result: { value: [number, string] }[] } };
    const value = data?.result[0]?.value[1];
    return value === undefined ? undefined : Number(value);
  };

  it("has the flags that the settings ask for, and no other value is in force", async () => {
    const text = await (await fetch(`${victoriaMetrics}/flags`)).text();
    for (const [, name, value] of flags.map((flag) => /^-([\w.]+)=(.*)$/.exec(flag)!)) {
      if (/Key$|httpListenAddr|storageDataPath/.test(name)) continue;
      // Go says 5m as 5m0s.
      const said = ["", "0s"].some((more) => text.includes(`-${name}="${value}${more}"`));
      assert.ok(said, `${name}=${value} is not in\n${text}`);
    }
    assert.ok(!text.includes(key));
  });

  it("makes and deletes snapshots, and deletes series, only for who has the key", async () => {
    const status = async (path: string) => (await fetch(`${victoriaMetrics}${path}`)).status;
    for (const path of ["/snapshot/create", "/snapshot/delete_all"]) assert.equal(await status(path), 401, path);
    const deletion = await fetch(`${victoriaMetrics}/api/v1/admin/tsdb/delete_series?match[]=none`, { method: "POST" });
    assert.equal(deletion.status, 401);
    const made = (await (await fetch(`${victoriaMetrics}/snapshot/create?authKey=${key}`)).json()) as {
      status: string;
      snapshot: string;
    };
    assert.equal(made.status, "ok");
    assert.equal(await status(`/snapshot/delete?authKey=${key}&snapshot=${made.snapshot}`), 200);
  });

  it("refuses samples for a while when its volume is almost full, and has all of them afterwards", async () => {
    await servers[0].stop();
    servers[0] = await startVictoriaMetrics(["-storage.minFreeDiskSpaceBytes=1000TiB"]);
    const from = Math.floor(Date.now() / 1000);
    const body = "sample_of_the_test 1\n";
    await until("it takes nothing", 120, async () =>
      (await fetch(`${victoriaMetrics}/api/v1/import/prometheus`, { method: "POST", body })).status === 503
        ? true
        : undefined,
    );
    await until("Prometheus sends samples again", 180, async () => {
      const text = await (await fetch(`${prometheus}/metrics`)).text();
      const retried = /^prometheus_remote_storage_samples_retried_total\{.*\} (\S+)$/m.exec(text)?.[1];
      return Number(retried) > 0 ? true : undefined;
    });
    const to = Math.floor(Date.now() / 1000);
    await servers[0].stop();
    servers[0] = await startVictoriaMetrics();
    const counted = (url: string, at: number) =>
      single(url, `count_over_time(up{job="exporter"}[${to - from + 20}s])`, at);
    await until("both have the same samples of that time", 240, async () => {
      if (Date.now() / 1000 < to + settled) return undefined;
      const [a, b] = await Promise.all([counted(prometheus, to), counted(victoriaMetrics, to)]);
      return a !== undefined && a === b ? true : undefined;
    });
  });
});

/** `maxShards` → `max_shards`, in keys of every depth. */
function snakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCase);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      // The one that the operator calls otherwise.
      name === "retryOnRateLimit"
        ? "retry_on_http_429"
        : name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      snakeCase(inner),
    ]),
  );
}
