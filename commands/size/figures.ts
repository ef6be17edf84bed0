import logs from "./measured-logs.json";

/** What `npm run bench:logs` measured: `measured-logs.json`, which it writes. */
export interface LogFigures {
  /** Day of the run, and what it ran on. */
  day: string;
  machine: string;
  versions: { loki: string; minio: string; chart: string };
  /** By configuration and volume, in the order of the run. */
  results: LogResult[];
}

/** One configuration with one day of lines. */
export interface LogResult {
  /** `single-binary`, `simple-scalable`: the stack's, in that mode; `chart`: the loki chart's as one process. */
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

/** The recorded figures: to TypeScript, the file's rows each have a type of their own. */
export const logFigures = logs as unknown as LogFigures;
