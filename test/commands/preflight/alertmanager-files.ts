/** Configuration files of Alertmanager's, each with what is wrong in it; `e2e/alertmanager-config.test.ts` asks amtool the same. */

const small = `
route: { receiver: phone, routes: [{ receiver: switch, matchers: [alertname="Watchdog"] }] }
receivers: [{ name: phone, webhook_configs: [{ url: "http://hook" }] }, { name: switch, webhook_configs: [{ url: "http://switch" }] }]
`;

const withRoute = (route: string) => small.replace(/^route: .*$/m, `route: { receiver: phone, routes: [${route}] }`);
const withInterval = (interval: string) => `${small}
time_intervals: [{ name: night, time_intervals: [${interval}] }]`;

/** Files that Alertmanager takes. */
export const taken: Readonly<Record<string, string>> = {
  "the least": small,
  "nested routes, in words of several versions": withRoute(`
    { match: { severity: critical }, continue: yes, group_by: ["..."], group_wait: 0s, repeat_interval: 1d },
    { match_re: { pod: "(?i:x)y" }, routes: [{ receiver: switch, matchers: ['{a="b", "c d"!~"e|f"}', 'g=~(h|i)', 'j=k l'] }] }`),
  "keys that are empty": `${small}\ntemplates:\ninhibit_rules:\nglobal:\n`,
  "an anchor and a merge": `
global: { resolve_timeout: 5m }
route: { receiver: phone, routes: [&one { receiver: phone, matchers: [a=b] }, { <<: *one, continue: true, matchers: [c=d] }] }
receivers: [{ name: phone }]`,
  "all of a time interval": withInterval(`
    { times: [{ start_time: 09:00, end_time: 24:00 }], weekdays: ["monday:friday", sunday], days_of_month: [1, "-3:-1"],
      months: ["june:august", 12], years: [2026, "2026:2028"], location: Local }`),
  "time intervals of the old kind": `${withRoute("{ mute_time_intervals: [night] }")}
mute_time_intervals: [{ name: night, time_intervals: [{ weekdays: [saturday] }] }]`,
  inhibitions: `${small}
inhibit_rules: [{ source_matchers: ['a="b"'], target_match: { c: d }, target_match_re: { e: "f.*" }, equal: [cluster, cluster] }]`,
};

/** Files that it refuses, each with what is said. */
export const refused: Readonly<Record<string, { text: string; says: RegExp }>> = {
  "no YAML": { text: "route: {\n  secret: hunter2", says: /^line 2, column \d+: is not YAML: / },
  "a key twice": { text: `${small}\nreceivers: []`, says: /^line \d+, column 1: is not YAML: duplicate key/ },
  "an alias of nothing": { text: `${small}\nglobal: *hunter2`, says: /alias/ },
  "no map": { text: "hunter2", says: /^the file: is not a map/ },
  "no route": { text: "receivers: [{ name: a }]", says: /^route: is missing/ },
  "a first route without receiver": { text: "route: {}", says: /^route.receiver: is missing/ },
  "a first route with matchers": {
    text: small.replace("receiver: phone,", "receiver: phone, matchers: [a=b],"),
    says: /^route.matchers: is not allowed in the first route/,
  },
  "a first route that continues": {
    text: small.replace("receiver: phone,", "receiver: phone, continue: true,"),
    says: /^route.continue: is not allowed in the first route/,
  },
  "a receiver that is not there": {
    text: withRoute("{ receiver: phon }"),
    says: /^route\.routes\[0\]\.receiver: there is no receiver "phon"; did you mean phone\?/,
  },
  "a receiver that is not there, two routes down": {
    text: withRoute("{ routes: [{ receiver: desk }] }"),
    says: /^route\.routes\[0\]\.routes\[0\]\.receiver: there is no receiver "desk"/,
  },
  "a receiver twice": {
    text: small.replace("name: switch", "name: phone"),
    says: /receivers: has several named "phone"/,
  },
  "a receiver without name": { text: small.replace("name: switch, ", ""), says: /^receivers\[1\]\.name: is missing/ },
  "an unknown kind of receiver": {
    text: small.replace('webhook_configs: [{ url: "http://switch" }]', 'webhooks_configs: [{ url: "http://hunter2" }]'),
    says: /^receivers\[1\]\.webhooks_configs: \[secret\] is set here, but there is no such setting; did you mean .*webhook_configs\?/,
  },
  "a misspelt key of a route": {
    text: withRoute("{ reciever: phone }"),
    says: /^route\.routes\[0\]\.reciever: .*did you mean receiver\?/,
  },
  "a misspelt key of the file": {
    text: `${small}\ninhibit_rule: []`,
    says: /^inhibit_rule: .*did you mean inhibit_rules\?/,
  },
  "no matcher": {
    text: withRoute("{ matchers: [severity] }"),
    says: /^route\.routes\[0\]\.matchers\[0\]: "severity" is not a matcher/,
  },
  "a matcher with an open quote": { text: withRoute(`{ matchers: ['a="b'] }`), says: /is not a matcher/ },
  "a matcher with a regular expression that is none": {
    text: withRoute(`{ matchers: ['a=~"("'] }`),
    says: /regular expression/,
  },
  "look-around": {
    text: withRoute(`{ match_re: { a: "(?=b)" } }`),
    says: /^route\.routes\[0\]\.match_re\.a: .*regular expression/,
  },
  "a regular expression of an inhibition": {
    text: `${small}\ninhibit_rules: [{ source_matchers: ['a=~"x**"'] }]`,
    says: /^inhibit_rules\[0\]\.source_matchers\[0\]: .*regular expression/,
  },
  "a label twice": { text: withRoute("{ group_by: [a, a] }"), says: /names a label twice/ },
  "all labels and one": { text: withRoute(`{ group_by: ["...", a] }`), says: /has \.\.\. together with other labels/ },
  "no duration": {
    text: withRoute("{ group_wait: 30 }"),
    says: /^route\.routes\[0\]\.group_wait: "30" is not a duration/,
  },
  "nothing as interval": {
    text: withRoute("{ repeat_interval: 0s }"),
    says: /repeat_interval: "0s" is not a duration/,
  },
  "a time interval that is not there": {
    text: withRoute("{ active_time_intervals: [night] }"),
    says: /^route\.routes\[0\]\.active_time_intervals\[0\]: there is no time interval "night" \(allowed: none/,
  },
  "a time interval twice": {
    text: `${withInterval("{}")}\nmute_time_intervals: [{ name: night, time_intervals: [] }]`,
    says: /has several named "night"/,
  },
  "a night in one range": {
    text: withInterval("{ times: [{ start_time: 22:00, end_time: 06:00 }] }"),
    says: /ends before it starts/,
  },
  "no time of day": {
    text: withInterval("{ times: [{ start_time: 9:00, end_time: 10:00 }] }"),
    says: /is not a time of day/,
  },
  "no weekday": { text: withInterval("{ weekdays: [mon] }"), says: /is not a day of the week/ },
  "days backwards": { text: withInterval(`{ days_of_month: ["5:1"] }`), says: /is not a day of the month/ },
  "no time zone": {
    text: withInterval("{ location: Mars/Olympus }"),
    says: /^time_intervals\[0\].*"Mars\/Olympus" is not a time zone/,
  },
  "no list": {
    text: small.replace(/^receivers: .*$/m, "receivers: hunter2"),
    says: /^receivers: \[secret\] is text, not a list/,
  },
};
