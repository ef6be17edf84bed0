import { fail, pass, type Context, type Outcome } from "./check";
import { count, number } from "../shared/words";
import { exposed, instant, logInstant, byLabel, numberOf } from "./queries";
import { NoAnswer, type Reach } from "./reach";
import type { Part, Subject } from "./subject";
import { fromPod, metricsOf, podsOf } from "./workloads";

const workloadsOf = ({ workloads }: Subject, part: Part) => workloads.filter((each) => each.part === part);

/** Base URL of a data source that the stack has. */
export function sourceOf({ sources }: Subject, uid: keyof Subject["sources"]): string {
  const url = sources[uid];
  if (url === undefined) throw new NoAnswer(`the stack's Grafana has no data source ${uid}`);
  return url;
}

/** Every pod of a part answers `/ready` with 2xx. */
export async function everyPodReady({ subject, reach }: Context, part: Part): Promise<Outcome> {
  const pods = await Promise.all(
    workloadsOf(subject, part).map(async (workload) =>
      (await podsOf(reach, workload)).map((pod) => ({ workload, pod })),
    ),
  );
  const answers = await Promise.all(
    pods.flat().map(({ workload, pod }) =>
      fromPod(reach, workload, pod, "/ready").then(
        () => undefined,
        (error: Error) => error.message,
      ),
    ),
  );
  const problems = answers.filter((answer) => answer !== undefined);
  if (answers.length === 0) return fail("there is no pod");
  return problems.length > 0 ? fail(problems.join("; ")) : pass(`${count(answers.length, "pod")} ready`);
}

/** Loki is ready, and answers a query through its gateway. */
export async function lokiReady(context: Context): Promise<Outcome> {
  const { subject, reach } = context;
  const ready = await everyPodReady(context, "loki");
  if (!ready.ok) return ready;
  await reach.url(sourceOf(subject, "loki"), "/loki/api/v1/labels");
  return pass(`${ready.detail}; queries are answered by ${new URL(sourceOf(subject, "loki")).host}`);
}

interface RunningPod {
  metadata: { name: string; namespace: string };
  spec: { containers: { name: string }[] };
}

const hour = 3600;

/** Loki has lines of the last hour from every namespace in which a pod wrote some. */
export async function linesPerNamespace({ subject, reach, now }: Context): Promise<Outcome> {
  const query = `sum by (namespace) (count_over_time({namespace=~".+"}[1h]))`;
  const [found, running] = await Promise.all([
    logInstant(reach, sourceOf(subject, "loki"), query),
    reach.object<{ items: RunningPod[] }>("/api/v1/pods?fieldSelector=status.phase%3DRunning"),
  ]);
  const lines = byLabel(found, "namespace");
  const pods = (running?.items ?? []).filter(
    ({ metadata }) => !subject.excludedNamespaces.includes(metadata.namespace),
  );
  const namespaces = [...new Set(pods.map(({ metadata }) => metadata.namespace))].sort();
  const without = namespaces.filter((namespace) => !lines.get(namespace));
  const wrote = await Promise.all(
    without.map((namespace) =>
      anyWrote(
        reach,
        pods.filter(({ metadata }) => metadata.namespace === namespace),
        now,
      ),
    ),
  );
  const missing = without.filter((_, i) => wrote[i]);
  const quiet = without.filter((_, i) => !wrote[i]);
  if (missing.length > 0)
    return fail(`in the last hour pods wrote lines, but Loki has none from ${missing.join(", ")}`);
  if (quiet.length === namespaces.length) return fail("Loki has no lines from pods in the last hour");
  return pass(
    `${count(namespaces.length - quiet.length, "namespace")} with lines${quiet.length > 0 ? `; no pod wrote lines in ${quiet.join(", ")}` : ""}`,
  );
}

// Go's and the kernel's words, but not where Loki logs a query for them, as this one.
const unwatched = '{job=~".+"} |~ `too many open files|fsnotify watcher|inotify_(init|add_watch)` != `query=`';

/** No program says that its node lets it open or watch no more files. */
export async function filesCanBeWatched({ subject, reach }: Context): Promise<Outcome> {
  const query = `sum by (namespace, pod, node, unit) (count_over_time(${unwatched}[15m]))`;
  const found = await logInstant(reach, sourceOf(subject, "loki"), query);
  const who = found.map(({ metric: { namespace, pod, node, unit }, value }) => {
    const name = pod ? `${namespace}/${pod}` : [unit, node].filter(Boolean).join(" of node ");
    return `${name} (${count(Number(value?.[1]), "line")})`;
  });
  return who.length > 0
    ? fail(`in the last 15 minutes: ${who.sort().join(", ")}`)
    : pass("no line of the last 15 minutes");
}

/** Whether a pod's own log has a line from the last hour that is at least a minute old. */
async function anyWrote(reach: Reach, pods: readonly RunningPod[], now: number): Promise<boolean> {
  const logs = pods.flatMap(({ metadata: { namespace, name }, spec }) =>
    spec.containers.map((container) =>
      reach.log(namespace, name, {
        container: container.name,
        sinceSeconds: `${hour}`,
        timestamps: "true",
        limitBytes: "100",
      }),
    ),
  );
  const first = (await Promise.all(logs)).filter((text) => text !== "").map((text) => Date.parse(text.split(" ")[0]));
  return first.some((time) => time / 1000 < now - 60);
}

/** No canary misses a line since its start, or at least in the last hour. */
export async function canaryLossless(context: Context): Promise<Outcome> {
  const texts = await metricsOf(context.reach, workloadsOf(context.subject, "canary"));
  const sum = (name: string) => texts.reduce((total, text) => total + (exposed(text, `loki_canary_${name}`) ?? 0), 0);
  const written = sum("entries_total");
  const readBack = sum("response_latency_seconds_count");
  const missing = sum("missing_entries_total") + sum("spot_check_missing_entries_total");
  const late = sum("websocket_missing_entries_total");
  const said = `${count(texts.length, "canary pod")}: ${count(written, "line")} written, ${number(readBack)} read back, ${number(missing)} missing since their start`;
  const notes = late > 0 ? [`${count(late, "line")} not received by the tail at once, but found by a query`] : [];
  if (readBack === 0) return fail(`${said}: no line has been written and read back`);
  if (missing === 0) return pass(said, { notes });
  const recent = await lastHour(
    context,
    ["missing_entries_total", "spot_check_missing_entries_total"].map((name) => `loki_canary_${name}`),
  );
  return recent === 0
    ? pass(`${said}, none in the last hour`, { notes })
    : fail(`${said}${inLastHour(recent)}`, { notes });
}

/**
 * How much counters rose in the last hour, from Prometheus.
 * @param counters their names, as regular expressions
 * @param labels that they have; default: the stack's namespace
 * @returns undefined if no Prometheus can be asked, or none has them
 */
export async function lastHour(
  { subject, reach }: Context,
  counters: readonly string[],
  labels = `namespace="${subject.namespace}"`,
): Promise<number | undefined> {
  const url = subject.sources.prometheus ?? subject.sources.mimir;
  if (url === undefined) return undefined;
  const rise = `sum(increase({__name__=~"${counters.join("|")}",${labels}}[1h]))`;
  return numberOf(await instant(reach, url, rise).catch(() => []));
}

/** The end of a sentence on a counter. */
export const inLastHour = (rise: number | undefined): string =>
  rise === undefined
    ? ", and there is no Prometheus to say when"
    : `, about ${Math.ceil(rise)} of them in the last hour`;

/**
 * Lines are in the bucket. Either Loki finds some that are older than what queriers request from writers, so they come from the bucket
 * alone; or its writers count chunks that they stored.
 */
export async function chunksInBucket({ subject, reach }: Context): Promise<Outcome> {
  // `query_ingesters_within` is three hours.
  const old = `sum(count_over_time({app=~".+"}[1h] offset 4h))`;
  const [found, texts] = await Promise.all([
    logInstant(reach, sourceOf(subject, "loki"), old),
    metricsOf(reach, workloadsOf(subject, "loki")),
  ]);
  const sum = (name: string) => texts.reduce((total, text) => total + (exposed(text, `loki_ingester_${name}`) ?? 0), 0);
  const flushed = sum("chunks_flushed_total");
  const failures = sum("chunks_flush_failures_total");
  const said = `${count(flushed, "chunk")} stored and ${count(failures, "failure")} since Loki's start`;
  const lines = numberOf(found) ?? 0;
  if (lines > 0) return pass(`${count(lines, "line")} from four to five hours ago come from the bucket; ${said}`);
  return flushed > 0 ? pass(said) : fail(said);
}
