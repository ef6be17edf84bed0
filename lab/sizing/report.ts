import type { DatabaseResult, Result } from "./measure";

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
  ["MINIO MEMORY", ({ objectStore }) => mebibytes(objectStore.resident.mean)],
  ["MINIO CPU s/min", ({ objectStore }) => objectStore.cpu.toFixed(1)],
  ["VMAGENT MEMORY", ({ vmagent }) => mebibytes(vmagent.resident.mean)],
  ["VMAGENT CPU s/min", ({ vmagent }) => vmagent.cpu.toFixed(1)],
];

/** What is compared, between programs and between sizes: what a busy machine changes in one run, it changes in both. */
const compared: [title: string, of: (result: DatabaseResult) => number][] = [
  ["memory", ({ steady }) => steady.resident.mean],
  ["CPU", ({ steady }) => steady.cpu],
  ["WAL", ({ wal }) => wal],
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
  return [table(perDatabase, rows), table(perLoad, results), ratios(results)].join("\n\n");
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

/** With vmagent, VictoriaMetrics does what Prometheus does alone: scrape, keep, answer. */
function withVmagent({ victoriaMetrics, vmagent }: Result): DatabaseResult {
  const { steady } = victoriaMetrics;
  const mean = steady.resident.mean + vmagent.resident.mean;
  return {
    ...victoriaMetrics,
    steady: { ...steady, resident: { ...steady.resident, mean }, cpu: steady.cpu + vmagent.cpu },
  };
}

/** Each to Prometheus at each load, then each load to the first. */
function ratios(results: readonly Result[]): string {
  const [first, ...others] = results;
  const beside = results.flatMap((result) =>
    [...programs.slice(1), ["victoria-metrics + vmagent", withVmagent] as const].map(([program, one]) => [
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
  return columns([["RATIO", ...compared.map(([title]) => title.toUpperCase())], ...beside, ...growth]);
}

const ratio = (a: number, b: number) => (b > 0 ? (a / b).toFixed(2) : "–");
const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MiB`;
const count = (n: number) => Math.round(n).toLocaleString("en-GB");

function columns(rows: readonly string[][]): string {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const padded = rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i])));
  return padded.map((row) => row.join("  ").trimEnd()).join("\n");
}
