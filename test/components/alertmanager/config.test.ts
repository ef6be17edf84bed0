import assert from "node:assert/strict";
import { stringify } from "yaml";
import {
  alertmanagerConfig,
  secretFiles,
  type AlertmanagerConfig,
  type AlertmanagerConfigArgs,
  type Route,
} from "../../../components/alertmanager/config";
import { settingsSchema } from "../../../config/schema";

const config = (settings: Partial<AlertmanagerConfigArgs> = {}): AlertmanagerConfig =>
  alertmanagerConfig(settingsSchema.parse({ alertmanager: settings }).alertmanager);

const everything = { pushover: true, heartbeat: true, webhook: "http://counter.test:8080/" };
const receiver = (of: AlertmanagerConfig, name: string) => of.receivers.find((each) => each.name === name);

/** The receiver of an alert: the first route whose matchers all hold, as Alertmanager chooses it. Equality matchers only. */
function receiverOf(labels: Record<string, string>, { route }: AlertmanagerConfig): string {
  const holds = ({ matchers = [] }: Route) =>
    matchers.every((matcher) => {
      const [, label, value] = /^(\w+)="(.*)"$/.exec(matcher) ?? assert.fail(`not an equality: ${matcher}`);
      return labels[label] === value;
    });
  return (route.routes?.find(holds) ?? route).receiver;
}

describe("Alertmanager's configuration", () => {
  it("tells Pushover and the webhook of every alert, whatever its severity", () => {
    for (const severity of ["critical", "warning", "info"]) {
      assert.equal(receiverOf({ alertname: "LokiDown", severity }, config(everything)), "notifications");
    }
    const notifications = receiver(config(everything), "notifications");
    assert.equal(notifications?.pushover_configs?.length, 1);
    assert.equal(notifications?.webhook_configs?.length, 1);
  });

  it("sends Watchdog to the dead man's switch, and to nobody where there is none", () => {
    const watchdog = { alertname: "Watchdog", severity: "none" };
    assert.equal(receiverOf(watchdog, config(everything)), "heartbeat");
    assert.equal(receiverOf(watchdog, config({ pushover: true })), "null");
  });

  it("tells nobody of severity none", () => {
    assert.equal(receiverOf({ alertname: "InfoInhibitor", severity: "none" }, config(everything)), "null");
  });

  it("has a receiver that tells nobody when none is set, so that it starts all the same", () => {
    const of = config();
    assert.equal(of.route.receiver, "null");
    assert.deepEqual(of.receivers, [{ name: "null" }]);
  });

  it("names only receivers that it has", () => {
    for (const settings of [{}, { pushover: true }, { heartbeat: true }, { webhook: everything.webhook }, everything]) {
      const of = config(settings);
      const names = of.receivers.map(({ name }) => name);
      for (const { receiver } of [of.route, ...(of.route.routes ?? [])]) assert(names.includes(receiver));
      assert.equal(new Set(names).size, names.length);
    }
  });

  it("reads every secret from a file, and mounts the files that it reads and no others", () => {
    for (const settings of [{}, { pushover: true }, { heartbeat: true }, everything]) {
      const { alertmanager } = settingsSchema.parse({ alertmanager: settings });
      const read = [...stringify(config(settings)).matchAll(/\/etc\/alertmanager\/secrets\/([\w-]+)/g)];
      assert.deepEqual(read.map(([, file]) => file).sort(), secretFiles(alertmanager).sort());
    }
    assert.doesNotMatch(stringify(config(everything)), /^\s*(token|user_key):/m);
  });

  it("doesn't call the dead man's switch when Watchdog ends, which would count as a sign of life", () => {
    assert.equal(receiver(config(everything), "heartbeat")?.webhook_configs?.[0].send_resolved, false);
  });

  it("repeats the heartbeat at every tick: its repeat interval is shorter than its group interval", () => {
    const route = config({ ...everything, heartbeatInterval: "5m" }).route.routes?.[0];
    assert.equal(route?.group_interval, "5m");
    assert.equal(route?.repeat_interval, "150000ms");
  });

  it("groups and waits as the settings say", () => {
    const { route } = config({ groupBy: ["alertname"], groupWait: "1s", groupInterval: "2m", repeatInterval: "4h" });
    assert.deepEqual(
      [route.group_by, route.group_wait, route.group_interval, route.repeat_interval],
      [["alertname"], "1s", "2m", "4h"],
    );
  });

  it("keeps a warning quiet while the same alert is critical in the same namespace and cluster", () => {
    const [critical, warning] = config().inhibit_rules;
    assert.deepEqual(critical, {
      source_matchers: ['severity="critical"'],
      target_matchers: ['severity=~"warning|info"'],
      equal: ["alertname", "namespace", "cluster"],
    });
    assert.deepEqual(
      [warning.source_matchers, warning.target_matchers],
      [['severity="warning"'], ['severity=~"info"']],
    );
  });
});
