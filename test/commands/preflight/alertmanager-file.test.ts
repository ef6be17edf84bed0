import assert from "node:assert/strict";
import { judge } from "../../../commands/preflight/alertmanager-file";
import { refused, taken } from "./alertmanager-files";

const said = (text: string, files: string[] = []) =>
  judge(text, files).problems.map(
    ({ key, what, allowed }) => `${key}: ${what}${allowed ? ` (allowed: ${allowed})` : ""}`,
  );

const receivers = (...names: string[]) =>
  `receivers: [${names.map((name) => `{ name: ${name}, webhook_configs: [{ url: "http://${name}" }] }`).join(", ")}]\n`;

describe("an Alertmanager configuration of one's own", () => {
  for (const [name, text] of Object.entries(taken)) {
    it(`is taken with ${name}`, () => assert.deepEqual(said(text), []));
  }

  for (const [name, { text, says }] of Object.entries(refused)) {
    it(`is refused with ${name}, and no secret of it is shown`, () => {
      const problems = said(text);
      assert.ok(
        problems.some((each) => says.test(each)),
        problems.join("\n"),
      );
      assert.ok(!problems.join().includes("hunter2"), problems.join("\n"));
    });
  }

  it("names files of its Secret that are there", () => {
    const text = `
route: { receiver: a }
templates: [/etc/alertmanager/config/*.tmpl, /etc/alertmanager/config/more.tmpl]
receivers: [{ name: a, webhook_configs: [{ url_file: /etc/alertmanager/config/url, http_config: { tls_config: { ca_file: /etc/ssl/x } } }] }]`;
    assert.deepEqual(said(text, ["url", "more.tmpl"]), []);
    assert.deepEqual(said(text, ["more.tmpl"]), [
      "receivers[0].webhook_configs[0].url_file: names the file url, but the Secret has no such key (allowed: more.tmpl)",
    ]);
  });

  it("tells a dead man's switch of Watchdog, and nobody else", () => {
    const doubts = (routes: string) =>
      judge(`route: { receiver: phone, routes: [${routes}] }\n${receivers("phone", "switch")}`, []).doubts;
    assert.deepEqual(doubts("{ receiver: switch, matchers: ['alertname=~\"(?i:watchdog)\"'] }"), []);
    assert.match(
      doubts("{ receiver: switch, matchers: [severity=critical] }").join(),
      /^Watchdog, .* goes to "phone", like other alerts/,
    );
    const nobody = `route: { receiver: none, routes: [{ receiver: phone, match_re: { severity: .+ing } }] }\n${receivers("phone").replace("[", "[{ name: none }, ")}`;
    assert.match(judge(nobody, []).doubts.join(), /^Watchdog, .* has no receiver/);
  });

  it("has no receiver, time interval or route that is never used", () => {
    const text = `
route:
  receiver: switch
  routes:
    - { receiver: phone, matchers: [a=b] }
    - { receiver: phone }
    - { receiver: phone, matchers: [c=d] }
${receivers("switch", "phone", "desk")}
time_intervals: [{ name: night, time_intervals: [{ weekdays: [sunday] }] }]`;
    assert.deepEqual(judge(text, []).doubts.slice(0, 3), [
      'receiver "desk" is never notified: no route leads to it',
      'time interval "night" is not used',
      "route.routes[2] is never reached: route.routes[1] matches every alert",
    ]);
  });
});
