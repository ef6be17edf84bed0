import { posix } from "node:path";
import { LineCounter, parseDocument, visit } from "yaml";
import { z } from "zod";
import { isMap } from "../../engine/json";
import { explain } from "../../settings/explain";
import { parseMatchers } from "../../settings/matchers";
import { nearest } from "../../settings/nearest";
import { show, type Problem } from "../../settings/problem";
import { isRegex } from "../../settings/regex";
import { configurationDirectory } from "../../settings/sections/alerting";
import {
  groupedBy,
  hasRegexes,
  interval,
  isRange,
  noRange,
  timeOfDay,
  unreadable,
} from "../../settings/sections/routes";
import { duration, durationOrZero } from "../../settings/values";
import { integrationsOf, waysOf, type Configuration } from "../shared/alertmanager-routes";

/**
 * What Alertmanager would say of a configuration file of one's own, as far as it can be said without it: everything but what is inside a receiver and
 * `global`. That is also where secrets are, so nothing of it is shown.
 * @see https://github.com/prometheus/alertmanager/blob/v0.34.0/config/config.go
 */
export interface Judged {
  /** Alertmanager would refuse the file for each of these. */
  problems: Problem[];
  /** It would accept the file, and do what nobody can want. */
  doubts: string[];
}

const one = <T extends z.ZodType>(of: T) => z.array(of).optional();
const names = one(z.string());
const matchers = one(
  z
    .string()
    .refine((v) => parseMatchers(v) !== undefined, { error: "is not a matcher", abort: true })
    .refine(hasRegexes, unreadable)
    .meta({ allowed: 'label="value", with =, !=, =~ or !~', example: 'severity=~"critical|warning"' }),
);
const equal = z.record(z.string(), z.string()).optional();
const regex = z.string().refine(isRegex, unreadable).meta({
  allowed: "a regular expression of RE2, which has no look-around and no back-references",
  example: "shop|blog",
});
const regexes = z.record(z.string(), regex).optional();

/** Booleans of YAML 1.1, which Alertmanager reads. */
const yes = ["true", "yes", "on", "y"];
const no = ["false", "no", "off", "n"];

/** A route without those below it. */
const route = z.strictObject({
  receiver: z.string().optional(),
  // Since 0.27 any text can be a label's name.
  group_by: groupedBy((text) => text !== "").optional(),
  match: equal,
  match_re: regexes,
  matchers,
  mute_time_intervals: names,
  active_time_intervals: names,
  continue: z
    .string()
    .refine((v) => [...yes, ...no].includes(v.toLowerCase()), "is not true or false")
    .transform((v) => yes.includes(v.toLowerCase()))
    .optional(),
  routes: one(z.unknown()),
  group_wait: z.preprocess((v) => (v === "0" ? "0s" : v), durationOrZero).optional(),
  group_interval: duration.optional(),
  repeat_interval: duration.optional(),
  labels: equal,
});

const { weekdays, daysOfMonth, months, years } = interval.shape;
const time = z.strictObject({
  times: one(
    z
      .strictObject({ start_time: timeOfDay, end_time: timeOfDay })
      .refine(({ start_time, end_time }) => isRange(start_time, end_time), noRange),
  ),
  weekdays,
  days_of_month: daysOfMonth,
  months,
  years,
  location: z
    .string()
    .refine((v) => v === "Local" || interval.shape.location.safeParse(v).success, "is not a time zone")
    .meta({ allowed: "a name of the IANA time zone database, in its spelling, or Local", example: "Europe/Berlin" })
    .optional(),
});
const times = one(z.strictObject({ name: z.string().min(1), time_intervals: z.array(time).default([]) }));

/** Kinds of receiver that Alertmanager 0.34 knows. */
const kinds = (
  "discord email incidentio pagerduty slack webhook opsgenie wechat pushover victorops sns telegram webex msteams msteamsv2 jira " +
  "rocketchat mattermost"
).split(" ");
const receiver = z.strictObject({
  name: z.string().min(1),
  labels: equal,
  ...Object.fromEntries(kinds.map((kind) => [`${kind}_configs`, one(z.record(z.string(), z.unknown()))])),
});

const file = z.strictObject({
  global: z.record(z.string(), z.unknown()).optional(),
  route: z.record(z.string(), z.unknown()),
  inhibit_rules: one(
    z.strictObject({
      ...{ name: z.string().optional(), equal: names },
      ...{ source_match: equal, source_match_re: regexes, source_matchers: matchers },
      ...{ target_match: equal, target_match_re: regexes, target_matchers: matchers },
    }),
  ),
  receivers: z.array(receiver).default([]),
  templates: names,
  mute_time_intervals: times,
  time_intervals: times,
  tracing: z.unknown().optional(),
  event_recorder: z.unknown().optional(),
});

/** A route where it stands, with those below it. */
interface Node {
  /** Such as `route.routes[0]`. */
  key: string;
  raw: Record<string, unknown>;
  route: z.output<typeof route>;
  problems: Problem[];
  below: Node[];
}

/**
 * Judges a configuration file of Alertmanager's.
 * @param text the file
 * @param files names of the files beside it
 */
export function judge(text: string, files: readonly string[]): Judged {
  const { raw, problems: unread } = read(text);
  if (unread.length > 0) return { problems: unread, doubts: [] };
  const parsed = file.safeParse(raw);
  const root = nodeOf(raw.route, "route");
  const all = [root, ...under(root)];
  const problems = [
    ...(parsed.error ? explain(parsed.error.issues, { schema: file, raw, isSecret: mayBeSecret }) : []),
    ...(raw.route === undefined ? [] : [...all.flatMap((each) => each.problems), ...rootProblems(root)]),
    ...nameProblems(raw, all),
    ...missingFiles(raw, files),
  ];
  if (problems.length > 0 || !parsed.data) return { problems, doubts: [] };
  const configuration = { route: whole(root), receivers: parsed.data.receivers } as Configuration;
  return { problems, doubts: [...idle(raw, configuration, all), ...watchdogDoubts(configuration)] };
}

/** Alertmanager reads scalars as the texts that they are where it wants text, and takes what is empty for what is not there. */
function read(text: string): { raw: Record<string, unknown>; problems: Problem[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { merge: true, prettyErrors: false, lineCounter: lines });
  // Only the first of several documents is read. A message of the parser's may have parts of the file in it.
  const problems = document.errors
    .filter(({ code }) => code !== "MULTIPLE_DOCS")
    .map(({ code, pos }) => {
      const { line, col } = lines.linePos(pos[0]);
      return { key: `line ${line}, column ${col}`, what: `is not YAML: ${code.toLowerCase().replaceAll("_", " ")}` };
    });
  if (problems.length > 0) return { raw: {}, problems };
  visit(document, {
    Scalar: (_, scalar) => {
      if (scalar.value !== null) scalar.value = scalar.source ?? scalar.value;
    },
  });
  try {
    const raw: unknown = withoutEmpty(document.toJS());
    if (isMap<unknown>(raw)) return { raw, problems: [] };
    return { raw: {}, problems: [{ key: "the file", what: "is not a map with route and receivers" }] };
  } catch {
    return { raw: {}, problems: [{ key: "the file", what: "has an alias without an anchor, or too many aliases" }] };
  }
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (!isMap<unknown>(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) => (each === null ? [] : [[key, withoutEmpty(each)]])),
  );
}

const open = ["route", "inhibit_rules", "mute_time_intervals", "time_intervals"];
const mayBeSecret = ([first]: readonly PropertyKey[]) => !open.includes(String(first));

function nodeOf(raw: unknown, key: string): Node {
  const { data, error } = route.safeParse(raw);
  const map = isMap<unknown>(raw) ? raw : {};
  const found = error ? explain(error.issues, { schema: route, raw, isSecret: () => false }) : [];
  return {
    key,
    raw: map,
    route: data ?? {},
    problems: found.map((each) => ({ ...each, key: [key, each.key].filter(Boolean).join(".") })),
    below: list(map.routes).map((each, i) => nodeOf(each, `${key}.routes[${i}]`)),
  };
}

const under = ({ below }: Node): Node[] => below.flatMap((each) => [each, ...under(each)]);
const whole = ({ route, below }: Node): object => ({ ...route, routes: below.map(whole) });
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const nameIn = (value: unknown): string[] =>
  isMap<unknown>(value) && typeof value.name === "string" ? [value.name] : [];

/** The root takes every alert at any time. */
function rootProblems({ raw }: Node): Problem[] {
  const narrow = ["match", "match_re", "matchers", "mute_time_intervals", "active_time_intervals", "continue"] as const;
  return [
    ...(raw.receiver ? [] : [{ key: "route.receiver", what: "is missing: the first route needs one" }]),
    ...narrow
      .filter((key) => isSet(raw[key]))
      .map((key) => ({ key: `route.${key}`, what: "is not allowed in the first route, which matches every alert" })),
  ];
}

const isSet = (value: unknown): boolean =>
  typeof value === "string" ? !no.includes(value.toLowerCase()) : Object.keys(value ?? {}).length > 0;

/** Receivers and time intervals: each has one name, and what a route names is there. */
function nameProblems(raw: Record<string, unknown>, routes: readonly Node[]): Problem[] {
  const receivers = list(raw.receivers).flatMap(nameIn);
  const intervals = intervalsIn(raw);
  const named = routes.flatMap(({ key, raw: each }) => [
    ...(typeof each.receiver === "string" && each.receiver !== ""
      ? [{ key: `${key}.receiver`, name: each.receiver, of: receivers, what: "receiver" }]
      : []),
    ...timeKeys.flatMap((time) =>
      list(each[time]).map((name, i) => ({
        ...{ key: `${key}.${time}[${i}]`, name: String(name), of: intervals, what: "time interval" },
      })),
    ),
  ]);
  return [
    ...twice(receivers).map((name) => ({ key: "receivers", what: `has several named ${show(name)}` })),
    ...twice(intervals).map((name) => ({ key: "time_intervals", what: `has several named ${show(name)}` })),
    ...named
      .filter(({ name, of }) => !of.includes(name))
      .map(({ key, name, of, what }) => {
        const near = nearest(name, of);
        const allowed = of.length > 0 ? [...new Set(of)].join(", ") : `none: the file has no ${what}s`;
        return { key, what: `there is no ${what} ${show(name)}${near ? `; did you mean ${near}?` : ""}`, allowed };
      }),
  ];
}

const timeKeys = ["mute_time_intervals", "active_time_intervals"] as const;
const intervalsIn = (raw: Record<string, unknown>): string[] =>
  [...list(raw.mute_time_intervals), ...list(raw.time_intervals)].flatMap(nameIn);
const twice = (all: readonly string[]): string[] => [...new Set(all.filter((name, i) => all.indexOf(name) < i))];

/** Files that the configuration names, in the folder where the Secret's keys are. */
function missingFiles(raw: Record<string, unknown>, files: readonly string[]): Problem[] {
  return textsIn({ global: raw.global, receivers: raw.receivers, templates: raw.templates }, "")
    .filter(([, text]) => posix.dirname(text) === configurationDirectory && !text.includes("*"))
    .filter(([, text]) => !files.includes(posix.basename(text)))
    .map(([key, text]) => ({
      key,
      what: `names the file ${posix.basename(text)}, but the Secret has no such key`,
      allowed: files.join(", "),
    }));
}

function textsIn(value: unknown, key: string): [key: string, text: string][] {
  if (typeof value === "string") return [[key, value]];
  if (Array.isArray(value)) return value.flatMap((each, i) => textsIn(each, `${key}[${i}]`));
  if (!isMap<unknown>(value)) return [];
  return Object.entries(value).flatMap(([name, each]) => textsIn(each, key ? `${key}.${name}` : name));
}

/** What is there, and never used. */
function idle(raw: Record<string, unknown>, configuration: Configuration, routes: readonly Node[]): string[] {
  const named = routes.map(({ route }) => route.receiver);
  const times = routes.flatMap(({ route }) => timeKeys.flatMap((key) => route[key] ?? []));
  const behind = routes.flatMap(({ below }) => {
    const last = below.findIndex(({ route }) => !route.continue && takesAll(route));
    return last < 0
      ? []
      : below.slice(last + 1).map(({ key }) => `${key} is never reached: ${below[last].key} matches every alert`);
  });
  return [
    ...configuration.receivers
      .filter(({ name }) => integrationsOf(configuration, name).length > 0 && !named.includes(name))
      .map(({ name }) => `receiver ${show(name)} is never notified: no route leads to it`),
    ...intervalsIn(raw)
      .filter((name) => !times.includes(name))
      .map((name) => `time interval ${show(name)} is not used`),
    ...behind,
  ];
}

const takesAll = ({ matchers = [], match = {}, match_re = {} }: Node["route"]): boolean =>
  [...matchers, ...Object.keys(match), ...Object.keys(match_re)].length === 0;

/** Watchdog always fires: only a dead man's switch should receive it. */
function watchdogDoubts(configuration: Configuration): string[] {
  const told = (alertname: string, severity: string) =>
    waysOf(configuration, { alertname, severity }).flatMap(({ receiver }) =>
      integrationsOf(configuration, receiver).length > 0 ? [receiver] : [],
    );
  const hears = [...new Set(told("Watchdog", "none"))];
  const others = ["critical", "warning", "info"].flatMap((severity) => told("AnyOther", severity));
  if (hears.length === 0)
    return ["Watchdog, which always fires, has no receiver: you won't notice when alerts stop arriving"];
  return hears
    .filter((name) => others.includes(name))
    .map(
      (name) => `Watchdog, which always fires, goes to ${show(name)}, like other alerts: it is notified of it forever`,
    );
}
