import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { stringify } from "yaml";
import { metricsPipeline } from "../components/alloy/metrics-config";
import { write } from "../components/alloy/syntax";
import { freePort } from "../lab/cluster/server";
import { hostTool } from "../lab/cluster/tools";
import { Workspace } from "../lab/sizing/workspace";
import { until } from "../lab/until";
import { settingsSchema } from "../settings/schema";
import { everyField } from "../test/components/alloy/scrape-configs";

// A ScrapeConfig of somebody, scraped by a real Prometheus with the configuration that the operator writes of it, and by a real Alloy.

const token = "s3cret";

describe("ScrapeConfigs of others, scraped by Prometheus and by Alloy", function () {
  this.timeout(600_000);
  const workspace = new Workspace();
  let server: Server;
  let address = "";
  /** Paths that were scraped without the token. */
  const strangers: string[] = [];

  before(async () => {
    server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://localhost");
      if (pathname === "/targets") {
        const targets = [{ targets: [address], labels: { __meta_rack: "7", found: "http", job: "own" } }];
        response.setHeader("Content-Type", "application/json").end(JSON.stringify(targets));
        return;
      }
      if (request.headers.authorization !== `Bearer ${token}`) strangers.push(pathname);
      response.setHeader("Content-Type", "text/plain; version=0.0.4");
      response.end(
        `# TYPE load gauge\nload{query="${new URL(request.url ?? "", "http://a").search}"} 1\ngo_threads 1\n`,
      );
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    await workspace.end();
    server.closeAllConnections();
    server.close();
  });

  /** The ScrapeConfigs: one with a name for its job, and one with none. */
  const configs = () => {
    const found = {
      httpSDConfigs: [{ url: `http://${address}/targets`, refreshInterval: "5s" }],
      fileSDConfigs: [{ files: ["/etc/prometheus/configmaps/nas/targets.yaml"], refreshInterval: "5s" }],
    };
    const spec = {
      staticConfigs: [{ targets: [address], labels: { found: "static" } }],
      metricsPath: "/probe",
      params: { module: ["a$b"] },
      scrapeInterval: "1s",
      authorization: { credentials: { name: "nas", key: "token" } },
      relabelings: [
        { sourceLabels: ["__tmp_prometheus_job_name"], targetLabel: "from" },
        { sourceLabels: ["__meta_rack"], targetLabel: "rack" },
        { action: "HashMod", sourceLabels: ["found"], modulus: 8, targetLabel: "shard" },
        { sourceLabels: ["__param_module", "__metrics_path__"], targetLabel: "asked" },
      ],
      metricRelabelings: [{ action: "Drop", sourceLabels: ["__name__"], regex: "go_.*" }],
    };
    const all = [
      { name: "monitoring/nas", spec: { ...spec, ...found, jobName: "storage" } },
      { name: "monitoring/plain", spec: { ...spec, staticConfigs: [{ targets: [address] }], params: undefined } },
    ];
    return settingsSchema.parse({ metrics: { scrapeConfigs: all } }).metrics;
  };

  /** As `generateScrapeConfig` of the operator's pkg/prometheus/promcfg.go writes them. */
  const byOperator = (folder: string) =>
    configs().scrapeConfigs.map(({ name, spec }) => {
      const rules = (all: typeof spec.relabelings = []) =>
        all.map(({ action = "replace", sourceLabels, targetLabel, ...rest }) => ({
          ...{ action: action.toLowerCase(), source_labels: sourceLabels, target_label: targetLabel, ...rest },
        }));
      return {
        job_name: `scrapeConfig/${name}`,
        scrape_interval: spec.scrapeInterval,
        metrics_path: spec.metricsPath,
        params: spec.params,
        authorization: { type: "Bearer", credentials: token },
        static_configs: spec.staticConfigs,
        http_sd_configs: spec.httpSDConfigs?.map(({ url }) => ({ url, refresh_interval: "5s" })),
        file_sd_configs: spec.fileSDConfigs?.map(() => ({ files: [join(folder, "targets.yaml")] })),
        relabel_configs: [
          { source_labels: ["job"], target_label: "__tmp_prometheus_job_name" },
          ...(spec.jobName ? [{ target_label: "job", action: "replace", replacement: spec.jobName }] : []),
          ...rules(spec.relabelings),
        ],
        metric_relabel_configs: rules(spec.metricRelabelings),
      };
    });

  async function prometheus(name: string, scrape_configs: object[]): Promise<string> {
    const listen = `127.0.0.1:${await freePort()}`;
    writeFileSync(join(workspace.folderOf(name), "config.yaml"), stringify({ scrape_configs }));
    await workspace.start({
      name,
      path: await hostTool("prometheus"),
      args: ["--config.file=config.yaml", `--web.listen-address=${listen}`, "--web.enable-remote-write-receiver"],
      ready: `http://${listen}/-/ready`,
    });
    return `http://${listen}`;
  }

  /** Alloy with the stack's configuration, but for the monitors, which need a cluster, and for folders. */
  async function alloy(pushUrl: string): Promise<void> {
    const folder = workspace.folderOf("alloy");
    const blocks = metricsPipeline({ settings: configs(), pushUrl, targets: [], scrapeInterval: "30s" });
    const text = write(blocks.filter(({ name }) => !name.startsWith("prometheus.operator.")));
    mkdirSync(join(folder, "nas"));
    writeFileSync(join(folder, "nas", "token"), token);
    const here = text
      .replaceAll("/etc/prometheus/configmaps/nas", workspace.folderOf("files"))
      .replaceAll("/etc/alloy-secrets", folder);
    writeFileSync(join(folder, "config.alloy"), here);
    const listen = `127.0.0.1:${await freePort()}`;
    const flags = ["--storage.path=data", "--stability.level=generally-available", "--disable-reporting"];
    await workspace.start({
      name: "alloy",
      path: await hostTool("alloy"),
      args: ["run", "config.alloy", `--server.http.listen-addr=${listen}`, ...flags],
      ready: `http://${listen}/-/ready`,
    });
  }

  /** Labels of every series that a Prometheus has now, sorted, but for those of its scrapes' size and time. */
  async function series(url: string): Promise<string[]> {
    const query = new URLSearchParams({ query: '{__name__=~"up|load|go_threads"}' });
    const { data } = (await (await fetch(`${url}/api/v1/query?${query}`)).json()) as {
      data: { result: { metric: Record<string, string> }[] };
    };
    return data.result.map(({ metric }) => JSON.stringify(Object.entries(metric).sort())).sort();
  }

  it("have the same series from both: static targets, and those found by file and by HTTP", async () => {
    const files = workspace.folderOf("files");
    writeFileSync(
      join(files, "targets.yaml"),
      stringify([{ targets: [address], labels: { found: "file", __metrics_path__: "/own" } }]),
    );
    const scraping = await prometheus("scraping", byOperator(files));
    const receiving = await prometheus("receiving", []);
    await alloy(`${receiving}/api/v1/write`);
    const expected = await until("Prometheus has every series", 180, async () => {
      const all = await series(scraping);
      return all.length === 8 ? all : undefined;
    });
    await until("Alloy's series are the same", 240, async () => {
      assert.deepEqual(await series(receiving), expected);
      return true;
    });
    assert.ok(
      expected.some((labels) => labels.includes('"job","scrapeConfig/monitoring/plain"')),
      expected.join("\n"),
    );
    assert.equal(expected.filter((labels) => labels.includes('"job","storage"')).length, 6, expected.join("\n"));
    assert.deepEqual(strangers, []);
  });

  it("are read by Alloy with every field and every discovery that is rendered", async () => {
    const folder = workspace.folderOf("validate");
    const settings = settingsSchema.parse({ metrics: { scrapeConfigs: [everyField] } }).metrics;
    const text = write(metricsPipeline({ settings, pushUrl: "http://a/push", targets: [], scrapeInterval: "30s" }));
    writeFileSync(join(folder, "config.alloy"), text);
    execFileSync(await hostTool("alloy"), ["validate", join(folder, "config.alloy")], { stdio: "pipe" });
  });
});
