import assert from "node:assert/strict";
import type { z } from "zod";
import { receivers } from "../../settings/sections/receivers";
import { inhibitRules, routes, timeIntervals } from "../../settings/sections/routes";
import { linesOf } from "./support";

const address = "home@example.org";
const email = { kind: "email", to: [address], from: address, smarthost: "smtp.example.org:587" };
const time = (each: object) => ({ times: [each] });

/** What each part takes and refuses. */
const parts: Record<string, { schema: z.ZodType; takes: unknown[]; refuses: unknown[] }> = {
  "the name of a receiver": {
    schema: { safeParse: (name: string) => receivers.safeParse({ [name]: { kind: "slack" } }) } as z.ZodType,
    takes: ["phone", "a", "on-call-2"],
    refuses: ["Phone", "2nd", "a.b", "-a", "a-", "", "null", "none", "notifications", "heartbeat", "a".repeat(64)],
  },
  "a receiver": {
    schema: { safeParse: (receiver: object) => receivers.safeParse({ a: receiver }) } as z.ZodType,
    takes: [
      { kind: "pushover" },
      { kind: "slack", channel: "#alerts" },
      { kind: "discord", sendResolved: false },
      { kind: "telegram", chatId: -1001234567890, messageThreadId: 3 },
      email,
      { ...email, username: "home", requireTls: false },
      { kind: "pagerduty" },
      { kind: "webhook" },
      { kind: "webhook", url: "http://hook:8080/", authorization: "bearer" },
    ],
    refuses: [
      { kind: "sms" },
      {},
      { kind: "pushover", token: "t" },
      { kind: "telegram" },
      { kind: "telegram", chatId: 0 },
      { kind: "telegram", chatId: "@home" },
      { ...email, to: [] },
      { ...email, to: ["a@b, c@d"] },
      { ...email, from: "home" },
      { ...email, smarthost: "smtp.example.org" },
      { ...email, password: "p" },
      { kind: "webhook", url: "http://me:pw@hook" },
      { kind: "webhook", authorization: "digest" },
    ],
  },
  "a matcher": {
    schema: { safeParse: (matcher: string) => routes.safeParse([{ receiver: "a", matchers: [matcher] }]) } as z.ZodType,
    takes: [
      'severity="critical"',
      "severity=critical",
      "severity = critical",
      'namespace=~"shop|blog"',
      'a!~"(?i)x.*"',
      'a=~"(?P<n>x)"',
      'a=~"(?i:x)y"',
      'a!=""',
      'a="say \\"x\\""',
      'a=~"\\\\d+\\\\.x{1000}"',
    ],
    refuses: [
      "severity",
      'severity=="x"',
      "a=b c",
      'a="x',
      '1a="x"',
      'a=~"("',
      'a=~"(?=x)"',
      'a=~"(x)\\\\1"',
      'a=~"\\\\y"',
      'a=~"\\\\u0041"',
      'a=~"[a-\\\\d]"',
      'a=~"x{1001}"',
      "",
      "a=",
    ],
  },
  "a time interval": {
    schema: { safeParse: (each: object) => timeIntervals.safeParse({ night: each }) } as z.ZodType,
    takes: [
      time({ start: "22:00", end: "24:00" }),
      time({ start: "00:00", end: "06:30" }),
      { weekdays: ["monday:friday", "sunday"], location: "Europe/Berlin" },
      ...["UTC", "US/Pacific", "Europe/Kyiv", "Etc/GMT+1"].map((location) => ({ location })),
      { daysOfMonth: ["1:5", "-3:-1", "31", "1:-1"] },
      { months: ["june:august", "1:3", "December"], years: ["2026", "2026:2028", 2027] },
    ],
    refuses: [
      time({ start: "22:00", end: "06:00" }),
      time({ start: "22:00", end: "22:00" }),
      time({ start: "9:00", end: "10:00" }),
      time({ start: "22:00", end: "24:01" }),
      time({ start: "22:00" }),
      { weekdays: ["saturday:sunday"] },
      { weekdays: ["mon"] },
      { daysOfMonth: ["0"] },
      { daysOfMonth: ["5:1"] },
      { daysOfMonth: ["-1:1"] },
      { daysOfMonth: ["32"] },
      { months: ["13"] },
      { months: ["june:may"] },
      { months: ["june:july:august"] },
      { years: ["2028:2026"] },
      ...["Mars/Olympus", "europe/berlin", "Europe/BERLIN", "us/pacific", "utc", "+01:00"].map((location) => ({
        location,
      })),
    ],
  },
  "labels to group by": {
    schema: { safeParse: (groupBy: string[]) => routes.safeParse([{ receiver: "a", groupBy }]) } as z.ZodType,
    takes: [[], ["alertname", "namespace"], ["..."]],
    refuses: [["a", "a"], ["a-b"], ["...", "a"], ["...", "..."], [".."]],
  },
  "an inhibition": {
    schema: { safeParse: (rule: object) => inhibitRules.safeParse([rule]) } as z.ZodType,
    takes: [{ sourceMatchers: ["a=b"], targetMatchers: ["c=d"] }],
    refuses: [
      { sourceMatchers: [], targetMatchers: ["c=d"] },
      { sourceMatchers: ["a=b"] },
      { sourceMatchers: ["a=b"], targetMatchers: ["c=d"], equal: ["a-b"] },
      { sourceMatchers: ["a=b"], targetMatchers: ["c=d"], equal: ["a", "a"] },
      { sourceMatchers: ["a=b"], targetMatchers: ["c=d"], equal: ["..."] },
    ],
  },
};

describe("settings of receivers and routes", () => {
  for (const [name, { schema, takes, refuses }] of Object.entries(parts)) {
    it(`take ${name} that Alertmanager takes`, () => {
      for (const value of takes) assert.ok(schema.safeParse(value).success, JSON.stringify(value));
    });

    it(`refuse any other: ${name}`, () => {
      for (const value of refuses) assert.ok(!schema.safeParse(value).success, JSON.stringify(value));
    });
  }

  it("name everything that is wrong at once, each in its place", () => {
    const alertmanager = {
      receivers: { phone: { kind: "pushovr" }, heartbeat: { kind: "discord" } },
      routes: [{ reciever: "phone" }],
      timeIntervals: { night: time({ start: "22:00", end: "06:00" }) },
    };
    assert.deepEqual(linesOf({ alertmanager }), [
      'alertmanager.receivers.phone.kind "pushovr" is not one of the allowed values; did you mean pushover?',
      'alertmanager.receivers.heartbeat the key "heartbeat" is a name that this program uses',
      "alertmanager.routes[0].receiver is missing",
      'alertmanager.routes[0].reciever "phone" is set here, but there is no such setting; did you mean alertmanager.routes[0].receiver?',
      'alertmanager.timeIntervals.night.times[0] {"start":"22:00","end":"06:00"} ends before it starts; split a night in two, until 24:00 and from 00:00',
    ]);
  });

  it("call no receiver and no time interval missing that is there and wrong", () => {
    const alertmanager = {
      receivers: { mail: { kind: "email", to: ["Home <a@b>"], from: "a@b", smarthost: "b:25" } },
      routes: [{ receiver: "mail", muteTimeIntervals: ["night"] }],
      timeIntervals: { night: "always" },
    };
    assert.deepEqual(linesOf({ alertmanager }), [
      'alertmanager.receivers.mail.to[0] "Home <a@b>" is not an e-mail address',
      'alertmanager.timeIntervals.night "always" is text, not an object',
    ]);
  });

  it("don't repeat a secret that stands where none may", () => {
    const [line] = linesOf({ alertmanager: { receivers: { hook: { kind: "webhook", token: "hush" } } } });
    assert.equal(line, "alertmanager.receivers.hook.token [secret] is set here, but there is no such setting");
  });
});
