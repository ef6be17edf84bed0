import { bytesIn } from "../sizing/blocks";
import { metricsOf, total } from "../sizing/metrics";
import { startObjectStore, type ObjectStore } from "../sizing/object-store";
import { cpuSecondsOf, memoryOf } from "../sizing/procfs";
import { watch, type Usage } from "../sizing/watch";
import type { Running, Workspace } from "../sizing/workspace";
import { until } from "../until";
import { linesOf } from "./lines";
import { bucket, startCaches, startLoki, type Caches, type Loki, type Variant } from "./loki";
import { pushBody } from "./push";
import { askLoki, queryClasses, type Day, type QueryClass } from "./queries";

/** What is measured. */
export interface Case {
  variant: Variant;
  /** Bytes of the day's lines. */
  bytes: number;
  /** How often Loki is started for each group of queries: the first queries after it are the cold ones. */
  rounds: number;
}

/** What a program took to take in the day. */
export interface ProgramLoad extends Usage {
  /** Seconds of CPU for the whole day, the last flush included. */
  cpuSeconds: number;
}

/** What taking in the day took. */
export interface LoadResult {
  /** Bytes of the lines, and their number. */
  bytes: number;
  lines: number;
  /** Pushes that were sent again, as a collector does, because Loki was too busy for them (5xx). */
  retried: number;
  /** Seconds until all lines were acknowledged, sent as fast as Loki took them. */
  seconds: number;
  /** By name; the object store's is `minio`. */
  programs: Record<string, ProgramLoad>;
  /** Chunks that were written, and what lies in the bucket: chunks and index, in bytes. */
  chunks: number;
  chunkBytes: number;
  indexBytes: number;
}

/** What the queries of a class took. */
export interface ClassResult {
  name: string;
  /** Milliseconds of each query: those that were the first of their kind after a start, and repeated ones. */
  cold: number[];
  warm: number[];
  /** Seconds of CPU of a cold query, all programs together. */
  cpuSeconds: number;
  /** Bytes of lines that Loki read for a cold query. */
  bytes: number;
  /** The most memory of a program, in bytes, by name. */
  peaks: Record<string, number>;
}

/** What came out. */
export interface Result {
  case: Case;
  load: LoadResult;
  classes: ClassResult[];
}

const dayLength = 24 * 3_600_000;

/** A push has about so many bytes, and never more time than Loki takes lines out of order for, an hour, divided by those under way. */
const bytesOfPush = 1e6;
const leastPushes = 288;
const underWay = 4;

/** Loki closes a chunk that is so old, in hours (`max_chunk_age`), and sees its age by the clock. The day passes faster. */
const chunkHours = 2;

/** How often the queries of a class are repeated after the first time. */
const repeats = 2;

/**
 * Measures one configuration with one volume.
 * @param workspace where everything runs
 * @param report takes lines of progress
 */
export async function measure(workspace: Workspace, what: Case, report: (line: string) => void): Promise<Result> {
  const store = await startObjectStore(workspace, [bucket]);
  const end = Math.floor(Date.now() / 60_000) * 60_000;
  const day = { start: end - dayLength, end };
  const name = `${what.variant}, ${(what.bytes / 1e9).toLocaleString("en-GB")} GB`;
  report(`${name}: taking in a day`);
  const caches = await startCaches(workspace, what.variant);
  const loki = await startLoki(workspace, what.variant, store, caches);
  const load = await takeIn(loki, { ...caches.programs, minio: store.program }, day, what.bytes);
  await loki.stop();
  const inBucket = (folder: string) => bytesIn(`${workspace.folderOf("minio/store")}/${bucket}/${folder}`);
  const classes: ClassResult[] = [];
  for (const group of queryClasses) {
    report(`${name}: ${group.map((each) => each.name).join(", ")}`);
    classes.push(...(await asked(workspace, what, { store, caches }, day, group)));
  }
  return { case: what, load: { ...load, chunkBytes: inBucket("fake"), indexBytes: inBucket("index") }, classes };
}

async function takeIn(
  loki: Loki,
  others: Record<string, Running>,
  day: Day,
  bytes: number,
): Promise<Omit<LoadResult, "chunkBytes" | "indexBytes">> {
  const programs = { ...loki.programs, ...others };
  const names = Object.keys(programs);
  const before = names.map((name) => cpuSecondsOf(programs[name].pid));
  const began = Date.now();
  const sent = send(loki, day, bytes);
  const flushed = sent.then(() => flush(loki));
  const [usages, { acknowledged, ...counts }, chunks] = await Promise.all([
    watch(
      names.map((name) => ({ program: programs[name] })),
      flushed,
    ),
    sent,
    flushed,
  ]);
  const loads = names.map((name, i) => {
    const cpuSeconds = cpuSecondsOf(programs[name].pid) - before[i];
    return [name, { ...usages[i], cpuSeconds }] as const;
  });
  return { ...counts, seconds: (acknowledged - began) / 1000, chunks, programs: Object.fromEntries(loads) };
}

/** Sends the day in its order, a few requests at once. */
async function send({ url }: Loki, day: Day, bytes: number) {
  const pushes = Math.max(leastPushes, Math.ceil(bytes / bytesOfPush));
  const length = dayLength / pushes;
  const counts = { bytes: 0, lines: 0, retried: 0 };
  let next = 0;
  const sender = async () => {
    while (next < pushes) {
      const slice = next++;
      const streams = linesOf(slice, pushes, bytes / pushes);
      for (const { lines } of streams) {
        counts.lines += lines.length;
        counts.bytes += lines.reduce((sum, line) => sum + line.length, 0);
      }
      const body = pushBody(streams, day.start + slice * length, length);
      let tries = 0;
      await until("Loki takes lines", 300, async () => {
        counts.retried += tries++ > 0 ? 1 : 0;
        await push(url.write, body);
        return true;
      });
      const hour = (i: number) => Math.floor((i * length) / (chunkHours * 3_600_000));
      if (hour(slice + 1) > hour(slice)) await post(`${url.hold}/flush`);
    }
  };
  await Promise.all(Array.from({ length: underWay }, sender));
  return { ...counts, acknowledged: Date.now() };
}

const push = (url: string, body: Buffer) =>
  post(`${url}/loki/api/v1/push`, {
    body: new Uint8Array(body),
    headers: { "Content-Type": "application/x-protobuf" },
  });

async function post(url: string, init: RequestInit = {}): Promise<void> {
  const response = await fetch(url, { method: "POST", ...init });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${text}`);
}

/** Writes what is in memory to the bucket; returns the number of chunks that were written since the start. */
async function flush({ url }: Loki): Promise<number> {
  return until("Loki has written all chunks", 600, async () => {
    await post(`${url.hold}/flush`);
    const metrics = await metricsOf(url.hold);
    const left = total(metrics, "loki_ingester_memory_chunks");
    if (left > 0) throw new Error(`${left} chunks are in memory`);
    return total(metrics, "loki_ingester_chunks_flushed_total");
  });
}

async function asked(
  workspace: Workspace,
  { variant, rounds }: Case,
  { store, caches }: { store: ObjectStore; caches: Caches },
  day: Day,
  group: readonly QueryClass[],
): Promise<ClassResult[]> {
  const results = group.map(({ name }): ClassResult => ({
    name,
    cold: [],
    warm: [],
    cpuSeconds: 0,
    bytes: 0,
    peaks: {},
  }));
  for (let round = 0; round < rounds; round++) {
    const loki = await startLoki(workspace, variant, store, caches);
    const programs = [...Object.values(loki.programs), ...Object.values(caches.programs), store.program];
    const cpu = () => programs.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0);
    for (const [i, { queries }] of group.entries()) {
      const result = results[i];
      const all = queries(day);
      const before = cpu();
      for (const query of all) {
        const { milliseconds, bytes } = await askLoki(loki.url.read, query);
        result.cold.push(milliseconds);
        result.bytes += bytes / all.length / rounds;
      }
      result.cpuSeconds += (cpu() - before) / all.length / rounds;
      for (let repeat = 0; repeat < repeats; repeat++)
        for (const query of all) result.warm.push((await askLoki(loki.url.read, query)).milliseconds);
      for (const [program, { pid }] of Object.entries(loki.programs))
        result.peaks[program] = Math.max(result.peaks[program] ?? 0, memoryOf(pid).peak);
    }
    await loki.kill();
  }
  return results;
}
