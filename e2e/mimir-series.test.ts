import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { hostTool } from "../lab/cluster/tools";
import { dataDirectory, mimirConfig } from "../components/mimir/config";
import { mimirDashboards } from "../components/mimir/dashboards";
import { mimirRules } from "../components/mimir/rules";
import { remoteWriteRules } from "../components/kube-prometheus-stack/rules";
import { pipelineRules } from "../components/rules/pipeline";
import type { RuleGroup } from "../components/rules/types";
import { settingsSchema } from "../settings/schema";
import { until } from "../lab/until";
import { everyBaseDashboard, panelsOf, withVariables } from "../test/components/dashboards/queries";
import { freePort, startServer, type LocalServer } from "../lab/cluster/server";

// A real Prometheus that writes to a real Mimir, both on the loopback, so that every series of alerts and dashboard is seen or missed.

const environment = { namespace: "monitoring" };
// So few series that some are refused: what is refused is counted from the first on.
const settings = settingsSchema.parse({ mimir: { limits: { maxSeries: 2000 } } });

/** The expressions' series that neither of the two exports; cortex_alertmanager_… only with Mimir's own Alertmanager. */
const elsewhere =
  /^(ALERTS|(alertmanager|alloy|container|cortex_alertmanager|kube|kubelet|loki|minio|node)_|up\{job="(alloy|node-exporter)")/;

/** A group for both to evaluate. */
const recording = { name: "group", interval: "1s", rules: [{ record: "recorded", expr: "up" }] };

/** Matchers that only a fault fulfils: of these, the name alone must be there. */
const faults = /(status_code|reason)(=~|!~|!=|=)"/;

/** The alerts on Prometheus's evaluation of rules; those on its operator, its Alertmanager and its disk need these. */
const ofEvaluation = (group: RuleGroup): RuleGroup => ({
  ...group,
  rules: group.rules.filter((rule) => /^Prometheus(Missing)?Rule/.test("alert" in rule ? rule.alert : "")),
});

/** Every selector of alerts and dashboards, as a query. */
function selectors(): string[] {
  const groups = [
    ...mimirRules({ environment, settings: settings.mimir }),
    ...remoteWriteRules({ environment, settings: settings.kps, backend: "mimir" }),
    ...pipelineRules([]).map(ofEvaluation),
  ];
  const dashboards = [...mimirDashboards({ environment, settings: settings.mimir }), ...everyBaseDashboard()];
  const panels = dashboards.flatMap(panelsOf);
  const expressions = [
    ...groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)),
    ...panels.flatMap(({ queries }) => queries.filter(({ source }) => source !== "loki").map(({ expr }) => expr)),
  ].map(withVariables);
  const found = expressions.flatMap((expr) => [
    ...(expr.match(/\w*\{[^}]*\}/g) ?? []),
    // Those without matchers; a matcher's text may look like one.
    ...(expr.replace(/\{[^}]*\}/g, "{}").match(/\b(?:prometheus|scrape)_\w+(?![\w{])/g) ?? []),
  ]);
  const names = found.map((selector) => (faults.test(selector) ? selector.replace(/\{(?!__name__).*/, "") : selector));
  return [...new Set(names)].filter((selector) => !elsewhere.test(selector)).sort();
}

describe("The series of Mimir's alerts and dashboard", function () {
  this.timeout("20m"); // the first time, the tools are built

  const folder = mkdtempSync(join(tmpdir(), "mimir-series-"));
  const servers: LocalServer[] = [];
  let mimir: string;
  let prometheus: string;

  before(async () => {
    const [http, grpc, gossip, own] = [await freePort(), await freePort(), await freePort(), await freePort()];
    [mimir, prometheus] = [http, own].map((port) => `http://127.0.0.1:${port}`);
    mkdirSync(join(folder, "mimir"));
    writeFileSync(join(folder, "mimir.yaml"), mimirYaml(http, grpc, gossip));
    writeFileSync(join(folder, "prometheus.yaml"), prometheusYaml());
    writeFileSync(join(folder, "rules.yaml"), stringify({ groups: [recording] }));
    const start = async (tool: "mimir" | "prometheus", args: string[], ready: string) =>
      servers.push(await startServer(await hostTool(tool), args, { cwd: folder, ready }));
    await start("mimir", ["-target=all", "-config.file=mimir.yaml"], `${mimir}/ready`);
    const listen = `--web.listen-address=127.0.0.1:${own}`;
    await start(
      "prometheus",
      ["--config.file=prometheus.yaml", "--storage.tsdb.path=data", listen],
      `${prometheus}/-/ready`,
    );
  });
  after(async () => {
    // The sender first: without Mimir it would try for minutes to send its last samples.
    for (const server of servers.reverse()) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Pods' configuration, but for addresses, folders, and the bucket, which is a folder. */
  function mimirYaml(http: number, grpc: number, gossip: number): string {
    const connection = { endpoint: "http://127.0.0.1:1", region: "none", forcePathStyle: true };
    const buckets = { mimirBlocks: "blocks", mimirRuler: "ruler", mimirAlertmanager: "alertmanager" };
    const config = mimirConfig({
      environment: { namespace: "e2e", dnsDomain: "invalid" },
      settings: settings.mimir,
      storage: { connection, buckets },
      alertmanagerUrl: "http://127.0.0.1:1",
      evaluates: true,
      evaluationInterval: "30s",
    });
    const { server, blocks_storage, compactor } = config;
    const loopback = { http_listen_address: "127.0.0.1", grpc_listen_address: "127.0.0.1" };
    const here = {
      ...config,
      server: { ...server, ...loopback, http_listen_port: http, grpc_listen_port: grpc },
      common: { storage: { backend: "filesystem", filesystem: { dir: join(folder, "bucket") } } },
      blocks_storage: { ...blocks_storage, s3: undefined, storage_prefix: "blocks" },
      ruler_storage: { storage_prefix: "ruler" },
      alertmanager_storage: { storage_prefix: "alertmanager" },
      frontend: { ...config.frontend, port: grpc },
      memberlist: { bind_addr: ["127.0.0.1"], bind_port: gossip },
      // The list of a tenant's blocks is made once there is one.
      compactor: { ...compactor, cleanup_interval: "5s" },
    };
    return stringify(here, { aliasDuplicateObjects: false }).replaceAll(dataDirectory, join(folder, "mimir"));
  }

  /** Both, under the labels that they have in the cluster. */
  function prometheusYaml(): string {
    const target = (job: string, pod: string, url: string) => ({
      job_name: job,
      static_configs: [{ targets: [new URL(url).host], labels: { ...environment, pod } }],
    });
    return stringify({
      global: { scrape_interval: "1s" },
      rule_files: ["rules.yaml"],
      scrape_configs: [target("mimir", "mimir-0", mimir), target("prometheus", "prometheus-0", prometheus)],
      remote_write: [
        {
          name: "mimir",
          url: `${mimir}/api/v1/push`,
          // Something is dropped, so that what is dropped is counted.
          write_relabel_configs: [{ source_labels: ["__name__"], regex: "go_.*", action: "drop" }],
        },
      ],
    });
  }

  const missing = async (wanted: string[]) => {
    const answers = await Promise.all(
      wanted.map(async (selector) => {
        const query = new URLSearchParams({ query: `count(${selector})` });
        const response = await fetch(`${prometheus}/api/v1/query?${query}`);
        const { data } = (await response.json()) as { data?: { result: unknown[] } };
        return data === undefined || data.result.length === 0 ? [selector] : [];
      }),
    );
    return answers.flat();
  };

  it("are exported by Mimir and Prometheus under the names and labels that they have there", async () => {
    const wanted = selectors();
    assert(wanted.length > 40, wanted.join("\n"));
    await until("Mimir has samples", 240, async () => {
      const response = await fetch(`${mimir}/prometheus/api/v1/query?query=count({job="mimir"})`);
      return (await response.text()).includes('"value"') ? true : undefined;
    });
    const api = `${mimir}/prometheus/config/v1/rules/tests`;
    const headers = { "Content-Type": "application/yaml" };
    assert.equal((await fetch(api, { method: "POST", headers, body: stringify(recording) })).status, 202);
    assert.equal((await fetch(`${mimir}/ingester/flush?wait=true`, { method: "POST" })).status, 204);
    let last: string[] = wanted;
    await until("every series is there", 240, async () => {
      last = await missing(wanted);
      return last.length === 0 ? true : undefined;
    }).catch(() => assert.fail(`not exported: ${last.join("\n")}`));
  });

  it("would be missed if they were not", async () => {
    const wanted = ["cortex_never_heard_of{}", 'up{job="mimir", namespace="elsewhere"}'];
    assert.deepEqual(await missing(wanted), wanted);
  });
});
