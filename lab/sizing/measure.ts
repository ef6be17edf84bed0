import { programRelease } from "../cluster/programs";
import type { Spread } from "../../commands/size/figures";
import { settingsSchema } from "../../settings/schema";
import { seconds } from "../../settings/units";
import { until } from "../until";
import { bucket as logBucket } from "../logs/loki";
import { startAlloy } from "./alloy";
import { bytesIn, type Blocks } from "./blocks";
import type { Database } from "./database";
import type { Fed } from "./feed";
import { nodeCount, startLogs, type LogQuery } from "./logs";
import { metricsOf, total } from "./metrics";
import { mimir as prepareMimir } from "./mimir";
import { startObjectStore } from "./object-store";
import { forgetPeak, memoryOf } from "./procfs";
import { prometheus as preparePrometheus } from "./prometheus";
import { ask, type Query } from "./queries";
import { ruleFile } from "./rules";
import { startSink } from "./sink";
import { startAlertmanager, startCanaries, startNodeExporters } from "./small-parts";
import { serveTargets } from "./targets";
import { victoriaMetrics as prepareVictoriaMetrics } from "./victoria-metrics";
import { startVmagent } from "./vmagent";
import { startVmalert } from "./vmalert";
import { together, watch, type Usage, type Watched } from "./watch";
import type { Running, Workspace } from "./workspace";

/** What is measured. */
export interface Load {
  /** Series of the targets; each target has a few more, which Prometheus makes itself. */
  series: number;
  /** How long there is load before anything is restarted; the second half of it counts. */
  minutes: number;
  /** How often is scraped, as a Prometheus duration. */
  interval: string;
  /** Share of the pods replaced in ten minutes. */
  churn: number;
  /** Gigabytes (10^9 bytes) of lines that the pods write in a day; 0: none, and none of what collects and keeps them. */
  gbPerDay: number;
}

/** What lines needed, and what is on each node beside. */
export interface LogsResult extends Fed {
  /** How many of the lines Loki had in the end. */
  stored: number;
  /** Batches of lines that were sent again. */
  retried: number;
  loki: Usage;
  /** Of all nodes together, likewise canaries and node-exporters. */
  collectors: Usage;
  events: Usage;
  canaries: Usage;
  nodeExporters: Usage;
  /** Bytes of Loki's volume, and of its bucket, at the end. */
  disk: number;
  bucket: number;
  /** Milliseconds that queries over all lines took while more came. */
  queries: Record<LogQuery, Spread>;
}

/** What one database needed. */
export interface DatabaseResult {
  steady: Usage;
  /** Series in memory at the end. */
  series: number;
  /** Bytes of the write-ahead log at the end; 0 for one that has none. */
  wal: number;
  /** Bytes of everything on its volume at the end. */
  disk: number;
  /** Milliseconds that queries over the whole load took at the end. */
  queries: Record<Query, Spread>;
  /** After it was killed: seconds until it was ready, and the most memory until it had caught up, in bytes. */
  restart: { seconds: number; peak: number };
  /** While it wrote all that it held in memory as a block: the most memory, in bytes, and that block. */
  compaction: { peak: number; blocks: Blocks };
}

/** What came out at one load. */
export interface Result {
  load: Load;
  versions: Record<"prometheus" | "mimir" | "minio" | "victoria-metrics" | "alloy" | "loki", string>;
  prometheus: DatabaseResult;
  mimir: DatabaseResult;
  victoriaMetrics: DatabaseResult;
  /** Scrapes the same targets for VictoriaMetrics. */
  vmagent: Usage;
  /** Evaluates Prometheus's rules on VictoriaMetrics. */
  vmalert: Usage;
  /** Scrapes the same targets, as it does for Mimir in stage `kps-removed`; what it writes isn't kept. */
  alloy: Usage;
  objectStore: Usage;
  /** Takes what vmalert sends. */
  alertmanager: Usage;
  /** Undefined without lines. */
  logs?: LogsResult;
  remoteWrite: {
    /** Most seconds that the newest sample in Mimir was old in the steady time. */
    lag: number;
    /** Samples that were refused, and those that were sent again, over the whole time. */
    failed: number;
    retried: number;
    /** Samples sent a second in the steady time. */
    rate: number;
  };
  /** Requests of Mimir to the object store a minute in the steady time, and the bytes that lie there at the end. */
  s3: { requests: number; bytes: number };
}

/**
 * Measures at one load: steady, restarted after a kill, and compacting.
 * @param workspace where everything runs
 * @param load what is measured
 * @param report takes lines of progress
 */
export async function measure(workspace: Workspace, load: Load, report: (line: string) => void): Promise<Result> {
  const settings = settingsSchema.parse({
    // As in the benchmark of Loki: a limit is no capacity, and what is above it would silently not be there.
    victoriaMetrics: { limits: { maxHourlySeries: 0, maxDailySeries: 0 } },
    mimir: { limits: { maxSeries: 0 } },
  });
  const { mimirBlocks, mimirRuler, mimirAlertmanager } = settings.buckets;
  const targets = await serveTargets(load);
  const sink = await startSink();
  const store = await startObjectStore(workspace, [mimirBlocks, mimirRuler, mimirAlertmanager, logBucket]);
  const mimir = await prepareMimir(workspace, settings, store);
  const rules = ruleFile(settings);
  const pushUrl = `${mimir.url}/api/v1/push`;
  const prometheus = await preparePrometheus(workspace, settings, targets, load.interval, pushUrl, rules);
  const victoriaMetrics = await prepareVictoriaMetrics(workspace, settings);
  const running = {
    mimir: await mimir.start(),
    prometheus: await prometheus.start(),
    victoriaMetrics: await victoriaMetrics.start(),
  };
  const vmagent = await startVmagent(
    workspace,
    settings,
    targets,
    load.interval,
    `${victoriaMetrics.url}/api/v1/write`,
  );
  const alertmanager = await startAlertmanager(workspace, settings);
  const alertmanagerUrl = alertmanager.url;
  const vmalert = await startVmalert(workspace, settings, rules, load.interval, victoriaMetrics.url, alertmanagerUrl);
  const alloy = await startAlloy(workspace, settings, targets, load.interval, sink.url);
  const logs = load.gbPerDay > 0 ? await startLogs(workspace, settings, store, load.gbPerDay * 1e9) : undefined;

  const half = (load.minutes * 60) / 2;
  const programs = {
    prometheus: [{ program: running.prometheus, url: prometheus.url }],
    mimir: [{ program: running.mimir, url: mimir.url }],
    objectStore: [{ program: store.program }],
    victoriaMetrics: [{ program: running.victoriaMetrics, url: victoriaMetrics.url }],
    vmagent: [{ program: vmagent.program, url: vmagent.url }],
    vmalert: [vmalert],
    alloy: [alloy],
    alertmanager: [alertmanager],
    ...(logs && {
      loki: [logs.loki],
      collectors: logs.collectors,
      events: [logs.events],
      canaries: await startCanaries(workspace, nodeCount, logs.lokiAddress),
      nodeExporters: await startNodeExporters(workspace, nodeCount),
    }),
  };
  const processes = Object.values<Watched[]>(programs).flat();
  report(`${load.series} series: filling for ${half} s`);
  await watch(processes, half);

  report(`${load.series} series: measuring for ${half} s`);
  const lags: number[] = [];
  const before = await counters(prometheus.url, mimir.url, alloy.url);
  const began = Date.now();
  const usages = await watch(processes, half, ([metrics]) => lags.push(lagOf(metrics)));
  const used = (of: keyof typeof programs) =>
    together(usages.filter((_, i) => programs[of]?.some((program) => program === processes[i])));
  const after = await counters(prometheus.url, mimir.url, alloy.url);
  const elapsed = (Date.now() - began) / 1000;
  // One scrape more or less decides in a short run; an Alloy that doesn't scrape, or doesn't send, is no measurement.
  const [delivered, due] = [after.byAlloy - before.byAlloy, (load.series * elapsed) / seconds(load.interval)];
  if (delivered < due / 2) throw new Error(`Alloy sent ${delivered} of ${Math.round(due)} samples`);
  const databases = [prometheus, mimir, victoriaMetrics];
  const full = await Promise.all(databases.map(atItsFullest));

  report(`${load.series} series: querying`);
  const latencies = await ask(databases, 2 * half);
  const logResult = logs && {
    queries: await logs.ask(),
    ...(await logs.finish()),
    ...{ loki: used("loki"), collectors: used("collectors"), events: used("events") },
    ...{ canaries: used("canaries"), nodeExporters: used("nodeExporters") },
    disk: bytesIn(logs.data),
    bucket: bytesIn(workspace.folderOf(`minio/store/${logBucket}`)),
  };

  const interval = seconds(load.interval);
  report(`${load.series} series: killing and restarting each`);
  const caughtUp = async () => {
    // By then some scrapes have come beside what waited.
    await new Promise((resolve) => setTimeout(resolve, 3 * interval * 1000));
    await until("Mimir has caught up", 300, async () => {
      return lagOf(await metricsOf(prometheus.url)) < 2 * interval || undefined;
    });
  };
  const mimirRestart = await restart(mimir, running.mimir, caughtUp);
  const prometheusRestart = await restart(prometheus, running.prometheus, caughtUp);
  const victoriaMetricsRestart = await restart(victoriaMetrics, running.victoriaMetrics, () =>
    until("vmagent has delivered what waited", 300, async () => (await vmagent.hasDelivered()) || undefined),
  );

  report(`${load.series} series: compacting`);
  const result: Result = {
    load,
    versions: {
      prometheus: programRelease("prometheus"),
      mimir: programRelease("mimir"),
      minio: programRelease("minio"),
      "victoria-metrics": programRelease("victoria-metrics"),
      alloy: programRelease("alloy"),
      loki: programRelease("loki"),
    },
    prometheus: {
      steady: used("prometheus"),
      ...full[0],
      queries: latencies[0],
      restart: prometheusRestart.measured,
      compaction: await compaction(prometheus, prometheusRestart.program),
    },
    mimir: {
      steady: used("mimir"),
      ...full[1],
      queries: latencies[1],
      restart: mimirRestart.measured,
      compaction: await compaction(mimir, mimirRestart.program),
    },
    victoriaMetrics: {
      steady: used("victoriaMetrics"),
      ...full[2],
      queries: latencies[2],
      restart: victoriaMetricsRestart.measured,
      compaction: await compaction(victoriaMetrics, victoriaMetricsRestart.program),
    },
    vmagent: used("vmagent"),
    vmalert: used("vmalert"),
    alloy: used("alloy"),
    objectStore: used("objectStore"),
    alertmanager: used("alertmanager"),
    logs: logResult,
    remoteWrite: {
      lag: Math.max(...lags),
      failed: after.failed,
      retried: after.retried,
      rate: (after.sent - before.sent) / elapsed,
    },
    s3: {
      requests: ((after.requests - before.requests) / elapsed) * 60,
      bytes: bytesIn(workspace.folderOf("minio/store")),
    },
  };
  targets.close();
  sink.close();
  await logs?.close();
  return result;
}

/**
 * Seconds since the newest sample that Mimir has taken, up to an interval when all is well; infinite before the first. By the clock, as
 * the newest sample that a queue knows of stands still when the queue is full.
 */
function lagOf(metrics: Awaited<ReturnType<typeof metricsOf>>): number {
  const sent = total(metrics, "prometheus_remote_storage_queue_highest_sent_timestamp_seconds");
  return sent > 0 ? Date.now() / 1000 - sent : Infinity;
}

async function counters(...urls: [prometheus: string, mimir: string, alloy: string]) {
  const [sender, receiver, scraper] = await Promise.all(urls.map(metricsOf));
  return {
    sent: total(sender, "prometheus_remote_storage_samples_total"),
    byAlloy: total(scraper, "prometheus_remote_storage_samples_total"),
    failed: total(sender, "prometheus_remote_storage_samples_failed_total"),
    retried: total(sender, "prometheus_remote_storage_samples_retried_total"),
    requests: total(receiver, "thanos_objstore_bucket_operations_total"),
  };
}

async function atItsFullest({ url, seriesMetric, wal, data }: Database) {
  return {
    series: total(await metricsOf(url), ...seriesMetric),
    wal: wal === undefined ? 0 : bytesIn(wal),
    disk: bytesIn(data),
  };
}

async function restart(database: Database, before: Running, caughtUp: () => Promise<unknown>) {
  await before.kill();
  const program = await database.start();
  await caughtUp();
  const measured = { seconds: program.startTime / 1000, peak: memoryOf(program.pid).peak };
  return { program, measured };
}

async function compaction(database: Database, { pid }: Running): Promise<DatabaseResult["compaction"]> {
  forgetPeak(pid);
  const blocks = await database.compact();
  return { peak: memoryOf(pid).peak, blocks };
}
