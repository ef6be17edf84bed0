import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { rulesFolder, vmalertArguments } from "../components/vmalert/arguments";
import { refusedAlert, ruleFilesScript, scriptFile } from "../components/vmalert/rule-files";
import { freePort, startServer, type LocalServer } from "../lab/cluster/server";
import { hostTool } from "../lab/cluster/tools";
import { until } from "../lab/until";

// A real vmalert with the flags of its pod, beside a real VictoriaMetrics, and rule files as Prometheus's operator writes them.

const loopback = "127.0.0.1";
const group = (name: string, rules: string) => `groups:\n- interval: 1s\n  name: ${name}\n  rules:\n${rules}\n`;
const recorded = "  - expr: sum(sample_of_the_test)\n    record: test:sample:sum";
const alerting = "  - alert: TestFires\n    expr: sample_of_the_test == 1\n    for: 4s";

interface Alert {
  labels: Record<string, string>;
}

describe("vmalert, as the stack runs it", function () {
  this.timeout("15m"); // the first time, the programs are built

  const folder = mkdtempSync(join(tmpdir(), "vmalert-"));
  const [from, to] = ["from", "rules"].map((name) => join(folder, name));
  const servers: LocalServer[] = [];
  const alerts: Alert[] = [];
  let alertmanager: Server;
  let [victoriaMetrics, vmalert, own] = ["", "", ""];
  let start: () => Promise<LocalServer>;
  let feed: NodeJS.Timeout;

  const write = (name: string, text: string) => writeFileSync(join(from, "rulefiles-0", `${name}.yaml`), text);
  const bring = async () => {
    const script = join(folder, scriptFile);
    writeFileSync(script, ruleFilesScript);
    return (await promisify(execFile)("sh", [script, from, to, vmalert])).stdout;
  };
  const files = () =>
    readdirSync(to)
      .filter((name) => name.endsWith(".yaml"))
      .sort();
  const value = async (query: string): Promise<{ metric: Record<string, string>; value: [number, string] }[]> => {
    const body = new URLSearchParams({ query });
    const answer = await fetch(`${victoriaMetrics}/api/v1/query`, { method: "POST", body });
    return ((await answer.json()) as { data: { result: [] } }).data.result;
  };
  const firing = (name: string) => alerts.filter(({ labels }) => labels.alertname === name);

  before(async () => {
    mkdirSync(join(from, "rulefiles-0"), { recursive: true });
    vmalert = await hostTool("vmalert");
    const [data, receiver, port] = [await freePort(), await freePort(), await freePort()];
    victoriaMetrics = `http://${loopback}:${data}`;
    own = `http://${loopback}:${port}`;
    alertmanager = createServer((request, response) => {
      let text = "";
      request.on("data", (part) => (text += String(part)));
      request.on("end", () => {
        if (request.url?.endsWith("/api/v2/alerts")) alerts.push(...(JSON.parse(text) as Alert[]));
        response.end();
      });
    }).listen(receiver, loopback);
    servers.push(
      await startServer(
        await hostTool("victoria-metrics"),
        [`-httpListenAddr=${loopback}:${data}`, `-storageDataPath=${join(folder, "data")}`, "-search.latencyOffset=0s"],
        { cwd: folder, ready: `${victoriaMetrics}/health` },
      ),
    );
    const flags = vmalertArguments({
      metricsUrl: victoriaMetrics,
      alertmanagerUrl: `http://${loopback}:${receiver}`,
      evaluationInterval: "1s",
      cluster: "test",
    }).map((flag) =>
      flag
        .replace(rulesFolder, to)
        .replace(/^-httpListenAddr=.*/, `-httpListenAddr=${loopback}:${port}`)
        .replace(/^-configCheckInterval=.*/, "-configCheckInterval=1s"),
    );
    start = () =>
      startServer(vmalert, [...flags, "-rule.evalDelay=0s", "-remoteWrite.flushInterval=200ms"], {
        cwd: folder,
        ready: `${own}/health`,
      });
    const send = () =>
      void fetch(`${victoriaMetrics}/api/v1/import/prometheus`, {
        method: "POST",
        body: 'sample_of_the_test{cluster="test"} 1\n',
      }).catch(() => undefined);
    feed = setInterval(send, 500);
  });
  after(async () => {
    clearInterval(feed);
    for (const server of servers.reverse()) await server.stop();
    alertmanager.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("gets every good file, and none that would keep it from the others", async () => {
    write("monitoring-good-1", group("good", `${recorded}\n${alerting}`));
    write(
      "monitoring-late-2",
      group("late", recorded.replace("test:", "late:")).replace("  rules:", "  query_offset: 1s\n  rules:"),
    );
    write("monitoring-twice-3", group("twice", `${alerting}\n${alerting}`));
    const said = await bring();
    assert.match(said, /monitoring-twice-3 is refused: .*duplicate/);
    assert.deepEqual(files(), ["0-refused.yaml", "monitoring-good-1.yaml", "monitoring-late-2.yaml"]);
    assert.equal(await bring(), "", "nothing changed, so nothing is checked or said again");
  });

  it("evaluates them: recorded series come back, with the cluster's name, and the group is no label of an alert", async () => {
    servers.push(await start());
    const series = await until("recorded series are there", 180, async () => {
      const found = await value('{__name__=~"(test|late):sample:sum"}');
      return found.length === 2 ? found : undefined;
    });
    assert.deepEqual(
      series.map(({ metric }) => metric.cluster),
      ["test", "test"],
    );
    const [alert] = await until("the alert is sent", 180, () => {
      const found = firing("TestFires");
      return Promise.resolve(found.length > 0 ? found : undefined);
    });
    assert.deepEqual(alert.labels, { alertname: "TestFires", cluster: "test" });
  });

  it("goes on with what was pending or firing after a restart", async () => {
    const activeSince = () =>
      until("the alert is firing", 180, async () => {
        const { data } = (await (await fetch(`${own}/api/v1/alerts`)).json()) as {
          data: { alerts: { name: string; state: string; activeAt: string }[] };
        };
        return data.alerts.find(({ name, state }) => name === "TestFires" && state === "firing")?.activeAt;
      });
    const before = await activeSince();
    await until("its state is kept", 180, async () =>
      (await value('ALERTS_FOR_STATE{alertname="TestFires"}')).length > 0 ? true : undefined,
    );
    await servers.pop()!.stop();
    servers.push(await start());
    assert.equal(Math.floor(Date.parse(await activeSince()) / 1000), Math.floor(Date.parse(before) / 1000));
  });

  it("keeps a file as it was when its change is refused, and lets go of one that is gone", async () => {
    write("monitoring-good-1", group("good", `${alerting}\n${alerting}`));
    rmSync(join(from, "rulefiles-0", "monitoring-late-2.yaml"));
    assert.match(await bring(), /monitoring-good-1 is refused/);
    assert.deepEqual(files(), ["0-refused.yaml", "monitoring-good-1.yaml"]);
    const names = await until("vmalert has read them", 120, async () => {
      const { data } = (await (await fetch(`${own}/api/v1/rules`)).json()) as {
        data: { groups: { name: string; rules: { name: string }[] }[] };
      };
      const all = data.groups.flatMap((each) => each.rules.map(({ name }) => name)).sort();
      return all.includes("late:sample:sum") ? undefined : all;
    });
    assert.deepEqual(names, [
      ...["TestFires", refusedAlert, refusedAlert],
      "test:sample:sum",
      "vmalert:rule_files:count",
    ]);
    assert.ok(existsSync(join(to, ".work")));
  });
});
