import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { run } from "../lab/cluster/run";
import { hostTool } from "../lab/cluster/tools";
import { logRules } from "../components/loki/log-rules";
import { rulesConfigMap } from "../components/loki/pod";
import { lokiDashboards } from "../components/loki/dashboards";
import { lokiRules } from "../components/loki/rules";
import { finish } from "../components/rules/finish";
import type { AlertingRule, RuleGroup } from "../components/rules/types";
import { settingsSchema } from "../settings/schema";
import { offlineRender } from "../commands/shared/render";
import { until } from "../lab/until";
import { metricsIn } from "../test/components/dashboards/exported";
import { everyBaseDashboard, panelsOf } from "../test/components/dashboards/queries";
import { startLoki, type LokiProcesses } from "./support/loki-processes";
import { freePort, startServer, type LocalServer } from "../lab/cluster/server";
import { stacks, testStack } from "../test/stacks/stacks";

const environment = { namespace: "monitoring", cluster: "home" };
const runbooks = "https://git.example.org/docs/alerts.md";

/** The rules of lines that a stack gives Loki, as its ConfigMap has them. */
async function rulesOf(stack: string): Promise<string> {
  const { resources } = await offlineRender(testStack(stack));
  const found = resources.find(
    ({ object }) => object?.kind === "ConfigMap" && object.metadata.name === rulesConfigMap,
  )?.object;
  return (found as unknown as { data: Record<string, string> }).data["logs.yaml"];
}

const alertsOf = (groups: readonly RuleGroup[]) => groups.flatMap(({ rules }) => rules as AlertingRule[]);

describe("Every stack's rules of lines, by real lokitool", function () {
  this.timeout("10m"); // the first time, it is built

  const folder = mkdtempSync(join(tmpdir(), "lokitool-"));
  let lokitool: string;
  before(async () => (lokitool = await hostTool("lokitool")));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const check = async (groups: string) => {
    const file = join(folder, "logs.yaml");
    writeFileSync(file, `namespace: logs\n${groups}`);
    await run(lokitool, ["rules", "check", file]);
    await run(lokitool, ["rules", "lint", "--dry-run", file]);
  };

  for (const stack of stacks)
    it(`${stack}: are read`, async () => {
      const rules = await rulesOf(stack);
      await check(rules);
      const alerts = alertsOf((parse(rules) as { groups: RuleGroup[] }).groups);
      assert(alerts.length > 2, String(alerts.length));
    });

  it("are read where lines have no level, too", async () => {
    await check(stringify({ groups: logRules({ environment, settings: { structuredMetadata: false } }) }));
  });

  it("are refused when an expression is none", async () => {
    const groups = [{ name: "bad", rules: [{ alert: "Bad", expr: 'sum(rate({app="a"} |= [5m]))' }] }];
    await assert.rejects(check(stringify({ groups })));
  });
});

for (const structuredMetadata of [true, false])
  describe(`Alerts on lines ${structuredMetadata ? "that have a level" : "without levels"}, by a real Loki`, function () {
    this.timeout("5m");

    const folder = mkdtempSync(join(tmpdir(), "loki-rules-"));
    const sent: { labels: Record<string, string>; annotations: Record<string, string> }[] = [];
    let receiver: Server;
    let minio: LocalServer | undefined;
    let loki: LokiProcesses | undefined;

    before(async () => {
      receiver = createServer((request, response) => {
        let body = "";
        request.on("data", (part) => (body += part));
        request.on("end", () => {
          if (request.url === "/api/v2/alerts") sent.push(...(JSON.parse(body) as typeof sent));
          response.end();
        });
      });
      await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
      const store = `http://127.0.0.1:${await freePort()}`;
      const root = { MINIO_ROOT_USER: "administrator", MINIO_ROOT_PASSWORD: "a password for tests" };
      // To MinIO with one drive, a folder of it is a bucket.
      mkdirSync(join(folder, "store", "lines"), { recursive: true });
      minio = await startServer(
        await hostTool("minio"),
        ["server", "store", `--address=${new URL(store).host}`, "--certs-dir=certs"],
        { cwd: folder, env: { ...root, MINIO_BROWSER: "off" }, ready: `${store}/minio/health/ready` },
      );
      const settings = settingsSchema.parse({ loki: { structuredMetadata } }).loki;
      loki = await startLoki({
        folder,
        settings,
        store: { endpoint: store, region: "us-east-1", bucket: "lines" },
        env: { AWS_ACCESS_KEY_ID: root.MINIO_ROOT_USER, AWS_SECRET_ACCESS_KEY: root.MINIO_ROOT_PASSWORD },
        alertmanagerUrl: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
        rules: stringify({
          groups: finish(logRules({ environment, settings }).map(atOnce), { ...environment, runbooks }),
        }),
      });
    });
    after(async () => {
      await loki?.stop();
      await minio?.stop();
      receiver.close();
      rmSync(folder, { recursive: true, force: true });
    });

    /** As it is but for the waiting. */
    const atOnce = (group: RuleGroup): RuleGroup => ({
      ...group,
      interval: "2s",
      rules: group.rules.map((rule) => ({ ...rule, for: "0s" })),
    });

    const push = async (stream: Record<string, string>, lines: string[]) => {
      const now = Date.now();
      const values = lines.map((line, index) => [`${now}${String(index).padStart(6, "0")}`, line]);
      const response = await fetch(`${loki!.url.write}/loki/api/v1/push`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ streams: [{ stream: { cluster: "home", ...stream }, values }] }),
      });
      assert.equal(response.status, 204, await response.text());
    };
    const many = (count: number, line: string) => Array.from({ length: count }, (_, i) => line.replace("N", `${i}`));
    const firing = (alert: string) => sent.filter(({ labels }) => labels.alertname === alert);

    it("fire while nothing arrives, with the labels that the stack's other alerts have", async () => {
      const [missing] = await until("LogsMissing is sent", 120, async () => {
        const found = firing("LogsMissing");
        return found.length > 0 ? found : undefined;
      });
      assert.deepEqual(missing.labels, {
        alertname: "LogsMissing",
        cluster: "home",
        namespace: "monitoring",
        severity: "critical",
      });
      assert.equal(missing.annotations.runbook_url, `${runbooks}#logsmissing`);
    });

    it("fire for the app with many errors, and for no other", async () => {
      await push({ namespace: "shop", app: "broken" }, [
        ...many(200, 'level=error msg="payment N failed"'),
        ...many(200, 'level=info msg="N done"'),
      ]);
      await push({ namespace: "shop", app: "json" }, many(200, '{"level":"error","msg":"N"}'));
      // Few of many, few at all, and lines that only speak of errors.
      await push({ namespace: "shop", app: "large" }, [
        ...many(100, "level=error msg=N"),
        ...many(2000, "level=info msg=N"),
      ]);
      await push({ namespace: "shop", app: "quiet" }, many(20, "level=error msg=N"));
      await push({ namespace: "shop", app: "fine" }, many(400, 'level=info msg="no error in N rows"'));
      await push({ job: "systemd-journal", node: "pi-1", unit: "kernel" }, [
        "EXT4-fs (mmcblk0p2): mounted filesystem with ordered data mode",
        "I/O error, dev mmcblk0, sector 1234 op 0x1:(WRITE)",
      ]);
      await push({ job: "systemd-journal", node: "pi-2", unit: "kernel" }, ["eth0: link up, 1000 Mb/s"]);

      // One alert may be sent again before another is sent at all.
      const apps = () => new Set(firing("LogErrorsHigh").map(({ labels }) => labels.app));
      await until("the alerts are sent", 150, async () =>
        apps().size > 1 && firing("NodeDiskErrors").length > 0 ? true : undefined,
      );
      assert.deepEqual([...apps()].sort(), ["broken", "json"]);
      const [{ labels, annotations }] = firing("LogErrorsHigh").filter(({ labels }) => labels.app === "broken");
      assert.deepEqual([labels.cluster, labels.namespace, labels.severity], ["home", "shop", "warning"]);
      assert.match(annotations.summary, /^shop\/broken logs 0\.7 errors a second$/);
      assert.deepEqual([...new Set(firing("NodeDiskErrors").map(({ labels }) => labels.node))], ["pi-1"]);
    });

    it("are not changed by the API, which says so", async () => {
      const response = await fetch(`${loki!.url.backend}/loki/api/v1/rules/tests`, {
        method: "POST",
        headers: { "Content-Type": "application/yaml" },
        body: "name: group\nrules:\n  - alert: Always\n    expr: vector(1) > 0\n",
      });
      assert.equal(response.status, 500);
      assert.match(await response.text(), /unsupported in rule local store/);
    });

    it("are watched by metrics that Loki's ruler exports, with the labels that alerts and dashboards look for", async () => {
      const settings = { mode: "single-binary" as const, compactionInterval: "10m", logAlerts: true };
      const rules = lokiRules({ environment, settings }).flatMap((group) => group.rules);
      const panels = [
        ...lokiDashboards({ environment, settings: { ...settings, structuredMetadata } }),
        ...everyBaseDashboard(),
      ]
        .flatMap(panelsOf)
        .flatMap(({ queries }) => queries);
      const wanted = [...rules, ...panels]
        .flatMap(({ expr }) => metricsIn(expr))
        .filter((name) => /^loki_prom/.test(name));
      assert(wanted.length > 8, wanted.join());
      const text = await (await fetch(`${loki!.url.backend}/metrics`)).text();
      assert.deepEqual(
        [...new Set(wanted)].filter((name) => !new RegExp(`^${name}\\{`, "m").test(text)),
        [],
      );
      assert.match(text, /^loki_prometheus_rule_group_rules\{[^}]*rule_group="[^"]*logs"/m);
    });
  });
