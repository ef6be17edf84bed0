import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { stringify } from "yaml";
import { hostTool } from "../cluster/tools";
import { alertmanagerConfig, type AlertmanagerConfigArgs } from "../components/alertmanager/config";
import { settingsSchema } from "../config/schema";
import { offlinePreview, ownProgram } from "../offline/preview";
import { freePort, startServer, type LocalServer } from "./support/server";
import { until } from "../sandbox/until";

// Alertmanager's configuration, against the real amtool and Alertmanager on the loopback.

const run = async (command: string, args: string[]) => (await promisify(execFile)(command, args)).stdout;
const configOf = (settings: Partial<AlertmanagerConfigArgs>) =>
  alertmanagerConfig(settingsSchema.parse({ alertmanager: settings }).alertmanager);

describe("Alertmanager's configuration", function () {
  this.timeout(5 * 60_000);
  const folder = mkdtempSync(join(tmpdir(), "alertmanager-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const stacks = readdirSync(ownProgram).flatMap((file) => /^Pulumi\.(\w+)\.yaml$/.exec(file)?.[1] ?? []);

  it("is that of several stacks", () => assert(stacks.length >= 3, stacks.join()));

  for (const stack of stacks) {
    it(`of stack ${stack} passes amtool, as it is mounted`, async () => {
      const { resources } = await offlinePreview({ stack });
      const configMap = resources.find(({ type, name }) => type.endsWith(":ConfigMap") && name === "alertmanager");
      const file = join(folder, `${stack}.yaml`);
      writeFileSync(file, configMap?.inputs.data["alertmanager.yaml"]);
      const said = await run(await hostTool("amtool"), ["check-config", file]);
      assert.match(said, /SUCCESS/);
    });
  }

  it("is refused by amtool when a receiver is missing, so that the check can fail", async () => {
    const file = join(folder, "broken.yaml");
    writeFileSync(file, stringify({ ...configOf({ pushover: true }), receivers: [{ name: "null" }] }));
    await assert.rejects(run(await hostTool("amtool"), ["check-config", file]), /failed to validate 1 file/);
  });

  it("routes each alert in the real routing tree as it is meant to", async () => {
    const file = join(folder, "routes.yaml");
    writeFileSync(file, stringify(configOf({ pushover: true, heartbeat: true })));
    const amtool = await hostTool("amtool");
    const route = async (...labels: string[]) =>
      (await run(amtool, ["config", "routes", "test", `--config.file=${file}`, ...labels])).trim();
    assert.equal(await route("alertname=Watchdog", "severity=none"), "heartbeat");
    assert.equal(await route("alertname=InfoInhibitor", "severity=none"), "null");
    assert.equal(await route("alertname=LokiDown", "severity=critical"), "notifications");
    assert.equal(await route("alertname=LokiDown"), "notifications");
  });

  describe("tells Pushover", () => {
    type Field = "priority" | "title" | "message";
    const [pushover] = configOf({ pushover: true }).receivers.flatMap((receiver) => receiver.pushover_configs ?? []);

    /** A template's text for a group of alerts, by the real template engine. */
    async function rendered(field: Field, status: "firing" | "resolved", severities: string[]): Promise<string> {
      const data = join(folder, "data.json");
      const alerts = severities.map((severity, i) => ({
        status,
        labels: { alertname: "VolumeFills", severity },
        annotations: { summary: `Volume ${i} fills`, description: "Grow it." },
      }));
      const groupLabels = { alertname: "VolumeFills", namespace: "monitoring" };
      writeFileSync(
        data,
        JSON.stringify({ status, alerts, groupLabels, commonLabels: groupLabels, receiver: "notifications" }),
      );
      const none = join(folder, "none.tmpl");
      writeFileSync(none, "");
      return run(await hostTool("amtool"), [
        ...["template", "render", `--template.glob=${none}`, `--template.text=${pushover[field]}`],
        `--template.data=${data}`,
      ]);
    }

    it("with the priority of the group's worst alert, and silently when it is over", async () => {
      assert.equal((await rendered("priority", "firing", ["warning", "critical", "info"])).trim(), "1");
      assert.equal((await rendered("priority", "firing", ["info", "warning"])).trim(), "0");
      assert.equal((await rendered("priority", "firing", ["info"])).trim(), "-1");
      assert.equal((await rendered("priority", "resolved", ["critical"])).trim(), "-1");
    });

    it("what is wrong, where, and what to do", async () => {
      assert.equal(
        (await rendered("title", "firing", ["warning", "critical"])).trim(),
        "2 firing: VolumeFills in monitoring",
      );
      assert.match(await rendered("message", "firing", ["warning"]), /^Volume 0 fills\nGrow it\.\n/);
      assert.match(await rendered("message", "resolved", ["warning"]), /^Resolved: Volume 0 fills/);
    });
  });

  describe("in a running Alertmanager", () => {
    interface Call {
      at: number;
      path: string;
      alerts: { status: string; labels: Record<string, string> }[];
    }
    const calls: Call[] = [];
    let receiver: Server;
    let server: LocalServer;
    let url: string;

    const of = (path: string) => calls.filter((call) => call.path === path);
    const send = async (labels: Record<string, string>, endsAt?: Date) => {
      const response = await fetch(`${url}/api/v2/alerts`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify([{ labels, annotations: {}, ...(endsAt && { endsAt }) }]),
      });
      assert.equal(response.status, 200);
    };

    before(async () => {
      receiver = createServer((request, response) => {
        let body = "";
        request.on("data", (text) => (body += text));
        request.on("end", () => {
          calls.push({ at: Date.now(), path: request.url ?? "", alerts: JSON.parse(body).alerts });
          response.end();
        });
      });
      await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
      const receiverUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
      const heartbeat = join(folder, "heartbeat-url");
      writeFileSync(heartbeat, `${receiverUrl}/heartbeat\n`);
      const config = configOf({
        webhook: `${receiverUrl}/notify`,
        heartbeat: true,
        groupWait: "1s",
        groupInterval: "2s",
        heartbeatInterval: "2s",
      });
      const text = stringify(config).replace("/etc/alertmanager/secrets/heartbeat-url", heartbeat);
      writeFileSync(join(folder, "running.yaml"), text);
      const port = await freePort();
      url = `http://127.0.0.1:${port}`;
      server = await startServer(
        await hostTool("alertmanager"),
        [
          ...["--config.file=running.yaml", "--storage.path=data", `--web.listen-address=127.0.0.1:${port}`],
          ...["--cluster.listen-address=", "--enable-feature=receiver-name-in-metrics"],
        ],
        { cwd: folder, ready: `${url}/-/ready` },
      );
      await send({ alertname: "Watchdog", severity: "none" });
      await send({ alertname: "VolumeFills", severity: "critical", namespace: "one" });
      await send({ alertname: "VolumeFills", severity: "warning", namespace: "one" });
      await send({ alertname: "VolumeFills", severity: "warning", namespace: "two" });
    });

    after(async () => {
      await server?.stop();
      receiver?.close();
    });

    it("calls the dead man's switch at every interval and leaves none out", async () => {
      const beats = await until("six calls", 60, async () =>
        of("/heartbeat").length >= 6 ? of("/heartbeat") : undefined,
      );
      const gaps = beats.slice(1).map(({ at }, i) => at - beats[i].at);
      for (const gap of gaps) assert(gap < 3500, `${gap} ms between two calls of an interval of 2 s`);
    });

    it("tells of the critical alert and of the other namespace's warning, and not of the warning that repeats it", async () => {
      const told = await until("both groups", 60, async () => {
        const alerts = of("/notify").flatMap((call) => call.alerts.map(({ labels }) => labels));
        return new Set(alerts.map(({ namespace }) => namespace)).size === 2 ? alerts : undefined;
      });
      const said = new Set(told.map(({ namespace, severity }) => `${namespace} ${severity}`));
      assert.deepEqual([...said].sort(), ["one critical", "two warning"]);
    });

    it("doesn't call the dead man's switch when Watchdog is over", async () => {
      await send({ alertname: "Watchdog", severity: "none" }, new Date());
      // The next alert's notification comes after the tick in which Watchdog's end would have been told.
      await send({ alertname: "AfterWatchdog", severity: "warning" });
      await until("the next alert", 60, async () =>
        of("/notify").some(({ alerts }) => alerts[0].labels.alertname === "AfterWatchdog") ? true : undefined,
      );
      await until("Alertmanager has dropped Watchdog", 60, async () =>
        (await (await fetch(`${url}/api/v2/alerts?filter=alertname="Watchdog"`)).text()).trim() === "[]"
          ? true
          : undefined,
      );
      for (const { alerts } of of("/heartbeat")) assert.equal(alerts[0].status, "firing");
    });

    it("tells its receivers apart in its metrics, as the alerts about it expect", async () => {
      const metrics = await (await fetch(`${url}/metrics`)).text();
      assert.match(metrics, /alertmanager_notifications_total\{integration="webhook",receiver_name="heartbeat"\}/);
      assert.match(metrics, /alertmanager_notifications_failed_total\{.*receiver_name="notifications".*\}/);
      for (const counter of [
        "alerts_invalid_total",
        "silences_maintenance_errors_total",
        "nflog_maintenance_errors_total",
      ]) {
        assert.match(metrics, new RegExp(`^alertmanager_${counter}`, "m"));
      }
    });
  });
});
