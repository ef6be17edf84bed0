import { count, fail, pass, type Context, type Outcome } from "./check";
import { inLastHour, lastHour, sourceOf } from "./logs";
import { byLabel, exposed, instant, numberOf, range, type Series } from "./queries";

/** Name of Prometheus's remote_write to Mimir: `components/kube-prometheus-stack/values.ts`. */
const toMimir = 'remote_name="mimir"';

const day = 86_400;

/** How far behind Mimir may be without a check taking it for a loss, in seconds. */
const settled = 60;

/** The same question to both, at the same instant. */
async function both(
  { subject, reach }: Context,
  query: string,
  at: number,
): Promise<[prometheus: Series[], mimir: Series[]]> {
  return Promise.all([
    instant(reach, sourceOf(subject, "prometheus"), query, at),
    instant(reach, sourceOf(subject, "mimir"), query, at),
  ]);
}

/** At five instants of the last minutes, each job has as many targets in Mimir as in Prometheus. */
export async function sameTargets(context: Context): Promise<Outcome> {
  const instants = [0, 1, 2, 3, 4].map((minutes) => context.now - settled - minutes * 60);
  const query = "count by (job) (up)";
  const answers = await Promise.all(instants.map((at) => both(context, query, at)));
  const differences = answers.flatMap(([prometheus, mimir], i) => {
    const [a, b] = [byLabel(prometheus, "job"), byLabel(mimir, "job")];
    return [...new Set([...a.keys(), ...b.keys()])]
      .filter((job) => a.get(job) !== b.get(job))
      .map(
        (job) =>
          `${job} ${a.get(job) ?? 0} in Prometheus and ${b.get(job) ?? 0} in Mimir, ${ago(context, instants[i])}`,
      );
  });
  const jobs = byLabel(answers[0][0], "job");
  if (differences.length > 0) return fail(differences[0] + more(differences.length - 1), { notes: differences });
  if (jobs.size === 0) return fail("Prometheus has no target");
  const targets = [...jobs.values()].reduce((sum, n) => sum + n, 0);
  return pass(
    `${count(targets, "target")} of ${count(jobs.size, "job")}, at five instants of the last ${Math.round(settled / 60) + 4} minutes`,
  );
}

const ago = ({ now }: Context, at: number) => `${Math.round((now - at) / 60)} min ago`;
const more = (n: number) => (n > 0 ? `, and ${n} more` : "");

/** Share by which the rates may differ: batches and scrapes fall on either side of a window's ends. */
const tolerance = 0.1;

/** Samples a second: what Prometheus sends, what Mimir's distributor accepts. */
export async function sameRates({ subject, reach, now }: Context): Promise<Outcome> {
  const url = sourceOf(subject, "prometheus");
  const rate = (counter: string, labels: string) => `sum(rate(${counter}${labels}[5m]))`;
  const remote = (what: string) => rate(`prometheus_remote_storage_${what}_total`, `{${toMimir}}`);
  const own = `{namespace="${subject.namespace}"}`;
  const [sent, received] = (
    await Promise.all(
      [
        // A batch that is tried again is counted again. Mimir counts native histograms as samples.
        `${remote("samples")} - ${remote("samples_retried")} + (${remote("histograms")} or vector(0)) - (${remote("histograms_retried")} or vector(0))`,
        rate("cortex_distributor_received_samples_total", own),
      ].map((query) => instant(reach, url, query, now - settled)),
    )
  ).map(numberOf);
  if (sent === undefined) return fail(notScraped("its own remote_write to Mimir"));
  if (received === undefined) return fail(notScraped("Mimir's distributor"));
  const text = `Prometheus sends ${perSecond(sent)}, Mimir takes ${perSecond(received)}; a difference of ${tolerance * 100} % is allowed`;
  return Math.abs(sent - received) <= tolerance * Math.max(sent, received) && sent > 0 ? pass(text) : fail(text);
}

const notScraped = (what: string) => `Prometheus has no metrics of ${what}: the alerts on it are blind too`;
const perSecond = (rate: number) => `${rate.toLocaleString("en-GB", { maximumFractionDigits: 1 })} samples/s`;

/** Seconds that Prometheus may be behind with Mimir, the time between two scrapes among them. */
const mostBehind = 120;

/** Remote_write: how far behind, how much waits, whether anything was given up. */
export async function remoteWrite(context: Context): Promise<Outcome> {
  const text = await context.reach.url(sourceOf(context.subject, "prometheus"), "/metrics");
  const queue = (name: string, labels = "") => exposed(text, `prometheus_remote_storage_${name}`, [toMimir, labels]);
  const sent = queue("queue_highest_sent_timestamp_seconds");
  if (sent === undefined) return fail("Prometheus has no remote_write to Mimir: it is not in its configuration");
  const behind = Math.max(0, Math.round(Date.now() / 1000 - sent));
  // What relabelling leaves out is dropped on purpose.
  const onPurpose = queue("samples_dropped_total", 'reason="dropped_series"') ?? 0;
  const lost =
    sum(["samples_failed_total", "histograms_failed_total", "samples_dropped_total"].map((name) => queue(name))) -
    onPurpose;
  const said = `${behind} s behind, ${count(queue("samples_pending") ?? 0, "sample")} waiting, ${lost.toLocaleString("en-GB")} given up since Prometheus's start`;
  if (behind > mostBehind || lost === 0) return behind > mostBehind ? fail(said) : pass(said);
  const recent = await lastHour(
    context,
    [`prometheus_remote_storage_(samples|histograms)_failed_total`, `prometheus_remote_storage_samples_dropped_total`],
    `${toMimir},reason!="dropped_series"`,
  );
  return recent === 0 ? pass(`${said}, none in the last hour`) : fail(`${said}${inLastHour(recent)}`);
}

const sum = (values: readonly (number | undefined)[]) =>
  values.reduce<number>((total, value) => total + (value ?? 0), 0);

/** Longest time that is looked back, in days: a year and a month. */
const longestLook = 396;

/** Age of the oldest sample of `up` in Mimir. */
export async function oldestSample(context: Context): Promise<Outcome> {
  const first = await firstSample(context);
  if (first === undefined) return fail("Mimir has no sample of `up`", { untouched: true });
  const oldestSampleDays = (context.now - first) / day;
  const since = new Date(first * 1000).toISOString().slice(0, 10);
  return pass(`${days(oldestSampleDays)} old (of the metric up), so since ${since}`, {
    measures: { oldestSampleDays },
  });
}

/** When Mimir's samples of `up` begin, in seconds since 1970. Closer and closer: the first day with a sample, its first hour, its first minute. A year of minutes would be too much to ask for. */
export async function firstSample({ subject, reach, now }: Context): Promise<number | undefined> {
  let span = { start: now - longestLook * day, end: now };
  for (const step of [day, 3600, 60]) {
    // Mimir begins where its retention does, and counts its steps from there: the last one may end after now.
    const windows = { start: span.start + step, end: span.end + step, step };
    const [series] = await range(reach, sourceOf(subject, "mimir"), `count(count_over_time(up[${step}s]))`, windows);
    const end = series?.values?.[0]?.[0];
    if (end === undefined) return undefined;
    span = { start: Number(end) - step, end: Number(end) };
  }
  return Math.min(span.end, now);
}

const days = (n: number) => `${n.toFixed(1)} days`;

/** Share of Prometheus's samples of a day that Mimir must have: seven minutes without it are a gap. */
const whole = 0.995;

/** Mimir's oldest sample is at least so many days old, and on each day since it has what Prometheus has. */
export async function enoughDays(context: Context, required: number): Promise<Outcome> {
  const first = await firstSample(context);
  if (first === undefined) return fail("Mimir has no sample of `up`");
  const age = (context.now - first) / day;
  // The gate asks for no more days than are required: what Prometheus has longer may have been there before Mimir.
  const complete = Math.min(required, Math.floor(age));
  const ends = Array.from({ length: complete }, (_, i) => context.now - settled - i * day);
  const answers = await Promise.all(ends.map((at) => both(context, "sum by (job) (count_over_time(up[1d]))", at)));
  const gaps = answers.map(([prometheus, mimir]) => gapOf(byLabel(prometheus, "job"), byLabel(mimir, "job")));
  const notes = gaps.flatMap((gap, i) =>
    gap === undefined ? [] : `the day up to ${new Date(ends[i] * 1000).toISOString()}: ${gap}`,
  );
  const good = gaps.findIndex((gap) => gap !== undefined);
  const daysWithoutGap = good === -1 ? complete : good;
  const text = `the oldest sample is ${days(age)} old, ${count(daysWithoutGap, "whole day")} without a gap; ${required} are required`;
  const measures = { daysWithoutGap };
  return daysWithoutGap >= required ? pass(text, { measures }) : fail(text, { measures, notes });
}

function gapOf(prometheus: Map<string, number>, mimir: Map<string, number>): string | undefined {
  if (mimir.size === 0) return "Mimir has nothing";
  const short = [...prometheus].filter(([job, samples]) => (mimir.get(job) ?? 0) < samples * whole);
  return short.length === 0
    ? undefined
    : short.map(([job, samples]) => `${job} ${mimir.get(job) ?? 0} of ${samples} samples`).join(", ");
}
