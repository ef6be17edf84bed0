import { at, lineThrough, type Line } from "../../commands/size/fit";
import type { LogFigures, LogResult, Spread } from "../../commands/size/figures";
import { queryAt, resultsOf, sizesFor } from "../../commands/size/formula";
import { settingsSchema } from "../../settings/schema";
import type { GeneratedPart } from "../../commands/shared/page";
import type { Result } from "./measure";

/** The part of docs/logs-benchmark.md that is measured. */
export const logsPart: GeneratedPart = { page: "docs/logs-benchmark.md", name: "measured", script: "bench:logs" };

/** Bytes of a day that the figures are carried to. */
const carriedTo = 100e9;

/** Milliseconds in which a query of a day is to be answered. */
const goal = 1000;

/** What is kept of a result. */
export function figuresOf({ case: { variant }, load, classes }: Result): LogResult {
  const { bytes, lines, retried, seconds, chunks, chunkBytes, indexBytes } = load;
  return {
    ...{ run: 0, variant, bytes, lines, retried, seconds, chunks, chunkBytes, indexBytes },
    programs: Object.fromEntries(
      Object.entries(load.programs).map(([name, { resident, cpuSeconds }]) => [
        name,
        { mean: Math.round(resident.mean), peak: resident.peak, cpuSeconds },
      ]),
    ),
    classes: classes.map(({ cold, warm, ...each }) => ({ ...each, cold: spreadOf(cold), warm: spreadOf(warm) })),
  };
}

/** Percentiles by the nearest rank: of few values, the highest are the greatest of them. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const percentile = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  return { count: sorted.length, p50: percentile(0.5), p95: percentile(0.95), p99: percentile(0.99) };
}

/** The figures as Markdown. */
export function page(figures: LogFigures): string {
  return [
    ...figures.runs.map(
      ({ day, machine, versions }, i) =>
        `${figures.runs.length > 1 ? `Run ${i + 1}: ` : ""}Loki ${versions.loki}, MinIO ${versions.minio} and the configuration of the loki chart ${versions.chart} on ${day}. ${machine}`,
    ),
    "### Taking in a day",
    loadTable(figures),
    "### Queries over the day",
    queryTable(figures),
    `### At ${gigabytes(carriedTo)} GB a day`,
    carriedTable(figures),
    "### A plan for such a day, beside these figures",
    planTable(figures),
  ].join("\n\n");
}

function loadTable({ results, runs }: LogFigures): string {
  const rows = results.flatMap((result) => {
    const { bytes, retried, programs, chunks, chunkBytes, indexBytes } = result;
    const [chart] = results.filter(
      (other) => other.variant === "chart" && other.run === result.run && isNear(other.bytes, bytes),
    );
    const lokis = Object.entries(programs).filter(([name]) => name !== "minio");
    const sum = (one: LogResult, of: (program: LogResult["programs"][string]) => number) =>
      Object.entries(one.programs).reduce((all, [name, program]) => all + (name === "minio" ? 0 : of(program)), 0);
    const beside = (of: (one: LogResult) => number) =>
      chart && chart !== result ? ` (${(of(result) / of(chart)).toFixed(2)} ×)` : "";
    const speed = (one: LogResult) => one.bytes / one.seconds;
    const cpu = (one: LogResult) => sum(one, ({ cpuSeconds }) => cpuSeconds) / one.bytes;
    const memory = (one: LogResult) => sum(one, ({ peak }) => peak);
    return [
      [
        ...[
          configuration(result, runs),
          gigabytes(bytes),
          `${(speed(result) / 1e6).toFixed(1)}${beside(speed)}`,
          `${retried}`,
        ],
        `${(cpu(result) * 1e9).toFixed(0)}${beside(cpu)}`,
        `${lokis.map(([name, { mean, peak }]) => `${lokis.length > 1 ? `${name} ` : ""}${mebibytes(mean)}, ${mebibytes(peak)}`).join("; ")}${beside(memory)}`,
        `${mebibytes(programs.minio.peak)}, ${((programs.minio.cpuSeconds / bytes) * 1e9).toFixed(0)} s`,
        `${(bytes / chunkBytes).toFixed(1)} : 1`,
        `${(chunkBytes / chunks / 1024).toFixed(0)} KiB`,
        `${(indexBytes / chunks).toFixed(0)} B`,
      ],
    ];
  });
  return markdown(
    [
      ...["configuration", "GB", "MB/s", "pushes sent again", "CPU s a GB", "Loki's memory in MiB: mean, most"],
      ...["MinIO: memory in MiB, CPU a GB", "lines : chunks", "a chunk", "index a chunk"],
    ],
    rows,
  );
}

/** A configuration, with the number of its run where there are several. */
const configuration = ({ variant, run }: Pick<LogResult, "variant" | "run">, runs: LogFigures["runs"]) =>
  `\`${variant}\`${runs.length > 1 ? ` (${run + 1})` : ""}`;

function queryTable({ results, runs }: LogFigures): string {
  const rows = results.flatMap(({ bytes, classes, ...result }) =>
    classes.map(({ name, cold, warm, cpuSeconds, bytes: read }) => [
      ...[name, configuration(result, runs), gigabytes(bytes), spread(cold), spread(warm)],
      ...[cpuSeconds.toFixed(2), gigabytes(read)],
    ]),
  );
  rows.sort((a, b) => classNames(results).indexOf(a[0]) - classNames(results).indexOf(b[0]));
  return markdown(["query", "configuration", "GB", "cold: p50, p95, p99 in ms", "warm", "CPU s", "GB read"], rows);
}

function carriedTable({ results, runs }: LogFigures): string {
  const variants = [...new Set(results.map(({ variant }) => variant))];
  const volumes = (variant: string) => results.filter((result) => result.variant === variant);
  const several = variants.filter((variant) => volumes(variant).length > 1);
  if (several.length === 0) return "Not in this run: a growth needs two volumes at least.";
  const rows = classNames(results).flatMap((name) =>
    several.map((variant) => {
      const measured = volumes(variant);
      const { read, grows, cpuSeconds } = queryAt(measured, name, carriedTo);
      const { cores, load } = runs[measured[0].run];
      const shown = (["cold", "warm"] as const).map((kind) => milliseconds(measured, name, kind, grows));
      const needed = Math.ceil((cpuSeconds * 1000) / goal);
      const busy = load > cores;
      const waits = !busy && shown.some((figure) => figure && figure.carried >= goal);
      return [
        ...[name, configuration(measured[0], runs)],
        grows ? `${gigabytes(read)} GB` : `${(read / 1e6).toFixed(1)} MB, as of any day`,
        cpuSeconds.toFixed(cpuSeconds < 10 ? 2 : 0),
        ...shown.map((figure) => (busy ? undefined : figure)?.text ?? "–"),
        needed > 1 ? `no: ${needed} cores for a second` : waits ? "no: it waits" : "yes",
      ];
    }),
  );
  return markdown(["query", "configuration", "reads", "CPU s", "cold p95", "warm p95", "within a second?"], rows);
}

/** What a readiness assessment gave each replica of a stack in Simple Scalable mode for 100 GB a day, kept for 30 days: cores and bytes. */
const plan: Record<string, { replicas: number; cpu: number; memory: number }> = {
  "loki-write": { replicas: 3, cpu: 1, memory: 2 * 2 ** 30 },
  "loki-read": { replicas: 3, cpu: 1, memory: 2 * 2 ** 30 },
  "loki-backend": { replicas: 1, cpu: 0.5, memory: 2 ** 30 },
};

/** What the same plan gave the bucket, and the volume of each pod, in bytes. */
const planned = { chunks: 500 * 2 ** 30, index: 50 * 2 ** 30, volume: 10 * 2 ** 30 };

/** What it asked for: writers hold each line three times, as with three of them nothing less survives one that is away. */
const planSettings = settingsSchema.parse({
  loki: { mode: "simple-scalable", replicationFactor: 3, backend: { replicas: plan["loki-backend"].replicas } },
});
const planDemand = { bytesPerDay: carriedTo, retention: 30 * 86_400, series: 200_000, streams: 1000 };

/** The plan's figures, those by measurement, and which of them is too small. */
export function planTable(figures: LogFigures): string {
  if (resultsOf("simple-scalable", figures).length === 0)
    return "Not in this run: it needs the configuration `simple-scalable`.";
  const { needs, buckets } = sizesFor(planSettings, planDemand, figures);
  const lokis = needs.filter(({ name }) => name in plan);
  const cores = (value: number) => `${value.toFixed(2)} cores`;
  const memory = (bytes: number) => `${mebibytes(bytes)} Mi`;
  const volume = Math.max(...lokis.map((need) => need.volume ?? 0));
  return markdown(
    ["", "the plan", "by these figures", "the plan is"],
    [
      ...lokis.flatMap(({ name, replicas, ...need }) => [
        [`replicas of ${name}`, `${plan[name].replicas}`, `${replicas}`, verdict(plan[name].replicas, replicas)],
        [`CPU of each`, cores(plan[name].cpu), cores(need.cpu), verdict(plan[name].cpu, need.cpu)],
        [`memory of each`, memory(plan[name].memory), memory(need.memory), verdict(plan[name].memory, need.memory)],
      ]),
      [
        "chunks in the bucket",
        `${gigabytes(planned.chunks)} GB`,
        `${gigabytes(buckets.chunks.least)} GB; ${gigabytes(buckets.chunks.most)} GB if no two writers cut alike`,
        verdict(planned.chunks, buckets.chunks.least),
      ],
      [
        "index in the bucket",
        `${gigabytes(planned.index)} GB`,
        `${gigabytes(buckets.index.least)} GB; ${gigabytes(buckets.index.most)} GB`,
        verdict(planned.index, buckets.index.most),
      ],
      [
        "volume of a writer",
        `${gigabytes(planned.volume)} GB`,
        `${gigabytes(volume)} GB`,
        verdict(planned.volume, volume),
      ],
    ],
  );
}

function verdict(planned: number, needed: number): string {
  if (planned < needed) return `too small: ${(planned / needed).toFixed(2)} of it`;
  return planned > 2 * needed ? `${(planned / needed).toFixed(0)} times what is needed` : "right";
}

/**
 * The p95 of a class at {@link carriedTo}: the most that was measured where a query reads the same on any day, else on the line through what was measured.
 * @returns undefined where it would grow, and there are only two volumes: through two points there is always a line, which says nothing of chance
 */
function milliseconds(measured: readonly LogResult[], name: string, kind: "cold" | "warm", grows: boolean) {
  const points = measured.map(
    ({ bytes, classes }) => [bytes, classes.find((each) => each.name === name)![kind].p95] as const,
  );
  if (!grows) {
    const carried = Math.max(...points.map(([, ms]) => ms));
    return { carried, text: `${carried.toFixed(0)} ms` };
  }
  if (points.length < 3) return undefined;
  const line = lineThrough(points);
  return { carried: at(line, carriedTo), text: growth(line) };
}

const growth = (line: Line) =>
  `${line.fixed.toFixed(0)} + ${(line.slope * 1e9).toFixed(0)} ms a GB = ${(at(line, carriedTo) / 1000).toFixed(1)} s (±${(line.error * 100).toFixed(0)} %)`;

const classNames = ([first]: readonly LogResult[]) => first.classes.map(({ name }) => name);

/** Lines are whole: no two days have exactly as many bytes. */
const isNear = (a: number, b: number) => Math.abs(a - b) < b / 1000;

const spread = ({ p50, p95, p99, count }: Spread) =>
  `${[p50, p95, p99].map((ms) => ms.toFixed(0)).join(", ")} (of ${count})`;
const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(bytes < 995e6 ? 2 : bytes < 99.5e9 ? 1 : 0);
const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(0);

const markdown = (heading: readonly string[], rows: readonly string[][]): string =>
  [heading, heading.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
