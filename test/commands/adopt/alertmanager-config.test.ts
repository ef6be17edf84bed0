import assert from "node:assert/strict";
import { translate } from "../../../commands/adopt/alertmanager-config";
import { isRead } from "../../../commands/shared/alertmanager-configs";
import { checkSettings } from "../../../settings/check";
import { today } from "./look";

const of = (spec: object) => ({ metadata: { namespace: "shop", name: "team" }, spec });
const key = (name: string, key = "token") => ({ name, key });
const is = (name: string, value: string, matchType = "=") => ({ name, value, matchType });
const phone = { name: "phone", pushoverConfigs: [{ token: key("pushover"), userKey: key("pushover", "user") }] };
const webhook = (name: string) => ({ name, webhookConfigs: [{ url: `http://${name}:8080/` }] });

/** What it says in the settings, which accept it. */
function said(spec: object, enforced = true) {
  const { secrets, obstacles, ...alertmanager } = translate(of(spec), enforced);
  assert.deepEqual(obstacles, []);
  const given = secrets.length > 0 ? undefined : checkSettings({ alertmanager }, { now: today }).problems;
  assert.deepEqual(given ?? [], []);
  return { secrets, ...alertmanager };
}
const obstacles = (spec: object) => translate(of(spec), true).obstacles.join("\n");

describe("An AlertmanagerConfig in the words of the settings", () => {
  it("notifies of its namespace's alerts, lets them go on to others, and names where each secret is", () => {
    const spec = { route: { receiver: "phone", groupBy: ["alertname"], repeatInterval: "4h" }, receivers: [phone] };
    const { receivers, routes, secrets } = said(spec);
    assert.deepEqual(receivers, { "shop-team-phone": { kind: "pushover", sendResolved: true } });
    assert.deepEqual(routes, [
      {
        ...{ receiver: "shop-team-phone", matchers: ['namespace="shop"'], continue: true },
        ...{ groupBy: ["alertname"], repeatInterval: "4h" },
      },
    ]);
    assert.deepEqual(secrets, [
      "receivers.shop-team-phone.token: Secret shop/pushover, key token",
      "receivers.shop-team-phone.userKey: Secret shop/pushover, key user",
    ]);
    assert.deepEqual(said(spec, false).routes[0].matchers, []);
  });

  it("keeps each kind's fields, and Alertmanager's own default for alerts that are over", () => {
    const receivers = [
      { name: "a", slackConfigs: [{ apiURL: key("s"), channel: "#shop" }] },
      {
        name: "b",
        emailConfigs: [
          { to: "a@example.org, b@example.org", from: "c@example.org", smarthost: "smtp.example.org:587" },
          { to: "d@example.org", from: "c@example.org", smarthost: "smtp.example.org:587", requireTLS: false },
        ],
      },
      { name: "c", telegramConfigs: [{ botToken: key("t"), chatID: -5, parseMode: "HTML", sendResolved: false }] },
      {
        name: "d",
        webhookConfigs: [
          { url: "http://ntfy/", maxAlerts: 0, httpConfig: { authorization: { credentials: key("n") } } },
        ],
      },
    ];
    const found = said({ route: { receiver: "b" }, receivers });
    const server = { from: "c@example.org", smarthost: "smtp.example.org:587" };
    assert.deepEqual(found.receivers, {
      "shop-team-a": { kind: "slack", channel: "#shop", sendResolved: false },
      "shop-team-b-email": {
        ...{ kind: "email", to: ["a@example.org", "b@example.org"], ...server, sendResolved: false },
      },
      "shop-team-b-email-2": {
        kind: "email",
        to: ["d@example.org"],
        ...server,
        requireTls: false,
        sendResolved: false,
      },
      "shop-team-c": { kind: "telegram", chatId: -5, sendResolved: false },
      "shop-team-d": { kind: "webhook", url: "http://ntfy/", authorization: "bearer", sendResolved: true },
    });
    assert.deepEqual(
      found.routes.map(({ receiver }) => receiver),
      ["shop-team-b-email", "shop-team-b-email-2"],
    );
    assert.ok(found.secrets.includes("receivers.shop-team-d.token: Secret shop/n, key token"));
  });

  it("copies no address that may be a secret", () => {
    const url = "https://hooks.slack.com/services/T0/B0/hunter2";
    const { receivers, secrets } = said({
      route: { receiver: "x" },
      receivers: [{ name: "x", webhookConfigs: [{ url }] }],
    });
    assert.deepEqual(receivers, { "shop-team-x": { kind: "webhook", sendResolved: true } });
    assert.deepEqual(secrets, ["receivers.shop-team-x.url: in the object itself"]);
  });

  it("makes a list of a tree: what a branch takes, its parent and the next branches don't", () => {
    const routes = [
      { receiver: "night", matchers: [is("severity", "critical")], groupWait: "0s" },
      { receiver: "log", matchers: [is("app", "a|b", "=~")], continue: true },
      { matchers: [{ name: "to", value: "nobody" }] },
    ];
    const receivers = [webhook("night"), webhook("log"), webhook("day")];
    const found = said({ route: { receiver: "day", groupWait: "1m", matchers: [is("team", "x")], routes }, receivers });
    const every = ['team="x"', 'namespace="shop"'].sort();
    assert.deepEqual(
      found.routes.map(({ receiver, matchers, groupWait }) => [
        receiver,
        (matchers as string[]).filter((each) => !every.includes(each)),
        groupWait,
      ]),
      [
        ["shop-team-night", ['severity="critical"'], "0s"],
        ["shop-team-log", ['severity!="critical"', 'app=~"a|b"'], "1m"],
        ["shop-team-day", ['severity!="critical"', 'to="nobody"'], "1m"],
        ["shop-team-day", ['severity!="critical"', 'app!~"a|b"', 'to!="nobody"'], "1m"],
      ],
    );
    assert.ok(
      found.routes.every(({ continue: goesOn, matchers }) => goesOn && (matchers as string[]).includes(every[0])),
    );
  });

  it("has its time intervals and inhibitions, also of its namespace only", () => {
    const times = [{ startTime: "22:00", endTime: "24:00" }];
    const found = said({
      route: { receiver: "day", muteTimeIntervals: ["night"] },
      receivers: [webhook("day")],
      muteTimeIntervals: [
        {
          name: "night",
          timeIntervals: [{ times, weekdays: ["monday:friday"] }, { daysOfMonth: [{ start: 1, end: 5 }] }],
        },
      ],
      inhibitRules: [{ sourceMatch: [is("alertname", "Down")], targetMatch: [is("job", "a.*", "=~")], equal: ["pod"] }],
    });
    assert.deepEqual(found.timeIntervals, {
      "shop-team-night-1": { times: [{ start: "22:00", end: "24:00" }], weekdays: ["monday:friday"] },
      "shop-team-night-2": { daysOfMonth: ["1:5"] },
    });
    assert.deepEqual(found.routes[0].muteTimeIntervals, ["shop-team-night-1", "shop-team-night-2"]);
    assert.deepEqual(found.inhibitRules, [
      {
        sourceMatchers: ['alertname="Down"', 'namespace="shop"'],
        targetMatchers: ['job=~"a.*"', 'namespace="shop"'],
        equal: ["pod"],
      },
    ]);
  });

  it("says what the settings have no words for, by name", () => {
    const route = { receiver: "x" };
    const one = (kind: string, config: object) => ({ route, receivers: [{ name: "x", [kind]: [config] }] });
    assert.match(
      obstacles(one("opsgenieConfigs", { apiKey: key("o") })),
      /^receiver x: .* no receiver of kind opsgenie$/m,
    );
    assert.match(obstacles(one("pushoverConfigs", { ...phone.pushoverConfigs[0], sound: "siren" })), /have no sound/);
    assert.match(
      obstacles(one("webhookConfigs", { url: "http://a/", httpConfig: { basicAuth: { username: key("u") } } })),
      /from httpConfig, the settings only support/,
    );
    assert.match(obstacles(one("emailConfigs", { to: "a@example.org" })), /smarthost/);
    const both = [is("a", "1"), is("b", "2")];
    assert.match(
      obstacles({ route: { ...route, routes: [{ receiver: "x", matchers: both }] }, receivers: [webhook("x")] }),
      /several matchers/,
    );
    assert.match(obstacles({ receivers: [webhook("x")] }), /it has no route/);
  });

  it("is read where Alertmanager has all of its receivers, by the operator's names or by those of the settings", () => {
    const object = of({ receivers: [phone, webhook("day")] });
    assert.ok(isRead(object, ["shop-team-phone", "shop-team-day", "other"]));
    assert.ok(isRead(object, ["shop/team/phone", "shop/team/day"]));
    assert.ok(!isRead(object, ["shop-team-phone"]));
  });
});
