import { backendTitles, type Backend } from "../../stages";
import { backfilledMark, backfilledSeries } from "../shared/backfilled";
import { fail, pass, type Context, type Outcome } from "./check";
import { count, number } from "../shared/words";
import { inLastHour, lastHour, sourceOf } from "./logs";
import type { Reach } from "./reach";
import { byLabel, exposed, instant, numberOf, range, type Series } from "./queries";

/** Label of the queue of its remote_write: `components/kube-prometheus-stack/remote-write.ts`. */
const queueOf = (backend: Backend) => `remote_name="${backend}"`;

const day = 86_400;

/** How far behind Mimir may be before a check counts it as a loss, in seconds. */
const settled = 60;

/** The same query to both, at the same time. */
async function both(
  { subject, reach }: Context,
  backend: Backend,
  query: string,
  at: number,
): Promise<[prometheus: Series[], other: Series[]]> {
  return Promise.all([
    instant(reach, sourceOf(subject, "prometheus"), query, at),
    instant(reach, sourceOf(subject, backend), query, at),
  ]);
}

/** At five times in the last minutes, each job has as many targets in Mimir as in Prometheus. */
export async function sameTargets(context: Context, backend: Backend): Promise<Outcome> {
  const title = backendTitles[backend];
  const instants = [0, 1, 2, 3, 4].map((minutes) => context.now - settled - minutes * 60);
  const query = "count by (job) (up)";
  const answers = await Promise.all(instants.map((at) => both(context, backend, query, at)));
  const differences = answers.flatMap(([prometheus, other], i) => {
    const [a, b] = [byLabel(prometheus, "job"), byLabel(other, "job")];
    return [...new Set([...a.keys(), ...b.keys()])]
      .filter((job) => a.get(job) !== b.get(job))
      .map(
        (job) =>
          `${job} ${a.get(job) ?? 0} in Prometheus and ${b.get(job) ?? 0} in ${title}, ${ago(context, instants[i])}`,
      );
  });
  const jobs = byLabel(answers[0][0], "job");
  if (differences.length > 0) return fail(differences[0] + more(differences.length - 1), { notes: differences });
  if (jobs.size === 0) return fail("Prometheus has no targets");
  const targets = [...jobs.values()].reduce((sum, n) => sum + n, 0);
  return pass(
    `${count(targets, "target")} of ${count(jobs.size, "job")}, at five times in the last ${Math.round(settled / 60) + 4} minutes`,
  );
}

const ago = ({ now }: Context, at: number) => `${Math.round((now - at) / 60)} min ago`;
const more = (n: number) => (n > 0 ? `, and ${n} more` : "");

/** Share by which the rates may differ: batches and scrapes at a window's ends may or may not be inside. */
const tolerance = 0.1;

/** What each counts of the samples that it gets. Mimir counts native histograms as samples; VictoriaMetrics makes a sample of each bucket. */
const received: Readonly<Record<Backend, { counter: string; labels: string; by: string }>> = {
  mimir: { counter: "cortex_distributor_received_samples_total", labels: "", by: "Mimir's distributor" },
  "victoria-metrics": { counter: "vm_rows_inserted_total", labels: ',type="promremotewrite"', by: "VictoriaMetrics" },
};

/** Samples per second: sent by Prometheus, accepted by the backend. */
export async function sameRates({ subject, reach, now }: Context, backend: Backend): Promise<Outcome> {
  const url = sourceOf(subject, "prometheus");
  const title = backendTitles[backend];
  const { counter, labels, by } = received[backend];
  const rate = (counter: string, labels: string) => `sum(rate(${counter}${labels}[5m]))`;
  const remote = (what: string) => rate(`prometheus_remote_storage_${what}_total`, `{${queueOf(backend)}}`);
  const own = `{namespace="${subject.namespace}"${labels}}`;
  const [sent, taken] = (
    await Promise.all(
      [
        // A batch that is sent again is counted again.
        `${remote("samples")} - ${remote("samples_retried")} + (${remote("histograms")} or vector(0)) - (${remote("histograms_retried")} or vector(0))`,
        rate(counter, own),
      ].map((query) => instant(reach, url, query, now - settled)),
    )
  ).map(numberOf);
  if (sent === undefined) return fail(notScraped(`its own remote_write to ${title}`));
  if (taken === undefined) return fail(notScraped(by));
  const text = `Prometheus sends ${perSecond(sent)}, ${title} accepts ${perSecond(taken)}; ${tolerance * 100} % difference is allowed`;
  return Math.abs(sent - taken) <= tolerance * Math.max(sent, taken) && sent > 0 ? pass(text) : fail(text);
}

const notScraped = (what: string) => `Prometheus has no metrics of ${what}: alerts on them can't fire either`;
const perSecond = (rate: number) => `${rate.toLocaleString("en-GB", { maximumFractionDigits: 1 })} samples/s`;

/** Seconds that Prometheus may be behind in writing to Mimir, including the time between two scrapes. */
const mostBehind = 120;

/** Remote_write: how far behind it is, how much is waiting, whether anything was lost. */
export async function remoteWrite(context: Context, backend: Backend): Promise<Outcome> {
  const text = await context.reach.url(sourceOf(context.subject, "prometheus"), "/metrics");
  const own = queueOf(backend);
  const queue = (name: string, labels = "") => exposed(text, `prometheus_remote_storage_${name}`, [own, labels]);
  const sent = queue("queue_highest_sent_timestamp_seconds");
  if (sent === undefined)
    return fail(`Prometheus has no remote_write to ${backendTitles[backend]} in its configuration`);
  const behind = Math.max(0, Math.round(Date.now() / 1000 - sent));
  // Relabelling drops samples on purpose.
  const onPurpose = queue("samples_dropped_total", 'reason="dropped_series"') ?? 0;
  const lost =
    sum(["samples_failed_total", "histograms_failed_total", "samples_dropped_total"].map((name) => queue(name))) -
    onPurpose;
  const said = `${behind} s behind, ${count(queue("samples_pending") ?? 0, "sample")} waiting, ${number(lost)} lost since Prometheus's start`;
  if (behind > mostBehind || lost === 0) return behind > mostBehind ? fail(said) : pass(said);
  const recent = await lastHour(
    context,
    [`prometheus_remote_storage_(samples|histograms)_failed_total`, `prometheus_remote_storage_samples_dropped_total`],
    `${own},reason!="dropped_series"`,
  );
  return recent === 0 ? pass(`${said}, none in the last hour`) : fail(`${said}${inLastHour(recent)}`);
}

const sum = (values: readonly (number | undefined)[]) =>
  values.reduce<number>((total, value) => total + (value ?? 0), 0);

/** How far back is looked, in days: a year and a month. */
const longestLook = 396;

/** Age of the oldest sample of `up` in Mimir. */
export async function oldestSample(context: Context, backend: Backend): Promise<Outcome> {
  const first = await firstSample(context, backend);
  if (first === undefined) return fail(`${backendTitles[backend]} has no samples of \`up\``, { untouched: true });
  const oldestSampleDays = (context.now - first) / day;
  const since = new Date(first * 1000).toISOString().slice(0, 10);
  return pass(`${days(oldestSampleDays)} old (metric up), since ${since}`, {
    measures: { oldestSampleDays },
  });
}

/** When Mimir's samples of `up` begin, in seconds since 1970. In three steps: the first day with a sample, its first hour, its first minute. A year of minutes would be too large a query. */
export async function firstSample({ subject, reach, now }: Context, backend: Backend): Promise<number | undefined> {
  let span = { start: now - longestLook * day, end: now };
  for (const step of [day, 3600, 60]) {
    // Mimir's steps begin at the start of its retention: the last one may end after now.
    const windows = { start: span.start + step, end: span.end + step, step };
    const [series] = await range(reach, sourceOf(subject, backend), `count(count_over_time(up[${step}s]))`, windows);
    const end = series?.values?.[0]?.[0];
    if (end === undefined) return undefined;
    span = { start: Number(end) - step, end: Number(end) };
  }
  return Math.min(span.end, now);
}

const days = (n: number) => `${n.toFixed(1)} days`;

/** Share of Prometheus's samples of a day that Mimir must have: seven minutes without it are a gap. */
const whole = 0.995;

/** Mimir's oldest sample is at least that many days old, and on each day since it has what Prometheus has, by remote_write or a backfill. */
export async function enoughDays(context: Context, required: number, backend: Backend): Promise<Outcome> {
  const title = backendTitles[backend];
  const first = await firstSample(context, backend);
  if (first === undefined) return fail(`${title} has no samples of \`up\``);
  const age = (context.now - first) / day;
  // The gate checks only the required days: older samples in Prometheus may be from before Mimir.
  const complete = Math.min(required, Math.floor(age));
  const ends = Array.from({ length: complete }, (_, i) => context.now - settled - i * day);
  const answers = await Promise.all(
    ends.map((at) => both(context, backend, "sum by (job) (count_over_time(up[1d]))", at)),
  );
  const gaps = answers.map(([prometheus, other]) => gapOf(title, byLabel(prometheus, "job"), byLabel(other, "job")));
  const notes = gaps.flatMap((gap, i) =>
    gap === undefined ? [] : `the day before ${new Date(ends[i] * 1000).toISOString()}: ${gap}`,
  );
  const good = gaps.findIndex((gap) => gap !== undefined);
  const daysWithoutGap = good === -1 ? complete : good;
  const backfilled = await backfilledOf(context, ends.slice(0, daysWithoutGap), backend);
  const of = backfilled ? ` (${backfilled} with backfilled samples)` : "";
  const text = `the oldest sample is ${days(age)} old, ${count(daysWithoutGap, "whole day")} without a gap${of}; ${required} are required`;
  const measures = { daysWithoutGap, ...(backfilled !== undefined && { backfilledDays: backfilled }) };
  return daysWithoutGap >= required ? pass(text, { measures }) : fail(text, { measures, notes });
}

/** From when to when samples were backfilled, in milliseconds since 1970. */
interface Brought {
  minTime: number;
  maxTime: number;
}

interface BlockMeta extends Brought {
  compaction: { sources: string[] };
}

/**
 * How many of the days before these instants have backfilled samples.
 * @returns undefined where the backend doesn't say it: it is no reason to fail
 */
async function backfilledOf(
  { subject, reach }: Context,
  ends: readonly number[],
  backend: Backend,
): Promise<number | undefined> {
  if (ends.length === 0) return undefined;
  const brought = await broughtTo[backend](reach, sourceOf(subject, backend)).catch(() => undefined);
  return (
    brought &&
    ends.filter((end) => brought.some(({ minTime, maxTime }) => minTime < end * 1000 && maxTime > (end - day) * 1000))
      .length
  );
}

const broughtTo: Readonly<Record<Backend, (reach: Reach, url: string) => Promise<Brought[] | undefined>>> = {
  // By what its blocks were merged from.
  mimir: async (reach, url) => {
    const page = "/store-gateway/tenant/anonymous/blocks";
    const text = await reach.url(url.replace(/\/prometheus\/?$/, ""), page, { accept: "application/json" });
    const { metas } = JSON.parse(text) as { metas?: BlockMeta[] };
    return metas?.filter(({ compaction }) => compaction.sources.some((name) => name.endsWith(backfilledMark)));
  },
  // By the sample that each day left.
  "victoria-metrics": async (reach, url) => {
    const text = await reach.url(url, `/api/v1/export?match[]=${backfilledSeries}&start=0`);
    const lines = text.split("\n").filter((line) => line !== "");
    return lines.flatMap((line) =>
      (JSON.parse(line) as { timestamps: number[] }).timestamps.map((minTime) => ({
        minTime,
        maxTime: (Math.floor(minTime / 1000 / day) + 1) * day * 1000,
      })),
    );
  },
};

function gapOf(title: string, prometheus: Map<string, number>, other: Map<string, number>): string | undefined {
  if (other.size === 0) return `${title} has nothing`;
  const short = [...prometheus].filter(([job, samples]) => (other.get(job) ?? 0) < samples * whole);
  return short.length === 0
    ? undefined
    : short.map(([job, samples]) => `${job} ${other.get(job) ?? 0} of ${samples} samples`).join(", ");
}
