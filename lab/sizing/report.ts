import { logQueries, nodeCount, type LogQuery } from "./logs";
import type { DatabaseResult, LogsResult, Result } from "./measure";
import { queries, type Query } from "./queries";
import { together, type Usage } from "./watch";

type Column<Row> = [title: string, of: (row: Row) => string];

interface DatabaseRow extends DatabaseResult {
  program: string;
  scraped: number;
}

const perDatabase: Column<DatabaseRow>[] = [
  ["SERIES", ({ scraped }) => count(scraped)],
  ["PROGRAM", ({ program }) => program],
  ["IN MEMORY", ({ series }) => count(series)],
  ["MEMORY", ({ steady }) => mebibytes(steady.resident.mean)],
  ["PEAK", ({ steady }) => mebibytes(steady.resident.peak)],
  ["ANONYMOUS", ({ steady }) => mebibytes(steady.anonymous)],
  ["HEAP", ({ steady }) => mebibytes(steady.heap)],
  ["CPU s/min", ({ steady }) => steady.cpu.toFixed(1)],
  ["WAL", ({ wal }) => mebibytes(wal)],
  ["DISK", ({ disk }) => mebibytes(disk)],
  ["READY AGAIN", ({ restart }) => `${restart.seconds.toFixed(0)} s`],
  ["REPLAY PEAK", ({ restart }) => mebibytes(restart.peak)],
  ["COMPACTION PEAK", ({ compaction }) => mebibytes(compaction.peak)],
  ["BYTES/SAMPLE", ({ compaction: { blocks } }) => (blocks.chunkBytes / blocks.samples).toFixed(2)],
  ["INDEX/SERIES", ({ compaction: { blocks } }) => `${(blocks.indexBytes / blocks.series).toFixed(0)} B`],
];

const perLoad: Column<Result>[] = [
  ["SERIES", ({ load }) => count(load.series)],
  ["SAMPLES/s", ({ remoteWrite }) => count(remoteWrite.rate)],
  ["MOST LAG", ({ remoteWrite }) => `${remoteWrite.lag.toFixed(0)} s`],
  ["REFUSED", ({ remoteWrite }) => count(remoteWrite.failed)],
  ["RETRIED", ({ remoteWrite }) => count(remoteWrite.retried)],
  ["S3 REQUESTS/min", ({ s3 }) => s3.requests.toFixed(1)],
  ["S3", ({ s3 }) => mebibytes(s3.bytes)],
];

const perQuery: Column<DatabaseRow>[] = [
  ["SERIES", ({ scraped }) => count(scraped)],
  ["QUERIED PROGRAM", ({ program }) => program],
  ...(Object.keys(queries) as Query[]).map((query): Column<DatabaseRow> => [
    `${query}: p50, p95 in ms`,
    ({ queries: { [query]: took } }) => `${took.p50.toFixed(0)}, ${took.p95.toFixed(0)}`,
  ]),
];

/** What is beside the databases. */
const helpers = ["minio", "alloy", "vmagent", "vmalert", "alertmanager"] as const;

const perHelper: Column<Result>[] = [
  ["SERIES", ({ load }) => count(load.series)],
  ...helpers.flatMap((helper): Column<Result>[] => {
    const usage = (result: Result) => (helper === "minio" ? result.objectStore : result[helper]);
    return [
      [`${helper.toUpperCase()} MEMORY`, (result) => mebibytes(usage(result).resident.mean)],
      ["CPU s/min", (result) => usage(result).cpu.toFixed(1)],
    ];
  }),
];

interface LogRow {
  load: Result["load"];
  logs: LogsResult;
}

const perLogs: Column<LogRow>[] = [
  ["SERIES", ({ load }) => count(load.series)],
  ["LINES GB/day", ({ logs: { bytes, seconds } }) => ((bytes / seconds) * 86_400e-9).toFixed(1)],
  ["LINES", ({ logs }) => count(logs.lines)],
  ["IN LOKI", ({ logs: { lines, stored } }) => (stored === lines ? "all" : count(stored))],
  ["BATCHES RETRIED", ({ logs }) => count(logs.retried)],
  ...(["loki", "collectors"] as const).flatMap((of): Column<LogRow>[] => {
    const title = of === "loki" ? "LOKI" : `${nodeCount} COLLECTORS`;
    return [
      [`${title} MEMORY`, ({ logs }) => mebibytes(logs[of].resident.mean)],
      ["PEAK", ({ logs }) => mebibytes(logs[of].resident.peak)],
      ["ANONYMOUS", ({ logs }) => mebibytes(logs[of].anonymous)],
      ["CPU s/min", ({ logs }) => logs[of].cpu.toFixed(1)],
    ];
  }),
  ["LOKI'S DISK", ({ logs }) => mebibytes(logs.disk)],
  ["BUCKET", ({ logs }) => mebibytes(logs.bucket)],
];

const perLogQuery: Column<LogRow>[] = [
  ["SERIES", ({ load }) => count(load.series)],
  ...logQueries.map((query: LogQuery): Column<LogRow> => [
    `${query}: p50, p95 in ms`,
    ({ logs: { queries } }) => `${queries[query].p50.toFixed(0)}, ${queries[query].p95.toFixed(0)}`,
  ]),
];

/** All that runs for one way to keep metrics. */
interface Whole extends LogRow {
  way: string;
  usage: Usage;
}

const perWay: Column<Whole>[] = [
  ["SERIES", ({ load }) => count(load.series)],
  ["LINES GB/day", ({ load }) => `${load.gbPerDay}`],
  ["ALL THAT RUNS", ({ way }) => way],
  ["MEMORY", ({ usage }) => mebibytes(usage.resident.mean)],
  ["PEAK", ({ usage }) => mebibytes(usage.resident.peak)],
  ["ANONYMOUS", ({ usage }) => mebibytes(usage.anonymous)],
  ["CPU s/min", ({ usage }) => usage.cpu.toFixed(1)],
];

/** What runs beside the metrics, whichever way they are kept: no object store, which is on a NAS. */
const besideMetrics = ({ loki, collectors, events, canaries, nodeExporters }: LogsResult) => [
  ...[loki, collectors, events, canaries, nodeExporters],
];

const ways: [way: string, of: (result: Result) => Usage[]][] = [
  ["prometheus", ({ prometheus }) => [prometheus.steady]],
  ["mimir + alloy", ({ mimir, alloy }) => [mimir.steady, alloy]],
  ["victoria-metrics + vmagent + vmalert", (all) => [all.victoriaMetrics.steady, all.vmagent, all.vmalert]],
];

/** What is compared, between programs and between sizes: what a busy machine changes in one run, it changes in both. */
const compared: [title: string, of: (result: DatabaseResult) => number][] = [
  ["memory", ({ steady }) => steady.resident.mean],
  ["CPU", ({ steady }) => steady.cpu],
  ["WAL", ({ wal }) => wal],
  ["disk", ({ disk }) => disk],
  ["replay peak", ({ restart }) => restart.peak],
  ["compaction peak", ({ compaction }) => compaction.peak],
];

/**
 * Results as text: by program, by load, and as ratios.
 * @param results at least one
 */
export function tables(results: readonly Result[]): string {
  const rows = results.flatMap((result): DatabaseRow[] =>
    programs.map(([program, of]) => ({ program, scraped: result.load.series, ...of(result) })),
  );
  const parts = [table(perDatabase, rows), table(perQuery, rows), table(perHelper, results), table(perLoad, results)];
  const withLogs = results.flatMap(({ load, logs }) => (logs ? [{ load, logs }] : []));
  return [...parts, ratios(results), ...logTables(withLogs, results)].join("\n\n");
}

function logTables(rows: readonly LogRow[], results: readonly Result[]): string[] {
  if (rows.length === 0) return [];
  const whole = results.flatMap(({ logs, ...result }): Whole[] =>
    logs
      ? ways.map(([way, of]) => {
          const usage = together([...of(result), result.alertmanager, ...besideMetrics(logs)]);
          return { load: result.load, logs, way: `${way} + the rest`, usage };
        })
      : [],
  );
  const different = rows
    .filter(({ logs: { lines, stored } }) => lines !== stored)
    .map(({ load, logs: { lines, stored } }) => {
      const what = stored < lines ? `${count(lines - stored)} lines are missing` : `${count(stored - lines)} too many`;
      return `At ${count(load.series)} series Loki hasn't the lines that were written: ${what} of ${count(lines)}.`;
    });
  return [table(perLogs, rows), table(perLogQuery, rows), table(perWay, whole), ...different];
}

function table<Row>(shown: readonly Column<Row>[], rows: readonly Row[]): string {
  return columns([shown.map(([title]) => title), ...rows.map((row) => shown.map(([, of]) => of(row)))]);
}

/** The databases, as their rows are called. */
const programs: [program: string, of: (result: Result) => DatabaseResult][] = [
  ["prometheus", ({ prometheus }) => prometheus],
  ["mimir", ({ mimir }) => mimir],
  ["victoria-metrics", ({ victoriaMetrics }) => victoriaMetrics],
];

/** What does together what Prometheus does alone: scrape, keep, answer, and evaluate rules, which Mimir's ruler does in its own process. */
const alike: typeof programs = [
  ["mimir + alloy", ({ mimir, alloy }) => beside(mimir, alloy)],
  ["victoria-metrics + vmagent + vmalert", (all) => beside(all.victoriaMetrics, all.vmagent, all.vmalert)],
];

const beside = (database: DatabaseResult, ...others: Usage[]): DatabaseResult => ({
  ...database,
  steady: together([database.steady, ...others]),
});

/** Each to Prometheus at each load, then each load to the first. */
function ratios(results: readonly Result[]): string {
  const [first, ...others] = results;
  const toPrometheus = results.flatMap((result) =>
    [...programs.slice(1), ...alike].map(([program, one]) => [
      `${program} : prometheus at ${count(result.load.series)}`,
      ...compared.map(([, of]) => ratio(of(one(result)), of(result.prometheus))),
    ]),
  );
  const growth = others.flatMap((result) =>
    programs.map(([program, one]) => [
      `${program}, ${count(result.load.series)} : ${count(first.load.series)}`,
      ...compared.map(([, of]) => ratio(of(one(result)), of(one(first)))),
    ]),
  );
  return columns([["RATIO", ...compared.map(([title]) => title.toUpperCase())], ...toPrometheus, ...growth]);
}

const ratio = (a: number, b: number) => (b > 0 ? (a / b).toFixed(2) : "–");
const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MiB`;
const count = (n: number) => Math.round(n).toLocaleString("en-GB");

function columns(rows: readonly string[][]): string {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const padded = rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i])));
  return padded.map((row) => row.join("  ").trimEnd()).join("\n");
}
