import { garbage } from "../../components/loki/topology";
import type { Settings } from "../../settings/schema";
import { memoryForSeries, vmagentVolume } from "../../settings/rules/victoria-metrics";
import { quantityValue, seconds } from "../../settings/units";
import { at, lineThrough } from "./fit";
import type { LogFigures, LogResult } from "./figures";
import { measuredDays, measuredInterval, metricFigures, type MetricFigures } from "./metrics-figures";

/** The settings that sizes depend on. */
export type SizedSettings = Pick<Settings, "loki" | "metrics" | "mimir" | "victoriaMetrics" | "kps">;

/** What is asked for. */
export interface Demand {
  /** Bytes of lines a day, as containers write them. */
  bytesPerDay: number;
  /** Seconds that lines are kept. */
  retention: number;
  /** Series in memory: `prometheus_tsdb_head_series`. */
  series: number;
  /** Streams that are written to at the same time. */
  streams: number;
}

/** What one workload needs. */
export interface Need {
  /** Name of the workload: `loki-write`. */
  name: string;
  /** Settings of it: `loki.write`. */
  key: string;
  /** Which of those are its requests and limits; default: `resources`. */
  resources?: "resources" | "rulesResources";
  replicas: number;
  /** Of each replica: cores; bytes of memory that are requested, and the limit; bytes of its volume, where it has one. */
  cpu: number;
  memory: number;
  memoryLimit: number;
  volume?: number;
}

/** Bytes in the object store. */
export interface Buckets {
  /** Lines: where all writers cut their chunks alike, and where no two do. */
  chunks: Range;
  /** What finds them, likewise. */
  index: Range;
  /** Mimir's blocks. */
  blocks: number;
}

/** The least and the most. */
export interface Range {
  least: number;
  most: number;
}

/** The answer. */
export interface Sizes {
  needs: Need[];
  buckets: Buckets;
  /** Seconds of the newest lines whose chunks fit `loki.caches.chunks`: where no two writers cut them alike, and where all do. */
  cached?: Range;
}

const [MiB, GiB] = [2 ** 20, 2 ** 30];
const daySeconds = 86_400;

/** The busiest minute's lines to the day's mean. Assumed: upstream's own sizing takes the mean alone. */
const peakFactor = 3;

/** Cores that a writer takes at most before there is to be one more. Assumed; the measured one had two, which it shared with the sender and the object store. */
const mostCores = 1;

/**
 * Bytes of a chunk in memory when it is full, and of its uncompressed block: Loki's defaults of `chunk_target_size` and `chunk_block_size`. On average a
 * chunk, and its block, is half full.
 * @see https://grafana.com/docs/loki/v3.6.x/configure/#ingester
 */
const [chunkTarget, chunkBlock] = [1_572_864, 262_144];

/** Seconds after which a chunk is written though it isn't full: Loki's default of `max_chunk_age`. */
const chunkAge = 7200;

/** How large the heap may be to what is in use. */
const heapFactor = 1 + Number(garbage.value) / 100;

/** Seconds without an object store that a writer's volume holds the log of. Assumed; an operator's night would be 8 hours. */
const outage = 2 * 3600;

/** Memory limit to request, as in the defaults of `loki.write` and its like. */
const limitFactor = 2;

/** Seconds in which the queries of a day are to be answered that can be, and which these are: the cheap classes of the benchmark. */
const answerIn = 1;
const quickClasses = ["last lines of one pod", "a common word in one namespace", "label values"];

/** The least that is asked for of each: cores and bytes. */
const least = { cpu: 0.05, memory: 128 * MiB };

/**
 * What a stack needs for what it is to take, by measured figures. Fractions of them are rounded up: cores to 50m, memory to 64Mi, volumes to Gi.
 * @param settings the stack's: modes, replicas and the replication factor are kept, but for replicas that the load doesn't fit on
 * @param demand what it is to take
 * @param figures what was measured of Loki
 */
export function sizesFor(settings: SizedSettings, demand: Demand, figures: LogFigures): Sizes {
  return {
    needs: [...lokiNeeds(settings.loki, demand, figures), ...metricNeeds(settings, demand)],
    buckets: bucketsFor(settings, demand, figures),
    ...(settings.loki.caches.chunks && { cached: cachedFor(settings.loki, demand, figures) }),
  };
}

/** The results of a mode, the smallest volume first. */
export function resultsOf(mode: string, { results }: LogFigures): LogResult[] {
  return results.filter(({ variant }) => variant === mode).sort((a, b) => a.bytes - b.bytes);
}

function lokiNeeds(loki: Settings["loki"], demand: Demand, figures: LogFigures): Need[] {
  const results = resultsOf(loki.mode, figures);
  const patterns = patternsWithin(loki, figures);
  const of = (name: string) => {
    const role = roleOf(results, name);
    return { ...role, writing: writing(loki, demand, role, figures), reading: reading(demand, results, name) };
  };
  const index = indexOf(demand, figures);
  const writer = (name: string, key: string, { replicas: given }: { replicas: number }) => {
    const { writing } = of(name);
    const replicas = Math.max(given, writing.replicas);
    return need(
      name,
      key,
      replicas,
      writing.cpu(replicas),
      requestFor(sum(writing.memory(replicas), patterns)),
      writing.volume(replicas),
    );
  };
  /** Asks, or is asked, but holds no lines: the cores of all queries where it reads them, and what it took beside. */
  const other = (name: string, key: string, { replicas }: { replicas: number }, cpu = 0, volume?: number) =>
    need(name, key, replicas, cpu / replicas, of(name).reading.memory, volume);

  switch (loki.mode) {
    case "single-binary": {
      const { writing, reading } = of("loki");
      const replicas = Math.max(loki.singleBinary.replicas, writing.replicas);
      // One process does both at once.
      const asked = { steady: 0, most: reading.memory - reading.idle };
      const memory = requestFor(sum(writing.memory(replicas), patterns, asked));
      const cpu = writing.cpu(replicas) + reading.cpu / replicas;
      return [need("loki", "loki.singleBinary", replicas, cpu, memory, writing.volume(replicas))];
    }
    case "simple-scalable":
      return [
        writer("loki-write", "loki.write", loki.write),
        other("loki-read", "loki.read", loki.read, of("loki-read").reading.cpu),
        other("loki-backend", "loki.backend", loki.backend, 0, index),
      ];
    case "distributed": {
      const sizes = loki.distributed;
      const passing = (name: string, key: string, { replicas: given }: { replicas: number }) => {
        const { cpuPerByte, memory } = of(name);
        const all = busiest(loki, demand) * cpuPerByte;
        const replicas = Math.max(given, Math.ceil(all / mostCores));
        return need(name, key, replicas, all / replicas, requestFor(memory));
      };
      return [
        writer("loki-ingester", "loki.distributed.ingester", sizes.ingester),
        passing("loki-distributor", "loki.distributed.distributor", sizes.distributor),
        ...(loki.patternIngester
          ? [passing("loki-pattern-ingester", "loki.distributed.patternIngester", sizes.patternIngester)]
          : []),
        other("loki-querier", "loki.distributed.querier", sizes.querier, of("loki-querier").reading.cpu),
        other("loki-query-frontend", "loki.distributed.queryFrontend", sizes.queryFrontend),
        other("loki-query-scheduler", "loki.distributed.queryScheduler", sizes.queryScheduler),
        other("loki-index-gateway", "loki.distributed.indexGateway", sizes.indexGateway, 0, index),
        other("loki-compactor", "loki.distributed.compactor", sizes.compactor, 0, index),
        other("loki-ruler", "loki.distributed.ruler", sizes.ruler),
      ];
    }
  }
}

/** What a writer takes more where it detects patterns itself: at most what a process takes that does nothing else. */
function patternsWithin({ mode, patternIngester }: Settings["loki"], figures: LogFigures): Memory {
  if (!patternIngester || mode === "distributed") return { steady: 0, most: 0 };
  return roleOf(resultsOf("distributed", figures), "loki-pattern-ingester").memory;
}

/** Bytes of a process while lines come: the mean, and the most. */
interface Memory {
  steady: number;
  most: number;
}

/** The request is for what a process always takes; its limit, which is {@link limitFactor} times that, for the most. */
const requestFor = ({ steady, most }: Memory): number => Math.max(steady, most / limitFactor);

const sum = (...parts: Memory[]): Memory => ({
  steady: parts.reduce((all, { steady }) => all + steady, 0),
  most: parts.reduce((all, { most }) => all + most, 0),
});

/** Bytes a second of the busiest minute's lines, each as often as it is held. */
const busiest = ({ replicationFactor }: Settings["loki"], { bytesPerDay }: Demand) =>
  (bytesPerDay / daySeconds) * replicationFactor * peakFactor;

/** A process of the benchmark while lines came: of its largest day. */
function roleOf(results: readonly LogResult[], name: string) {
  const { bytes, programs } = results[results.length - 1];
  const { mean, peak, cpuSeconds } = programs[name];
  return { cpuPerByte: cpuSeconds / bytes, memory: { steady: mean, most: peak } };
}

/** Pods that write in the benchmark: each has a stream. */
const measuredStreams = 50;

/** What writing takes: in cores and bytes of each of a number of replicas. Each line is written `replicationFactor` times. */
function writing(
  loki: Settings["loki"],
  demand: Demand,
  { cpuPerByte, memory }: ReturnType<typeof roleOf>,
  figures: LogFigures,
) {
  const { replicationFactor } = loki;
  const { streams } = demand;
  const cores = busiest(loki, demand) * cpuPerByte;
  const mean = (replicas: number) => busiest(loki, demand) / peakFactor / replicas;
  const open = (replicas: number) => {
    const held = (streams * replicationFactor) / replicas;
    const inTime = (mean(replicas) * chunkAge) / compression(figures);
    return Math.min((held * chunkTarget) / 2, inTime) + (held * chunkBlock) / 2;
  };
  const measuredOpen = (measuredStreams * (chunkTarget + chunkBlock)) / 2;
  return {
    replicas: Math.max(replicationFactor, Math.ceil(cores / mostCores)),
    cpu: (replicas: number) => cores / replicas,
    memory: (replicas: number) => {
      const more = Math.max(0, open(replicas) - measuredOpen) * heapFactor;
      return sum(memory, { steady: more, most: more });
    },
    // The log of the outage, uncompressed, and a checkpoint of what is in memory beside the one before it.
    volume: (replicas: number) => mean(replicas) * outage + 2 * open(replicas) + indexOf(demand, figures),
  };
}

/**
 * What grows less than the volume to this power doesn't grow with it, nor does what is less than this share of the day: what is left are differences
 * between two runs, and a hundredfold of them would be nothing.
 */
const [levelPower, levelShare] = [0.2, 0.001];

/** What a query of a class takes with another volume of the day than was measured. */
export interface QueryAt {
  /** Bytes of lines that it reads, and whether they grow with the day's. */
  read: number;
  grows: boolean;
  cpuSeconds: number;
}

/**
 * A query of a class with another volume of the day. How much it reads is the same on any machine, busy or not: whether that grows decides. CPU goes with it.
 * @param results of one configuration, the smallest volume first
 * @param name of the class
 * @param bytesPerDay the other volume
 */
export function queryAt(results: readonly LogResult[], name: string, bytesPerDay: number): QueryAt {
  const points = results.map(({ bytes, classes }) => {
    const { bytes: read, cpuSeconds } = classes.find((each) => each.name === name)!;
    return { bytes, read, cpuSeconds };
  });
  const [first, last] = [points[0], points[points.length - 1]];
  const grows =
    last.read > last.bytes * levelShare && last.read / first.read > (last.bytes / first.bytes) ** levelPower;
  if (!grows) {
    const most = (of: (point: (typeof points)[number]) => number) => Math.max(...points.map(of));
    return { read: most(({ read }) => read), grows, cpuSeconds: most(({ cpuSeconds }) => cpuSeconds) };
  }
  const read = at(lineThrough(points.map(({ bytes, read }) => [bytes, read])), bytesPerDay);
  return { read, grows, cpuSeconds: at(lineThrough(points.map(({ read, cpuSeconds }) => [read, cpuSeconds])), read) };
}

/** What answering takes: cores of all replicas together, so that the costliest of the quick classes takes a second; bytes of each. */
function reading({ bytesPerDay }: Demand, results: readonly LogResult[], name: string) {
  const quick = quickClasses.map((each) => queryAt(results, each, bytesPerDay).cpuSeconds);
  const peaks = results.flatMap(({ classes }) => classes.map(({ peaks }) => peaks[name]));
  return {
    cpu: Math.max(...quick) / answerIn,
    memory: Math.max(...peaks),
    idle: Math.min(...peaks),
  };
}

/** Bytes of lines to a byte of chunks, of the stack's configuration with the largest day. */
function compression({ results }: LogFigures): number {
  const { bytes, chunkBytes } = largest(results);
  return bytes / chunkBytes;
}

/** Bytes of the index of a day: it grows with the chunks. */
function indexOf({ bytesPerDay }: Pick<Demand, "bytesPerDay">, { results }: LogFigures): number {
  const { bytes, indexBytes } = largest(results);
  return (indexBytes / bytes) * bytesPerDay;
}

const largest = (results: readonly LogResult[]): LogResult =>
  results.filter(({ variant }) => variant !== "chart").reduce((a, b) => (b.bytes > a.bytes ? b : a));

function bucketsFor({ loki, metrics, mimir, kps }: SizedSettings, demand: Demand, figures: LogFigures): Buckets {
  const days = demand.retention / daySeconds;
  // Writers that hold the same lines write the same object if their chunks begin and end with the same line. `sync_period` makes many do so; how many was
  // not measured.
  const copies = (one: number): Range => ({ least: one, most: one * loki.replicationFactor });
  return {
    chunks: copies((demand.bytesPerDay / compression(figures)) * days),
    index: copies(indexOf(demand, figures) * days),
    blocks:
      metrics.backend === "mimir"
        ? metricsAt("mimir", demand.series, scrapeSeconds(kps)).day * (seconds(mimir.retention) / daySeconds)
        : 0,
  };
}

function cachedFor(
  { caches, replicationFactor }: Settings["loki"],
  { bytesPerDay }: Demand,
  figures: LogFigures,
): Range {
  const { size, replicas } = caches.chunks!;
  const most = (quantityValue(size) * replicas) / (bytesPerDay / daySeconds / compression(figures));
  return { least: most / replicationFactor, most };
}

function metricNeeds(settings: SizedSettings, { series }: Demand): Need[] {
  const { metrics, kps, mimir } = settings;
  const interval = scrapeSeconds(kps);
  const needs: Need[] = [];
  if (kps.enabled) {
    const { cpu, memory, memoryLimit, volume } = metricsAt("prometheus", series, interval);
    const days = seconds(kps.retention) / daySeconds;
    needs.push({ ...need("prometheus", "kps", 1, cpu, memory, (volume / measuredDays) * days), memoryLimit });
  }
  if (metrics.backend === "mimir") {
    const { replicas, replicationFactor, limits } = mimir;
    const share = replicationFactor / replicas;
    const { cpu, memory, memoryLimit, volume } = metricsAt("mimir", series * share, interval);
    // The settings' rule: what Mimir may hold, it must be able to hold.
    const held = limits.maxSeries * 4096 * share;
    const limit = Math.max(memoryLimit, roundUp(held, 64 * MiB));
    needs.push({ ...need("mimir", "mimir", replicas, cpu, memory, volume), memoryLimit: limit });
  } else needs.push(...victoriaMetricsNeeds(settings, series));
  return needs;
}

/** In VictoriaMetrics' place and around it: what keeps samples, what scrapes them, what evaluates rules on them. */
function victoriaMetricsNeeds({ metrics, kps, victoriaMetrics }: SizedSettings, series: number): Need[] {
  const { retention, minFreeSpace, limits } = victoriaMetrics;
  const interval = scrapeSeconds(kps);
  const kept = metricsAt("victoria-metrics", series, interval);
  const days = seconds(retention) / daySeconds;
  // The settings' rules: what each may hold, it must be able to hold.
  const held = Math.max(kept.memoryLimit, memoryForSeries(limits.maxHourlySeries));
  const waiting = vmagentVolume(Math.max(series, limits.maxHourlySeries), { kps, metrics }) * GiB;
  return [
    small("victoria-metrics", "victoriaMetrics", {
      ...kept,
      memoryLimit: held,
      volume: (kept.volume / measuredDays) * days + quantityValue(minFreeSpace),
    }),
    small("vmagent", "metrics", { ...metricsAt("vmagent", series, interval), volume: waiting }),
    { ...small("vmalert", "metrics", metricsAt("vmalert", series, interval)), resources: "rulesResources" },
  ];
}

/** A pod of those that are chosen because every megabyte counts: cores in steps of 10m, memory of 32Mi. */
function small(name: string, key: string, { cpu, memory, memoryLimit, volume }: MetricFigures): Need {
  return {
    ...{ name, key, replicas: 1, cpu: roundUp(cpu, 0.01) },
    ...{ memory: roundUp(memory, 32 * MiB), memoryLimit: roundUp(memoryLimit, 32 * MiB) },
    ...(volume > 0 && { volume: roundUp(volume, GiB) }),
  };
}

const scrapeSeconds = (kps: Settings["kps"]) => seconds(kps.scrapeInterval);

/** The most series that any figure of a stack's metrics was measured with; more are carried on from there. */
export const mostMeasured = ({ metrics }: Pick<SizedSettings, "metrics">): number =>
  metricFigures[metrics.backend].reduce((most, { series }) => Math.max(most, series), 0);

/** Between the measured sizes in proportion; beyond the largest as between the last two. */
function metricsAt(program: keyof typeof metricFigures, series: number, interval: number): MetricFigures {
  const figures = metricFigures[program];
  const last = figures.length - 1;
  const upper = figures.findIndex((each) => each.series >= series);
  const above = upper === -1 ? last : Math.max(1, upper);
  const [a, b] = [figures[above - 1], figures[above]];
  const share = Math.max(0, (series - a.series) / (b.series - a.series));
  const between = (of: (each: MetricFigures) => number) => of(a) + (of(b) - of(a)) * share;
  const often = measuredInterval / interval;
  return {
    series,
    cpu: between((each) => each.cpu) * often,
    memory: between((each) => each.memory),
    memoryLimit: between((each) => each.memoryLimit),
    volume: between((each) => each.volume) * often,
    day: between((each) => each.day) * often,
  };
}

function need(name: string, key: string, replicas: number, cpu: number, memory: number, volume?: number): Need {
  const requested = roundUp(Math.max(least.memory, memory), 64 * MiB);
  return {
    ...{ name, key, replicas, cpu: roundUp(Math.max(least.cpu, cpu), 0.05), memory: requested },
    memoryLimit: requested * limitFactor,
    ...(volume !== undefined && { volume: roundUp(volume, GiB) }),
  };
}

/** Up to a multiple; what binary fractions miss by doesn't count. */
const roundUp = (value: number, step: number) => Math.ceil(value / step - 1e-9) * step;
