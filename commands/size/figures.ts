import logs from "./measured-logs.json";

/** What `npm run bench:logs` measured: `measured-logs.json`, which it writes. */
export interface LogFigures {
  /** Of one or more runs, as a run may measure some configurations only. */
  runs: LogRun[];
  /** By configuration and volume, in the order of the runs. */
  results: LogResult[];
}

/** A run: only what is of the same run can be compared. */
export interface LogRun {
  /** Its day, and what it ran on. */
  day: string;
  machine: string;
  /** Cores of the machine, and its load before the run: milliseconds and MB/s of a busy machine say little. */
  cores: number;
  load: number;
  versions: { loki: string; minio: string; chart: string };
}

/** One configuration with one day of lines. */
export interface LogResult {
  /** Place of its run in {@link LogFigures.runs}. */
  run: number;
  /** The stack's: by its mode, with `+memcached` where its caches are there; `chart`: the loki chart's as one process. */
  variant: string;
  /** Bytes and number of the day's lines. */
  bytes: number;
  lines: number;
  /** Pushes that were sent again because Loki was too busy for them. */
  retried: number;
  /** Seconds until all were acknowledged, sent as fast as they were taken. */
  seconds: number;
  /** By name of the workload: resident bytes, the mean and the most while the lines came, and seconds of CPU for all of them. */
  programs: Record<string, { mean: number; peak: number; cpuSeconds: number }>;
  /** Chunks written, and bytes in the bucket. */
  chunks: number;
  chunkBytes: number;
  indexBytes: number;
  classes: QueryFigures[];
}

/** Queries of a class. */
export interface QueryFigures {
  name: string;
  /** Milliseconds until the whole answer was there. */
  cold: Spread;
  warm: Spread;
  /** Seconds of CPU of a cold query, of all programs, and bytes of lines that it read. */
  cpuSeconds: number;
  bytes: number;
  /** Resident bytes, the most until then, by name of the workload. */
  peaks: Record<string, number>;
}

/** Of a number of values. */
export interface Spread {
  count: number;
  p50: number;
  p95: number;
  p99: number;
}

/** The figures of a further run with those of before: configurations that it measured too are the further run's, the others stay. */
export function withRun(before: LogFigures, run: LogFigures): LogFigures {
  const anew = new Set(run.results.map(({ variant }) => variant));
  const kept = before.results.filter(({ variant }) => !anew.has(variant));
  const runs = before.runs.filter((_, i) => kept.some((result) => result.run === i));
  return {
    runs: [...runs, ...run.runs],
    results: [
      ...kept.map((result) => ({ ...result, run: runs.indexOf(before.runs[result.run]) })),
      ...run.results.map((result) => ({ ...result, run: result.run + runs.length })),
    ],
  };
}

/** The recorded figures: to TypeScript, the file's rows each have a type of their own. */
export const logFigures = logs as unknown as LogFigures;
