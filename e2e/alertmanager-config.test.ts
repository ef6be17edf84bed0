import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { stringify } from "yaml";
import type { z } from "zod";
import { hostTool } from "../lab/cluster/tools";
import { alertmanagerConfig } from "../components/alertmanager/config";
import { settingsSchema } from "../settings/schema";
import { offlinePreview } from "../commands/shared/preview";
import { freePort, startServer, type LocalServer } from "../lab/cluster/server";
import { until } from "../lab/until";
import { receivers } from "../test/components/alertmanager/receivers";
import { refused, taken } from "../test/commands/preflight/alertmanager-files";
import { stacks, testStack } from "../test/stacks/stacks";

// Alertmanager's configuration, against the real amtool and Alertmanager on the loopback.

const run = async (command: string, args: string[]) => (await promisify(execFile)(command, args)).stdout;
type AlertmanagerSettings = NonNullable<z.input<typeof settingsSchema>["alertmanager"]>;
const configOf = (settings: AlertmanagerSettings) =>
  alertmanagerConfig(settingsSchema.parse({ alertmanager: settings }).alertmanager);

/** Settings with every kind of receiver, and with everything that a route, a time interval and an inhibition can have. */
const everything = {
  pushover: true,
  heartbeat: true,
  receivers,
  routes: [
    { receiver: "none", matchers: ['namespace=~"(?i)test-.*"'] },
    { receiver: "none", matchers: ['pod=~"(?i:x)y"'], groupBy: ["..."] },
    {
      receiver: "on-call",
      matchers: ['severity="critical"', "namespace != shop", 'pod!~"a|b"', 'message="say \\"x\\""'],
      groupBy: ["alertname"],
      groupWait: "0s",
      groupInterval: "1m",
      repeatInterval: "1h",
      continue: true,
    },
    { receiver: "phone", matchers: ['severity="critical"'] },
    ...Object.keys(receivers).map((receiver) => ({
      receiver,
      matchers: [`to="${receiver}"`],
      muteTimeIntervals: ["night", "holidays"],
      activeTimeIntervals: ["week"],
    })),
    { receiver: "notifications" },
  ],
  timeIntervals: {
    night: {
      times: [
        { start: "22:00", end: "24:00" },
        { start: "00:00", end: "06:00" },
      ],
      location: "Europe/Berlin",
    },
    week: { weekdays: ["monday:friday", "Sunday"], months: ["january:6", "9"], years: ["2026:2030"] },
    holidays: { daysOfMonth: ["24:26", "-1", "-3:-2"], months: ["december"], years: ["2026"] },
  },
  infoInhibitor: true,
  inhibitRules: [
    { sourceMatchers: ['alertname="NodeDown"'], targetMatchers: ['severity!="critical"'], equal: ["node"] },
  ],
};

describe("Alertmanager's configuration", function () {
  this.timeout(10 * 60_000);
  const folder = mkdtempSync(join(tmpdir(), "alertmanager-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("of one's own is judged by preflight as amtool judges it", async () => {
    const amtool = await hostTool("amtool");
    const file = join(folder, "own.yaml");
    const judged = async (text: string) => {
      writeFileSync(file, text);
      return run(amtool, ["check-config", file]).then(
        () => "taken",
        () => "refused",
      );
    };
    for (const [name, text] of Object.entries(taken)) assert.equal(await judged(text), "taken", name);
    for (const [name, { text }] of Object.entries(refused)) assert.equal(await judged(text), "refused", name);
  });

  for (const stack of stacks) {
    it(`of stack ${stack} passes amtool, as it is mounted`, async () => {
      const { resources } = await offlinePreview(testStack(stack));
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

  it("with receivers of every kind, routes, time intervals and inhibition passes amtool", async () => {
    const file = join(folder, "everything.yaml");
    writeFileSync(file, stringify(configOf(everything)));
    const said = await run(await hostTool("amtool"), ["check-config", file]);
    assert.match(said, /SUCCESS/);
    assert.match(said, / - 12 receivers\n/);
  });

  it("goes by the routes of the settings, and never past Watchdog's and that of severity none", async () => {
    const file = join(folder, "own-routes.yaml");
    writeFileSync(file, stringify(configOf(everything)));
    const amtool = await hostTool("amtool");
    const route = async (...labels: string[]) =>
      (await run(amtool, ["config", "routes", "test", `--config.file=${file}`, ...labels])).trim();
    assert.equal(await route("alertname=Watchdog", "severity=none", "to=chat"), "heartbeat");
    assert.equal(await route("alertname=InfoInhibitor", "severity=none", "to=chat"), "null");
    assert.equal(await route("alertname=LokiDown", "severity=critical", "namespace=Test-1"), "null");
    assert.equal(await route("alertname=LokiDown", "severity=critical", 'message="say \\"x\\""'), "on-call,phone");
    assert.equal(await route("alertname=LokiDown", "severity=critical", "namespace=shop"), "phone");
    for (const name of Object.keys(receivers)) assert.equal(await route("alertname=A", `to=${name}`), name);
    assert.equal(await route("alertname=LokiDown"), "notifications");
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
      authorization?: string;
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
          calls.push({
            at: Date.now(),
            path: request.url ?? "",
            authorization: request.headers.authorization,
            alerts: JSON.parse(body).alerts,
          });
          response.end();
        });
      });
      await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
      const receiverUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
      const files = {
        "heartbeat-url": `${receiverUrl}/heartbeat`,
        "ntfy.token": "a-bearer-token",
        "matrix.url": `${receiverUrl}/matrix`,
        "matrix.password": "a-password",
      };
      for (const [key, text] of Object.entries(files)) writeFileSync(join(folder, key), `${text}\n`);
      const config = configOf({
        webhook: `${receiverUrl}/notify`,
        heartbeat: true,
        groupWait: "1s",
        groupInterval: "2s",
        heartbeatInterval: "2s",
        receivers: {
          ntfy: { kind: "webhook", url: `${receiverUrl}/ntfy`, authorization: "bearer" },
          matrix: receivers.matrix,
        },
        routes: [
          { receiver: "ntfy", matchers: ['team="shop"'], continue: true },
          { receiver: "ntfy", matchers: ['team="muted"'], muteTimeIntervals: ["always"] },
          { receiver: "ntfy", matchers: ['team="active"'], activeTimeIntervals: ["always"] },
          { receiver: "matrix", matchers: ['team="shop"'] },
        ],
        timeIntervals: { always: { times: [{ start: "00:00", end: "24:00" }], location: "UTC" } },
        infoInhibitor: true,
      });
      const text = stringify(config).replaceAll("/etc/alertmanager/secrets", folder);
      writeFileSync(join(folder, "running.yaml"), text);
      const port = await freePort();
      url = `http://127.0.0.1:${port}`;
      server = await startServer(
        await hostTool("alertmanager"),
        [
          ...["--config.file=running.yaml", "--storage.path=data", `--web.listen-address=127.0.0.1:${port}`],
          ...["--cluster.listen-address=", "--enable-feature=receiver-name-in-metrics", "--log.level=debug"],
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
      const beats = await until("six calls", 180, async () =>
        of("/heartbeat").length >= 6 ? of("/heartbeat") : undefined,
      );
      // On a busy machine a call may come late: Alertmanager says itself when it looked at the alert, and whether it told of it.
      const steps = [...server.said().matchAll(/msg=(flushing|"Notify success").*Watchdog/g)].map(([, what]) => what);
      assert.ok(steps.length >= 8, server.said());
      const after = (what: string) => (what === "flushing" ? '"Notify success"' : "flushing");
      for (const [i, what] of steps.slice(1).entries()) assert.equal(what, after(steps[i]), steps.join(" "));
      const gaps = beats.slice(1).map(({ at }, i) => at - beats[i].at);
      assert.ok(Math.min(...gaps) < 3500, `${gaps.join(", ")} ms between calls of an interval of 2 s`);
    });

    it("tells of the critical alert and of the other namespace's warning, and not of the warning that repeats it", async () => {
      const told = await until("both groups", 180, async () => {
        const alerts = of("/notify").flatMap((call) => call.alerts.map(({ labels }) => labels));
        return new Set(alerts.map(({ namespace }) => namespace)).size === 2 ? alerts : undefined;
      });
      const said = new Set(told.map(({ namespace, severity }) => `${namespace} ${severity}`));
      assert.deepEqual([...said].sort(), ["one critical", "two warning"]);
    });

    it("notifies a webhook with the token, or with user and password, that its file has", async () => {
      await send({ alertname: "ShopDown", severity: "critical", team: "shop" });
      const [ntfy, matrix] = await until("both webhooks", 180, async () => {
        const both = ["/ntfy", "/matrix"].map((path) => of(path)[0]);
        return both.every(Boolean) ? both : undefined;
      });
      assert.equal(ntfy.authorization, "Bearer a-bearer-token");
      assert.equal(matrix.authorization, `Basic ${Buffer.from("bridge:a-password").toString("base64")}`);
      for (const { alerts } of [ntfy, matrix]) assert.equal(alerts[0].labels.alertname, "ShopDown");
      assert.deepEqual(
        of("/notify").filter(({ alerts }) => alerts[0].labels.alertname === "ShopDown"),
        [],
      );
    });

    it("notifies nobody in a muted time, and in an active one the receiver", async () => {
      await send({ alertname: "Muted", severity: "warning", team: "muted" });
      await send({ alertname: "Active", severity: "warning", team: "active" });
      const named = (name: string) => calls.filter(({ alerts }) => alerts[0].labels.alertname === name);
      await until("the alert of the active time", 180, async () => (named("Active").length > 0 ? true : undefined));
      // The muted one came first and waits as long: it counts as suppressed when its group was flushed.
      await until("the other to be muted", 180, async () =>
        /alertmanager_notifications_suppressed_total\{reason="mute_time_interval"\} [1-9]/.test(
          await (await fetch(`${url}/metrics`)).text(),
        )
          ? true
          : undefined,
      );
      assert.deepEqual(named("Muted"), []);
    });

    it("tells of an info alert only where InfoInhibitor doesn't fire", async () => {
      await send({ alertname: "InfoInhibitor", severity: "none", namespace: "quiet" });
      await send({ alertname: "Info", severity: "info", namespace: "quiet" });
      await send({ alertname: "Info", severity: "info", namespace: "loud" });
      const told = await until("the alert of the other namespace", 180, async () => {
        const of = calls.flatMap(({ alerts }) => alerts.filter(({ labels }) => labels.alertname === "Info"));
        return of.length > 0 ? of : undefined;
      });
      assert.deepEqual([...new Set(told.map(({ labels }) => labels.namespace))], ["loud"]);
      const alerts = await (
        await fetch(`${url}/api/v2/alerts?filter=alertname="Info"&filter=namespace="quiet"`)
      ).json();
      assert.equal((alerts as { status: { state: string } }[])[0].status.state, "suppressed");
    });

    it("doesn't call the dead man's switch when Watchdog is over", async () => {
      await send({ alertname: "Watchdog", severity: "none" }, new Date());
      // The next alert's notification comes after the tick in which Watchdog's end would have been told.
      await send({ alertname: "AfterWatchdog", severity: "warning" });
      await until("the next alert", 180, async () =>
        of("/notify").some(({ alerts }) => alerts[0].labels.alertname === "AfterWatchdog") ? true : undefined,
      );
      await until("Alertmanager has dropped Watchdog", 180, async () =>
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
