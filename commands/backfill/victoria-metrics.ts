import { join } from "node:path";
import { setImmediate as breathe, setTimeout as pause } from "node:timers/promises";
import { InvalidInput } from "../../engine/errors";
import type { Api, Request } from "../shared/api/api-server";
import { patiently, type Patience } from "../shared/api/patience";
import { backfilledSeries } from "../shared/backfilled";
import type { Part } from "./blocks";
import type { Brought, Destination } from "./destination";
import { RemoteWriteRequests } from "./remote-write";
import { ChunkReader, encoding } from "./tsdb/chunks";
import { Index, type ChunkPlace } from "./tsdb/index";
import { eachSample } from "./tsdb/xor";

/** What {@link VictoriaMetricsImport} is made from. */
export interface VictoriaMetricsImportArgs {
  victoriaMetrics: Api;
  oldest: number;
  /** Labels that every series gets which has none of that name: what Prometheus adds when it writes to VictoriaMetrics. */
  labels: Readonly<Record<string, string>>;
  /** Seconds for which a request is tried again. */
  patience: number;
  signal: AbortSignal;
  tell(line: string): void;
}

/**
 * Milliseconds after which a sample is on its disk, and in its metrics: a killed VictoriaMetrics loses those of the last five seconds, which it had taken
 * (`-inmemoryDataFlushInterval`), and its metrics are of the last second.
 */
const flushed = 7_000;

/** Why it drops samples of series, as its metrics name it, and the setting behind it. */
const limits: Readonly<Record<string, string>> = {
  hourly_limit_exceeded: "victoriaMetrics.limits.maxHourlySeries",
  daily_limit_exceeded: "victoriaMetrics.limits.maxDailySeries",
};

/** A part whose samples may still be in memory only. */
interface Sent {
  part: Part;
  samples: number;
  at: number;
  /** What VictoriaMetrics said of itself before it took them. */
  before: State;
}

/**
 * VictoriaMetrics takes samples by remote_write, as it takes Prometheus's own. What it has is said by a sample for each part ({@link backfilledSeries}), written
 * once the part's samples are on its disk: where it was restarted before that, they are brought again.
 */
export class VictoriaMetricsImport implements Destination {
  readonly oldest: number;
  private readonly asked: Patience;
  private names?: Promise<Set<string>>;
  private unsettled: Sent[] = [];
  /** Whether samples of a part were lost since the last {@link settle}. */
  private lost = false;

  constructor(private readonly args: VictoriaMetricsImportArgs) {
    const { victoriaMetrics: program, patience, signal, tell } = args;
    this.oldest = args.oldest;
    const todo = "run it again later: what VictoriaMetrics has is not copied again";
    this.asked = { name: "VictoriaMetrics", program, patience, todo, signal, tell };
  }

  async has(part: Part): Promise<boolean> {
    this.names ??= this.namesThere();
    return (await this.names).has(part.ulid(0));
  }

  open(folder: string): (part: Part) => Promise<Brought> {
    const index = new Index(join(folder, "index"), this.args.labels);
    const symbols = index.symbols.map((symbol) => Buffer.from(symbol, "latin1"));
    return async (part) => {
      await this.mark(flushed);
      const before = await this.state();
      const brought = { samples: 0, bytes: 0, left: new Map<string, number>() };
      const full: Buffer[] = [];
      const requests = new RemoteWriteRequests((request) => full.push(request));
      const send = async () => {
        for (const request of full.splice(0)) {
          brought.bytes += request.length;
          await this.expect("POST", "/api/v1/write", request);
        }
      };
      const chunks = new ChunkReader(join(folder, "chunks"));
      let seen = 0;
      try {
        for (const { labels, chunks: places } of index.series()) {
          if (++seen % 1000 === 0) await breathe(undefined, { signal: this.args.signal });
          const own = places.filter(({ minTime, maxTime }) => maxTime >= part.minTime && minTime < part.maxTime);
          if (own.length === 0) continue;
          requests.series(pairs(labels, symbols));
          for (const place of own) brought.samples += write(place, part, chunks, requests, brought.left);
          await send();
        }
        requests.flush();
        await send();
      } finally {
        chunks.close();
      }
      this.unsettled.push({ part, samples: brought.samples, at: Date.now(), before });
      return brought;
    };
  }

  async settle(): Promise<boolean> {
    const newest = this.unsettled.at(-1)?.at ?? 0;
    await pause(Math.max(0, newest + flushed - Date.now()), undefined, { signal: this.args.signal });
    await this.mark(0);
    const { lost } = this;
    this.lost = false;
    return !lost;
  }

  /** Writes down which parts it has whole, of those that were sent so many milliseconds ago. */
  private async mark(age: number): Promise<void> {
    const due = this.unsettled.filter(({ at }) => Date.now() - at >= age);
    if (due.length === 0) return;
    const now = await this.state();
    this.unsettled = this.unsettled.filter((one) => !due.includes(one));
    due.forEach(({ before }) => refuseDropped(before, now));
    const safe = due.filter(({ before }) => before.started === now.started);
    const names = await this.names;
    for (const { part, samples } of safe) {
      const name = part.ulid(0);
      const body = `${backfilledSeries}{part="${name}"} ${samples} ${part.minTime}\n`;
      await this.expect("POST", "/api/v1/import/prometheus", body);
      names?.add(name);
    }
    if (safe.length === due.length) return;
    this.lost = true;
    this.args.tell("VictoriaMetrics restarted meanwhile: what it may have lost is copied again");
  }

  /** The parts that it has. */
  private async namesThere(): Promise<Set<string>> {
    const { keepsTwice } = await this.state();
    if (keepsTwice)
      throw new InvalidInput(
        "VictoriaMetrics keeps duplicate samples (-dedup.minScrapeInterval), which two blocks or a second run can bring\n" +
          "→ victoriaMetrics.dedupInterval: 1ms, and npm run up",
      );
    const text = await this.expect("GET", `/api/v1/export?match[]=${backfilledSeries}&start=0`);
    const lines = text.split("\n").filter((line) => line !== "");
    return new Set(lines.map((line) => (JSON.parse(line) as { metric: { part: string } }).metric.part));
  }

  /** What its metrics say of itself. */
  private async state(): Promise<State> {
    const text = await this.expect("GET", "/metrics");
    const value = (name: string) => new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1];
    return {
      started: Number(value("vm_app_start_timestamp")),
      dropped: Object.keys(limits).map((reason) => Number(value(`vm_rows_ignored_total\\{reason="${reason}"\\}`) ?? 0)),
      keepsTwice: /^flag\{name="dedup\.minScrapeInterval", value="0s?",/m.test(text),
    };
  }

  /** A request that has to succeed, and what was answered. */
  private async expect(method: "GET" | "POST", path: string, body?: Request["body"]): Promise<string> {
    const reply = await patiently(path, { method, body }, this.asked);
    if (reply.status >= 200 && reply.status < 300) return reply.body;
    throw new InvalidInput(
      `${path.replace(/\?.*/, "")}: VictoriaMetrics answers ${reply.status}: ${reply.body.trim().slice(0, 300) || "nothing more"}`,
    );
  }
}

interface State {
  /** When it was started, in seconds since 1970. */
  started: number;
  /** Samples that it has dropped since then, by each of {@link limits}. */
  dropped: number[];
  /** Whether it keeps both of two equal samples. */
  keepsTwice: boolean;
}

/** It says 204 to samples that it drops: only its counters show it. */
function refuseDropped(before: State, after: State): void {
  if (before.started !== after.started) return;
  const exceeded = Object.values(limits).filter((_, i) => after.dropped[i] > before.dropped[i]);
  if (exceeded.length > 0)
    throw new InvalidInput(
      `VictoriaMetrics drops samples: there are more series than ${exceeded.join(" and ")}; those of the history count too\n` +
        "→ raise it until the history is there, and npm run up; what was copied is not copied again",
    );
}

/** Names and values of a series. */
const pairs = (labels: Uint32Array, symbols: readonly Buffer[]) =>
  Array.from({ length: labels.length / 2 }, (_, i) => [symbols[labels[2 * i]], symbols[labels[2 * i + 1]]] as const);

/** Bits of a staleness marker: a NaN that VictoriaMetrics keeps. Others it drops, whoever sends them. */
const staleness = { high: 0x7ff00000, low: 2 };

/** Whether the upper and lower bits are a NaN's. */
const isNaN = (high: number, low: number) =>
  (high & 0x7ff00000) === 0x7ff00000 && ((high & 0xfffff) !== 0 || low !== 0);

/** Writes what a chunk has of a part. Returns the number of samples. */
function write(
  { reference }: ChunkPlace,
  { minTime, maxTime }: Part,
  chunks: ChunkReader,
  requests: RemoteWriteRequests,
  left: Map<string, number>,
): number {
  const chunk = chunks.read(reference);
  if (chunk.encoding !== encoding.xor) {
    const reason = "not of floats: only its buckets could be copied, as other series";
    left.set(reason, (left.get(reason) ?? 0) + 1);
    return 0;
  }
  let samples = 0;
  eachSample(chunk.data, (time, high, low) => {
    if (time < minTime || time >= maxTime) return;
    if (isNaN(high, low) && !(high === staleness.high && low === staleness.low)) return;
    requests.sample(time, high, low);
    samples++;
  });
  return samples;
}
