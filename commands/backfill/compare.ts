import { setTimeout as pause } from "node:timers/promises";
import { count, number } from "../shared/words";
import type { PrometheusApi } from "./prometheus-api";
import type { Span } from "./tsdb/cut";

/** What both have of a day, from midnight to midnight (UTC). */
export interface Day {
  /** Such as 2026-10-01. */
  day: string;
  series: Counts;
  samples: Counts;
  /** Names of metrics of which the backend has fewer series or samples. */
  missing: string[];
}

interface Counts {
  prometheus: number;
  backend: number;
}

/** Where the history was brought to. */
export interface Compared {
  api: PrometheusApi;
  /** What it is called. */
  title: string;
  /** Age in seconds at which it has what was brought: only older days are compared. */
  settled: number;
  /** What it waits for when it doesn't show all of it yet. */
  waits: string;
  /** Whether it keeps no sample that is no number. */
  numbersOnly: boolean;
}

/** What {@link compare} is made from. */
export interface CompareArgs {
  prometheus: PrometheusApi;
  backend: Compared;
  span: Span;
  /** Milliseconds since 1970. */
  now: number;
  /** Seconds to wait for it to show what was brought. */
  settle: number;
  signal: AbortSignal;
  tell(line: string): void;
}

const day = 86_400;

/** Seconds between two looks for what is missing. */
const again = 30;

/**
 * Compares each day, metric by metric: how many series, and how many samples. Metric by metric, as a function takes the name from a series:
 * of all at once, two could become the same.
 * @returns the days, the oldest first
 */
export async function compare({ prometheus, backend, span, now, settle, signal, tell }: CompareArgs): Promise<Day[]> {
  const first = Math.floor(span.minTime / 1000 / day);
  const end = Math.floor(Math.min(span.maxTime / 1000 + day, now / 1000 - backend.settled) / day);
  const ends = Array.from({ length: Math.max(0, end - first) }, (_, i) => (first + 1 + i) * day);
  if (ends.length === 0) return [];
  const days = ends.map((at): Day => ({
    ...{ day: new Date((at - day) * 1000).toISOString().slice(0, 10), missing: [] },
    ...{ series: { prometheus: 0, backend: 0 }, samples: { prometheus: 0, backend: 0 } },
  }));
  const until = Date.now() + settle * 1000;
  let names = await prometheus.metrics(first * day, end * day);
  tell(`comparing ${count(names.length, "metric")} on ${count(days.length, "day")}`);
  for (;;) {
    const last = Date.now() >= until;
    const behind: string[] = [];
    for (const name of names) {
      const numbers = await countsOf(name, ends, prometheus, backend);
      const short = numbers.map(isShort);
      if (short.includes(true) && !last) {
        behind.push(name);
        continue;
      }
      days.forEach((one, i) => {
        for (const what of ["series", "samples"] as const)
          for (const where of ["prometheus", "backend"] as const) one[what][where] += numbers[i][what][where];
        if (short[i]) one.missing.push(name);
      });
    }
    if (behind.length === 0) return days;
    const minutes = Math.ceil((until - Date.now()) / 60_000);
    tell(
      `${backend.title} doesn't show all of ${count(behind.length, "metric")} yet${backend.waits}. Asked again for ${minutes} min`,
    );
    names = behind;
    await pause(Math.max(0, Math.min(again * 1000, until - Date.now())), undefined, { signal });
  }
}

interface CountsOfDay {
  series: Counts;
  samples: Counts;
}

const isShort = ({ series, samples }: CountsOfDay) =>
  series.backend < series.prometheus || samples.backend < samples.prometheus;

async function countsOf(
  name: string,
  ends: readonly number[],
  prometheus: PrometheusApi,
  backend: Compared,
): Promise<CountsOfDay[]> {
  const own = `{__name__=${JSON.stringify(name)}}[1d]`;
  const [series, samples] = ["count", "sum"].map((what) => `${what}(count_over_time(${own}))`);
  const from = async (api: PrometheusApi) => [await api.values(series, ends), await api.values(samples, ends)];
  const [a, b] = await Promise.all([from(prometheus), from(backend.api)]);
  const counts = ends.map((_, i) => ({
    series: { prometheus: a[0][i], backend: b[0][i] },
    samples: { prometheus: a[1][i], backend: b[1][i] },
  }));
  if (!backend.numbersOnly || !counts.some(isShort)) return counts;
  // A sum with a NaN is one, and a NaN is unlike itself. Most metrics have none; of those that do, such as quantiles of nothing, every sample is looked at.
  const unlike = await prometheus.values(`count(sum_over_time(${own}) != sum_over_time(${own}))`, ends);
  for (const [i, one] of counts.entries()) {
    if (unlike[i] === 0 || !isShort(one)) continue;
    const numbers = await prometheus.numbers(name, ends[i]);
    one.series.prometheus = numbers.length;
    one.samples.prometheus = numbers.reduce((sum, each) => sum + each, 0);
  }
  return counts;
}

/** The comparison for a person; `title` is what the backend is called. */
export function formatDays(days: readonly Day[], title: string): string {
  const rows = days.map(({ day, series, samples, missing }) => [
    ...[day, number(series.prometheus), number(series.backend), number(samples.prometheus), number(samples.backend)],
    missing.length === 0
      ? "✓"
      : `✗ ${missing.slice(0, 3).join(", ")}${missing.length > 3 ? ` and ${missing.length - 3} more` : ""}`,
  ]);
  const head = ["day (UTC)", "series in Prometheus", `in ${title}`, "samples in Prometheus", `in ${title}`, ""];
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const last = head.length - 1;
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, i) => (i === 0 || i === last ? cell.padEnd(i === last ? 0 : widths[i]) : cell.padStart(widths[i])))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
