import type { LogFigures, LogResult, QueryFigures } from "../../../commands/size/figures";

const MiB = 2 ** 20;

const apart = [
  ...["loki-ingester", "loki-distributor", "loki-pattern-ingester", "loki-querier", "loki-query-frontend"],
  ...["loki-query-scheduler", "loki-index-gateway", "loki-compactor", "loki-ruler"],
];

/** A class of queries that takes the same however much there is, but for its CPU and what it reads. */
const queries = (name: string, cpuSeconds: number, bytes: number): QueryFigures => ({
  name,
  cold: { count: 1, p50: 100, p95: 200, p99: 300 },
  warm: { count: 1, p50: 10, p95: 20, p99: 30 },
  cpuSeconds,
  bytes,
  peaks: {
    ...{ loki: 600 * MiB, "loki-write": 100 * MiB, "loki-read": 500 * MiB, "loki-backend": 200 * MiB },
    ...Object.fromEntries(apart.map((name) => [name, 150 * MiB])),
    "loki-querier": 400 * MiB,
  },
});

/** A writer takes 10 MB/s and 40 CPU seconds a GB; lines are four times their chunks; an index has a byte to a thousand of lines. */
export function result(variant: string, gigabytes: number): LogResult {
  const bytes = gigabytes * 1e9;
  const program = { mean: 200 * MiB, peak: 300 * MiB, cpuSeconds: 40 * gigabytes };
  return {
    ...{ run: 0, variant, bytes, lines: bytes / 200, retried: 0, seconds: bytes / 10e6 },
    programs: {
      ...Object.fromEntries(
        ["loki", "loki-write", "loki-read", "loki-backend", "minio"].map((name) => [name, program]),
      ),
      ...Object.fromEntries(apart.map((name) => [name, program])),
      // Two programs do what one writer does elsewhere.
      "loki-distributor": { mean: 60 * MiB, peak: 100 * MiB, cpuSeconds: 10 * gigabytes },
    },
    ...{ chunks: 600 * gigabytes, chunkBytes: bytes / 4, indexBytes: bytes / 1000 },
    classes: [
      queries("last lines of one pod", 0.01, 1e6),
      queries("a common word in one namespace", 0.1 + 0.02 * gigabytes, 5e6 * gigabytes),
      queries("label values", 0.001, 0),
      queries("a rare word anywhere", 2 * gigabytes, 2 * bytes),
    ],
  };
}

/** Figures with round numbers. */
export const figures: LogFigures = {
  runs: [
    {
      day: "2026-11-23",
      machine: "A machine.",
      cores: 2,
      load: 0.1,
      versions: { loki: "3.6.3", minio: "RELEASE", chart: "18.11.0" },
    },
  ],
  results: [1, 2].flatMap((gigabytes) =>
    ["single-binary", "simple-scalable", "distributed", "chart"].map((variant) => result(variant, gigabytes)),
  ),
};
