import assert from "node:assert/strict";
import { stringify } from "yaml";
import {
  alertmanagerConfig,
  type AlertmanagerConfig,
  type AlertmanagerConfigArgs,
  type Route,
} from "../../../components/alertmanager/config";
import { receiverFiles } from "../../../settings/receiver-files";
import { settingsSchema } from "../../../settings/schema";
import { receivers as everyReceiver } from "./receivers";

const config = (settings: Partial<AlertmanagerConfigArgs> = {}): AlertmanagerConfig =>
  alertmanagerConfig(settingsSchema.parse({ alertmanager: settings }).alertmanager);

const everything = { pushover: true, heartbeat: true, webhook: "http://counter.test:8080/" };

/** Settings as they come from a stack, not yet parsed. */
const parsed = (alertmanager: object) => alertmanagerConfig(settingsSchema.parse({ alertmanager }).alertmanager);
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
    for (const settings of [
      {},
      { pushover: true },
      { heartbeat: true },
      everything,
      { ...everything, receivers: everyReceiver },
    ]) {
      const { alertmanager } = settingsSchema.parse({ alertmanager: settings });
      const read = [...stringify(parsed(settings)).matchAll(/\/etc\/alertmanager\/secrets\/([\w.-]+)/g)];
      assert.deepEqual(
        read.map(([, file]) => file).sort(),
        receiverFiles(alertmanager)
          .map(({ key }) => key)
          .sort(),
      );
    }
    assert.doesNotMatch(stringify(config(everything)), /^\s*(token|user_key):/m);
  });

  it("has of every kind of receiver what its kind needs, each secret as a file of its own", () => {
    const file = (key: string) => `/etc/alertmanager/secrets/${key}`;
    const { receivers } = parsed({ receivers: everyReceiver });
    const pushover = receiver({ ...config(everything) }, "notifications")?.pushover_configs?.[0];
    assert.deepEqual(receivers.slice(1), [
      {
        name: "phone",
        pushover_configs: [{ ...pushover, token_file: file("phone.token"), user_key_file: file("phone.userKey") }],
      },
      {
        name: "tablet",
        pushover_configs: [
          {
            ...pushover,
            send_resolved: false,
            token_file: file("tablet.token"),
            user_key_file: file("tablet.userKey"),
          },
        ],
      },
      { name: "chat", slack_configs: [{ send_resolved: true, api_url_file: file("chat.url"), channel: "#alerts" }] },
      { name: "guild", discord_configs: [{ send_resolved: true, webhook_url_file: file("guild.url") }] },
      {
        name: "bot",
        telegram_configs: [
          { send_resolved: true, bot_token_file: file("bot.botToken"), chat_id: -1001234567890, message_thread_id: 3 },
        ],
      },
      {
        name: "mail",
        email_configs: [
          {
            send_resolved: true,
            to: "one@example.org, two@example.org",
            from: "alerts@example.org",
            smarthost: "smtp.example.org:587",
            auth_username: "alerts",
            auth_password_file: file("mail.password"),
            require_tls: true,
          },
        ],
      },
      { name: "on-call", pagerduty_configs: [{ send_resolved: true, routing_key_file: file("on-call.routingKey") }] },
      {
        name: "ntfy",
        webhook_configs: [
          {
            send_resolved: true,
            url: "https://ntfy.example.org/alerts?template=alertmanager",
            http_config: { authorization: { credentials_file: file("ntfy.token") } },
          },
        ],
      },
      {
        name: "matrix",
        webhook_configs: [
          {
            send_resolved: true,
            url_file: file("matrix.url"),
            http_config: { basic_auth: { username: "bridge", password_file: file("matrix.password") } },
          },
        ],
      },
    ]);
  });

  it("tries the routes of the settings in their order, after Watchdog's and that of severity none", () => {
    const { route } = parsed({
      ...everything,
      receivers: everyReceiver,
      routes: [
        {
          receiver: "phone",
          matchers: ['severity="critical"'],
          continue: true,
          groupBy: ["alertname"],
          groupWait: "0s",
          groupInterval: "1m",
          repeatInterval: "1h",
          muteTimeIntervals: ["night"],
          activeTimeIntervals: ["week"],
        },
        { receiver: "none", matchers: ['namespace="test"'] },
        { receiver: "notifications" },
      ],
    });
    assert.deepEqual(
      route.routes?.slice(0, 2).map(({ matchers }) => matchers),
      [['alertname="Watchdog"'], ['severity="none"']],
    );
    assert.deepEqual(route.routes?.slice(2), [
      {
        receiver: "phone",
        matchers: ['severity="critical"'],
        group_by: ["alertname"],
        group_wait: "0s",
        group_interval: "1m",
        repeat_interval: "1h",
        mute_time_intervals: ["night"],
        active_time_intervals: ["week"],
        continue: true,
      },
      { receiver: "null", matchers: ['namespace="test"'] },
      { receiver: "notifications" },
    ]);
    assert.equal(route.receiver, "notifications");
  });

  it("has time intervals as the settings name them", () => {
    const times = [{ start: "22:00", end: "24:00" }];
    const { time_intervals } = parsed({
      timeIntervals: {
        night: {
          times,
          weekdays: ["monday:friday"],
          daysOfMonth: ["1:5"],
          months: ["june"],
          years: ["2026"],
          location: "Europe/Berlin",
        },
        sunday: { weekdays: ["sunday"] },
      },
    });
    assert.deepEqual(time_intervals, [
      {
        name: "night",
        time_intervals: [
          {
            times: [{ start_time: "22:00", end_time: "24:00" }],
            weekdays: ["monday:friday"],
            days_of_month: ["1:5"],
            months: ["june"],
            years: ["2026"],
            location: "Europe/Berlin",
          },
        ],
      },
      { name: "sunday", time_intervals: [{ weekdays: ["sunday"] }] },
    ]);
  });

  it("keeps info alerts quiet by InfoInhibitor where that is wanted, and what else the settings say", () => {
    const rule = {
      sourceMatchers: ['alertname="NodeDown"'],
      targetMatchers: ['severity!="critical"'],
      equal: ["node"],
    };
    const [first, second, ...others] = parsed({ infoInhibitor: true, inhibitRules: [rule] }).inhibit_rules;
    assert.deepEqual([first, second], config({ infoInhibitor: false }).inhibit_rules);
    assert.deepEqual([first, second, others[0]], config().inhibit_rules);
    assert.deepEqual(others, [
      {
        source_matchers: ['alertname="InfoInhibitor"'],
        target_matchers: ['severity="info"'],
        equal: ["namespace", "cluster"],
      },
      { source_matchers: rule.sourceMatchers, target_matchers: rule.targetMatchers, equal: ["node"] },
    ]);
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
