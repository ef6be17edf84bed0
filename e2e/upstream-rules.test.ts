import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { stringify } from "yaml";
import { groupsOfKps, upstreamFullname } from "../components/upstream-rules/values";
import { dataDirectory, mimirConfig } from "../components/mimir/config";
import { freePort } from "../lab/cluster/server";
import { hostTool } from "../lab/cluster/tools";
import { upstreamShaped } from "../lab/sandbox/upstream";
import { startObjectStore } from "../lab/sizing/object-store";
import { Workspace } from "../lab/sizing/workspace";
import { until } from "../lab/until";
import { settingsSchema } from "../settings/schema";
import { upstreamGroups } from "../settings/sections/rules";
import type { Labels, Series } from "./support/metrics";

// Rules in the shape of upstream's, evaluated by a real Mimir's ruler, on samples that a real Prometheus wrote to it.

/** A cluster with as many nodes: what node-exporter, kube-state-metrics and cAdvisor say of it. More CPU is requested than there is. */
const clusterOf = (nodes: number) => (seconds: number) =>
  Array.from({ length: nodes }, (_, n) => {
    const [node, pod] = [`node="n${n}"`, `namespace="shop",pod="p${n}"`];
    return [
      ...[0, 1].map((cpu) => `node_cpu_seconds_total{cpu="${cpu}",mode="idle",${node}} ${seconds * 0.75}`),
      `node_load1{${node}} 3`,
      `kube_node_info{${node}} 1`,
      `kube_node_status_allocatable{${node},resource="cpu"} 2`,
      `kube_pod_info{${pod},${node}} 1`,
      `kube_pod_container_resource_requests{${pod},container="c",resource="cpu"} 3`,
      `container_cpu_usage_seconds_total{${pod},container="c",image="i"} ${seconds * 0.5}`,
    ];
  })
    .flat()
    .join("\n");

describe("Rules in upstream's shape, in a real Mimir's ruler", function () {
  this.timeout(600_000);
  const settings = settingsSchema.parse({});
  const workspace = new Workspace();
  const groups = upstreamShaped({
    ...{
      namespace: "monitoring",
      name: "upstream-rules",
      chart: "kube-prometheus-stack",
      source: "",
      version: "1.0.0",
    },
    ...{ repository: null },
    values: {
      fullnameOverride: upstreamFullname,
      defaultRules: {
        rules: Object.fromEntries(upstreamGroups.map((group) => [group, !(group in groupsOfKps)])),
        additionalRuleGroupLabels: Object.fromEntries(upstreamGroups.map((group) => [group, { cluster: "home" }])),
      },
    },
  }).flatMap(({ spec }) => (spec as { groups: { name: string; rules: object[] }[] }).groups);
  let mimir = "";
  let metrics = clusterOf(1);
  const exporter = createServer((_, response) =>
    response.writeHead(200, { "Content-Type": "text/plain; version=0.0.4" }).end(`${metrics(Date.now() / 1000)}\n`),
  );

  before(async () => {
    exporter.listen(0, "127.0.0.1");
    await once(exporter, "listening");
    mimir = await startMimir();
    await startPrometheus(`127.0.0.1:${(exporter.address() as AddressInfo).port}`);
    for (const group of groups) {
      const body = stringify({ ...group, interval: "2s" });
      const answer = await fetch(`${mimir}/prometheus/config/v1/rules/upstream`, { method: "POST", body });
      assert.equal(answer.status, 202, `${group.name}: ${await answer.text()}`);
    }
  });
  after(async () => {
    exporter.close();
    await workspace.end();
  });

  async function startMimir(): Promise<string> {
    const { mimirBlocks, mimirRuler, mimirAlertmanager } = settings.buckets;
    const store = await startObjectStore(workspace, [mimirBlocks, mimirRuler, mimirAlertmanager]);
    const config = mimirConfig({
      environment: { namespace: "e2e", dnsDomain: "invalid" },
      settings: settings.mimir,
      storage: { connection: store.connection, buckets: settings.buckets },
      alertmanagerUrl: "http://127.0.0.1:1",
      evaluates: true,
      evaluationInterval: "2s",
    });
    const port = await freePort();
    const here = {
      ...config,
      server: {
        ...config.server,
        ...{ http_listen_address: "127.0.0.1", http_listen_port: port },
        ...{ grpc_listen_address: "127.0.0.1", grpc_listen_port: await freePort() },
      },
      ruler: { ...config.ruler, poll_interval: "2s" },
      limits: { ...config.limits, ruler_evaluation_delay_duration: "2s" },
    };
    const folder = workspace.folderOf("mimir");
    writeFileSync(
      join(folder, "config.yaml"),
      stringify(here).replaceAll(dataDirectory, workspace.folderOf("mimir/data")),
    );
    const url = `http://127.0.0.1:${port}`;
    await workspace.start({
      ...{ name: "mimir", path: await hostTool("mimir"), args: ["-target=all", "-config.file=config.yaml"] },
      ...{ env: store.env, ready: `${url}/ready` },
    });
    return url;
  }

  async function startPrometheus(target: string): Promise<void> {
    const scrape = (job_name: string, keep: string, metrics_path = "/metrics") => ({
      ...{ job_name, metrics_path, static_configs: [{ targets: [target] }] },
      // As this program's scrapers have it.
      ...(job_name === "kubelet" && {
        relabel_configs: [{ source_labels: ["__metrics_path__"], target_label: "metrics_path" }],
      }),
      metric_relabel_configs: [{ source_labels: ["__name__"], regex: keep, action: "keep" }],
    });
    const config = {
      global: { scrape_interval: "1s", external_labels: { cluster: "home" } },
      scrape_configs: [
        scrape("node-exporter", "node_.*"),
        scrape("kube-state-metrics", "kube_.*"),
        scrape("kubelet", "container_.*", "/metrics/cadvisor"),
      ],
      remote_write: [{ name: "mimir", url: `${mimir}/api/v1/push` }],
    };
    const address = `127.0.0.1:${await freePort()}`;
    writeFileSync(join(workspace.folderOf("prometheus"), "config.yaml"), stringify(config));
    await workspace.start({
      ...{ name: "prometheus", path: await hostTool("prometheus"), ready: `http://${address}/-/ready` },
      args: ["--config.file=config.yaml", "--storage.tsdb.path=data", `--web.listen-address=${address}`],
    });
  }

  async function query(expr: string): Promise<Series[]> {
    const answer = await fetch(`${mimir}/prometheus/api/v1/query?${new URLSearchParams({ query: expr })}`);
    return ((await answer.json()) as { data: { result: Series[] } }).data.result;
  }

  /** Waits for a series with these labels. */
  const series = (expr: string, labels: Labels) =>
    until(expr, 180, async () => {
      const found = await query(expr);
      const fitting = found.find(({ metric }) => Object.entries(labels).every(([key, value]) => metric[key] === value));
      assert.ok(fitting, JSON.stringify(found));
      return fitting;
    });

  it("records series, also those that are made of recorded ones: earlier in their group, and in another", async () => {
    const labels = { cluster: "home", job: "node-exporter", node: "n0" };
    assert.equal((await series("instance:node_num_cpu:sum", labels)).value?.[1], "2");
    assert.equal((await series("instance:node_load1_per_cpu:ratio", labels)).value?.[1], "1.5");
    const cpu = await series("node_namespace_pod_container:container_cpu_usage_seconds_total:sum_rate5m", {
      ...{ cluster: "home", namespace: "shop", pod: "p0", container: "c", node: "n0" },
    });
    // A rate over five minutes of which there are only seconds.
    assert.ok(Number(cpu.value?.[1]) > 0, `${cpu.value?.[1]} cores`);
  });

  it("evaluates every rule of every group without an error", async () => {
    // One that failed while Mimir came up is evaluated again; one with a mistake fails again.
    await until("every rule is evaluated without an error", 180, async () => {
      const answer = await fetch(`${mimir}/prometheus/api/v1/rules`);
      const { data } = (await answer.json()) as { data: { groups: { rules: { name: string; health: string }[] }[] } };
      const all = data.groups.flatMap(({ rules }) => rules);
      assert.equal(all.length, groups.flatMap(({ rules }) => rules).length);
      assert.deepEqual(
        all.filter(({ health }) => health !== "ok"),
        [],
      );
      return true;
    });
  });

  it("has an alert that joins by `and on ()` only once both sides hold, with the alerts' label cluster", async () => {
    // On one node, as much CPU is requested, and the right side is missing.
    assert.deepEqual(await query('ALERTS{alertname="KubeCPUOvercommit"}'), []);
    metrics = clusterOf(2);
    const alert = await series('ALERTS{alertname="KubeCPUOvercommit"}', { alertstate: "pending" });
    assert.deepEqual([alert.metric.cluster, alert.metric.severity], ["home", "warning"]);
  });
});
