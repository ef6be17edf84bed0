import { z } from "zod";
import { parseMatchers } from "../matchers";
import { isRegex } from "../regex";
import { duration, durationOrZero, metricLabel, nonEmptyText } from "../values";

/** Which alerts go to which receiver, when, and which are kept quiet. */

const matcherSyntax = /^[a-zA-Z_][a-zA-Z0-9_]*\s*(=~|!~|!=|=)\s*("(?:[^"\\\n]|\\["\\n])*"|[\w.:/-]+)$/;

/** Whether Go can read every regular expression in a text of matchers, and what is said where it can't. */
export const hasRegexes = (text: string): boolean =>
  parseMatchers(text)?.every(({ operator, value }) => !operator.endsWith("~") || isRegex(value)) ?? false;
export const unreadable = "has a regular expression in it that Alertmanager can't read";

/** One condition on a label. */
const matcher = z
  .string()
  .refine((v) => matcherSyntax.test(v), { error: "is not a matcher", abort: true })
  .refine(hasRegexes, unreadable)
  .meta({
    allowed: 'label="value", with =, !=, =~ or !~; a regular expression has to match the whole value',
    example: 'severity=~"critical|warning"',
  });

const matchers = z
  .array(matcher)
  .meta({ allowed: 'a list of matchers such as severity="critical", all of which must hold' });

const distinct = (names: readonly string[]) => new Set(names).size === names.length;
const twice = "names a label twice";

/** Labels that two alerts have in common. */
const labelNames = z.array(metricLabel).refine(distinct, twice);

/** Alertmanager's word for all labels. */
const allLabels = "...";

/**
 * Labels that alerts are grouped by.
 * @param isLabel whether a text can be the name of one
 */
export const groupedBy = (isLabel: (text: string) => boolean) =>
  z
    .array(
      z
        .string()
        .refine((v) => v === allLabels || isLabel(v), "is not the name of a label")
        .meta({
          allowed: `the name of a label; or only ${allLabels}: by all labels`,
          example: "alertname",
        }),
    )
    .refine(distinct, twice)
    .refine(
      (v) => v.length === 1 || !v.includes(allLabels),
      `has ${allLabels} together with other labels, but it means all labels`,
    );

/** The same, by names of Prometheus as all versions know them. */
export const groupLabels = groupedBy((text) => metricLabel.safeParse(text).success);

const intervalName = nonEmptyText.meta({ allowed: "a key of alertmanager.timeIntervals", example: "night" });

/** Where some alerts go. */
const route = z.strictObject({
  receiver: nonEmptyText
    .meta({ allowed: "a key of alertmanager.receivers, notifications, or none", example: "phone" })
    .describe("one of `receivers`; `notifications`: what `pushover` and `webhook` set; `none`: no notification"),
  matchers: matchers.default([]).describe("which alerts; if not set: every alert that reaches this route"),
  continue: z
    .boolean()
    .default(false)
    .describe("also tries the next routes; false: this route is the last if it matches"),
  groupBy: groupLabels.optional().describe("labels that its alerts are grouped by; default: alertmanager.groupBy"),
  groupWait: durationOrZero.optional().describe("default: alertmanager.groupWait"),
  groupInterval: duration.optional().describe("default: alertmanager.groupInterval"),
  repeatInterval: duration.optional().describe("default: alertmanager.repeatInterval"),
  muteTimeIntervals: z.array(intervalName).optional().describe("time intervals during which it sends nothing"),
  activeTimeIntervals: z.array(intervalName).optional().describe("time intervals outside of which it sends nothing"),
});

/** A route as the settings give it. */
export type Route = z.output<typeof route>;

/** Routes, in the order in which they are tried. */
export const routes = z
  .array(route)
  .optional()
  .describe(
    "which alerts go to which receiver; the first match is used, and alerts without a match go to `notifications`",
  );

const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const months = "january february march april may june july august september october november december".split(" ");

/** The number that one end of a range stands for; undefined where it stands for none. */
type Place = (text: string) => number | undefined;

const named =
  (names: readonly string[], first: number): Place =>
  (text) =>
    names.includes(text.toLowerCase()) ? names.indexOf(text.toLowerCase()) + first : undefined;
const between =
  (least: number, most: number): Place =>
  (text) => {
    const number = /^-?\d+$/.test(text) ? Number(text) : NaN;
    return number >= least && number <= most && number !== 0 ? number : undefined;
  };
const month: Place = (text) => named(months, 1)(text) ?? between(1, 12)(text);

/** `a` or `a:b`, with b not before a. A negative day counts from the month's end, which is the 28th at the earliest. */
function range(place: Place, what: string, meta: { allowed: string; example: string }) {
  const order = (n: number) => (n < 0 ? 28 + n : n);
  return z
    .preprocess(
      (v) => (typeof v === "number" ? String(v) : v),
      z.string().refine((v) => {
        const ends = v.split(":").map((end) => place(end));
        const [begin, end = begin] = ends;
        if (ends.length > 2 || ends.includes(undefined) || begin === undefined || end === undefined) return false;
        return order(begin) <= order(end) && !(begin < 0 && end > 0);
      }, `is not ${what}`),
    )
    .meta(meta);
}

const minutes = (text: string): number => {
  const [hour, minute] = text.split(":").map(Number);
  return hour * 60 + minute;
};

/** A time of day. */
export const timeOfDay = z
  .string()
  .refine((v) => /^((([01]\d)|(2[0-3])):[0-5]\d|24:00)$/.test(v), { error: "is not a time of day", abort: true })
  .meta({ allowed: "HH:MM, from 00:00 to 24:00", example: "22:00" });

/** Whether there is time between two times of day, and what is said where there is none. */
export const isRange = (start: string, end: string): boolean => minutes(start) < minutes(end);
export const noRange = "ends before it starts; split a night in two, until 24:00 and from 00:00";

const timeRange = z
  .strictObject({ start: timeOfDay.describe("first minute"), end: timeOfDay.describe("first minute after it") })
  .refine(({ start, end }) => isRange(start, end), noRange)
  .meta({ allowed: "start and end, each HH:MM, the end after the start", example: { start: "22:00", end: "24:00" } })
  .describe("one of them");

/**
 * Alertmanager looks a zone up as a file, by its exact name. JavaScript takes capitals for small letters, and answers with the right ones; since Node.js 22
 * it takes an offset such as +01:00 too.
 */
const isTimeZone = (name: string): boolean => {
  try {
    const { timeZone } = new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions();
    if (timeZone === name) return /^[A-Z]/.test(name);
    // A zone's former name is answered with its present one.
    return timeZone.toLowerCase() !== name.toLowerCase() && /^[A-Z][^/]*(\/[A-Z][^/]*)*$/.test(name);
  } catch {
    return false;
  }
};

/** A time that comes back: every condition that is given must hold. */
export const interval = z.strictObject({
  times: z.array(timeRange).optional().describe("times of day; left out: all day"),
  weekdays: z
    .array(
      range(named(weekdays, 0), "a day of the week or a range of them", {
        allowed:
          "sunday to saturday, or a range such as monday:friday, in which no day is before the first (a weekend: saturday, sunday)",
        example: "monday:friday",
      }),
    )
    .optional()
    .describe("days of the week"),
  daysOfMonth: z
    .array(
      range(between(-31, 31), "a day of the month or a range of them", {
        allowed: "1 to 31, or -1 (the last) to -31, or a range such as 1:5 or -3:-1",
        example: "1:5",
      }),
    )
    .optional()
    .describe("days of the month"),
  months: z
    .array(
      range(month, "a month or a range of them", {
        allowed: "january to december, or 1 to 12, or a range such as june:august",
        example: "june:august",
      }),
    )
    .optional()
    .describe("months"),
  years: z
    .array(
      range(between(1, 9999), "a year or a range of them", {
        allowed: "a year, or a range such as 2026:2028",
        example: "2026:2028",
      }),
    )
    .optional()
    .describe("years"),
  location: z
    .string()
    .refine((v) => isTimeZone(v), "is not a time zone")
    .meta({ allowed: "a name of the IANA time zone database, in its spelling", example: "Europe/Berlin" })
    .optional()
    .describe("time zone; default: UTC"),
});

/** A time interval as the settings give it. */
export type TimeInterval = z.output<typeof interval>;

/** Time intervals, each under its name. */
export const timeIntervals = z
  .record(nonEmptyText, interval)
  .meta({
    allowed: "time intervals by name; each: an object with times, weekdays, daysOfMonth, months, years, location",
  })
  .optional()
  .describe(
    "times for `muteTimeIntervals` and `activeTimeIntervals` of routes; if a route names several, any of them is enough",
  );

const someMatchers = z
  .array(matcher)
  .min(1)
  .meta({ allowed: 'a list of matchers such as severity="critical", at least one' });

/** Inhibition of one's own. */
export const inhibitRules = z
  .array(
    z.strictObject({
      sourceMatchers: someMatchers.describe("while an alert with these fires …"),
      targetMatchers: someMatchers.describe("… alerts with these are not sent"),
      equal: labelNames.default([]).describe("… if both have the same value of these labels"),
    }),
  )
  .optional()
  .describe("which alerts mute which others, in addition to the severities of one alert");
