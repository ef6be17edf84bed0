import { statSync } from "node:fs";
import { InvalidInput } from "../../engine/errors";
import type { Api, Reply, Request } from "../shared/api/api-server";
import { patiently } from "../shared/api/patience";
import { isWholeExport } from "./native";

/** What {@link VictoriaMetrics} is made from. */
export interface VictoriaMetricsArgs {
  program: Api;
  /** Seconds for which it keeps samples. */
  retention: number;
  signal: AbortSignal;
  tell(line: string): void;
}

/** Number of samples by day (UTC, `2026-01-31`); days without any are not in it. */
export type Days = Readonly<Record<string, number>>;

/** What a program says of itself. */
export interface About {
  version: string;
  /** Whether it keeps both of two equal samples. */
  keepsTwice: boolean;
}

/** Seconds for which a request is tried again. */
const patience = 120;

/** Seconds of a day. */
export const day = 86_400;

/** Seconds that one question is about: VictoriaMetrics gives up a query after half a minute (`-search.maxQueryDuration`). */
const window = day / 4;

const everySeries = '{__name__!=""}';

/** Name of the day that begins at this time, in seconds since 1970. */
export const dayOf = (time: number): string => new Date(time * 1000).toISOString().slice(0, 10);

/** When a day begins, in seconds since 1970. */
export const startOf = (name: string): number => Date.parse(`${name}T00:00:00Z`) / 1000;

/** A VictoriaMetrics, as a backup needs it. Times are seconds since 1970. */
export class VictoriaMetrics {
  constructor(private readonly args: VictoriaMetricsArgs) {}

  /** The first day of which it still has every sample. */
  get firstWholeDay(): number {
    return Math.ceil((Date.now() / 1000 - this.args.retention) / day) * day;
  }

  /**
   * Counts samples that are numbers, of two at the same time one.
   * @param from beginning of a day
   * @param until younger samples are not counted
   */
  async count(from: number, until: number): Promise<Days> {
    const days: Record<string, number> = {};
    for (let start = from; start < until; start += window) {
      const end = Math.min(start + window, until);
      // A range is without its beginning, and with its end: so each sample is in one window.
      const seconds = (end - start).toFixed(3);
      const form = new URLSearchParams({
        query: `sum(count_over_time(${everySeries}[${seconds}s]))`,
        ...{ time: (end - 0.001).toFixed(3), nocache: "1" },
      });
      const reply = await this.expect("/api/v1/query", { form });
      const { data } = JSON.parse(reply.body) as { data: { result: { value: [number, string] }[] } };
      const samples = Number(data.result[0]?.value[1] ?? 0);
      if (samples > 0) days[dayOf(start)] = (days[dayOf(start)] ?? 0) + samples;
    }
    return days;
  }

  /**
   * Writes all samples of a time into a file, staleness markers included, as VictoriaMetrics keeps them.
   * @param from of the oldest
   * @param until younger samples are not in it
   * @returns the file's size in bytes
   * @throws InvalidInput when it isn't whole
   */
  async export(from: number, until: number, file: string): Promise<number> {
    const range = { start: `${from}`, end: (until - 0.001).toFixed(3) };
    for (let attempt = 1; ; attempt++) {
      const form = new URLSearchParams({ "match[]": everySeries, ...range });
      await this.expect("/api/v1/export/native", { form, into: file });
      if (await isWholeExport(file)) return statSync(file).size;
      if (attempt === 3)
        throw new InvalidInput(
          "VictoriaMetrics' export failed\n→ its log says why; then run it again: what was copied is not copied again",
        );
    }
  }

  /** Takes in a file that {@link export} wrote. */
  async import(file: string): Promise<void> {
    await this.expect("/api/v1/import/native", { body: { file, bytes: statSync(file).size } });
  }

  /** What it says of itself. */
  async about(): Promise<About> {
    const { body } = await this.expect("/metrics");
    return {
      version: /^vm_app_version\{.*short_version="([^"]*)"/m.exec(body)?.[1] || "unknown",
      keepsTwice: /^flag\{name="dedup\.minScrapeInterval", value="0s?",/m.test(body),
    };
  }

  /** A request that has to succeed. */
  private async expect(path: string, request: Request = {}): Promise<Reply> {
    const { program, signal, tell } = this.args;
    const todo = "npm run verify shows whether it runs; to leave its samples out: --without samples";
    const reply = await patiently(path, request, {
      ...{ name: "VictoriaMetrics", program, patience, todo, signal, tell },
    });
    if (reply.status >= 200 && reply.status < 300) return reply;
    throw new InvalidInput(
      `VictoriaMetrics answers ${reply.status} to ${path}: ${reply.body.trim().slice(0, 300) || "nothing more"}\n→ ${todo}`,
    );
  }
}
