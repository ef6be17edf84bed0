import { parse } from "yaml";
import { InvalidInput } from "../../engine/errors";
import type { Api } from "../shared/api/api-server";
import { whyNot } from "../shared/api/network";

/** Labels of a series, its name among them. */
export type Series = Record<string, string>;

/** An API of Prometheus: its own, Mimir's or VictoriaMetrics'. */
export class PrometheusApi {
  /**
   * @param program Prometheus, Mimir or VictoriaMetrics
   * @param signal ends every request
   * @param prefix of its paths: Mimir's is `/prometheus`
   */
  constructor(
    private readonly program: Api,
    private readonly signal: AbortSignal,
    private readonly prefix = "",
  ) {}

  /** Labels that it adds to every series that it sends elsewhere. */
  async externalLabels(): Promise<Record<string, string>> {
    const { yaml } = await this.ask<{ yaml: string }>("status/config", {});
    const config = parse(yaml) as { global?: { external_labels?: Record<string, string> } };
    return config.global?.external_labels ?? {};
  }

  /** The series that an instant query finds now. */
  async series(query: string): Promise<Series[]> {
    const { result } = await this.ask<{ result: { metric: Series }[] }>("query", { query });
    return result.map(({ metric }) => metric);
  }

  /** How many samples each series had in the day before an instant that are a number: VictoriaMetrics keeps no others. */
  async numbers(name: string, at: number): Promise<number[]> {
    const query = `{__name__=${JSON.stringify(name)}}[1d]`;
    const { result } = await this.ask<{ result: { values?: [number, string][] }[] }>("query", { query, time: `${at}` });
    return result
      .map(({ values = [] }) => values.filter(([, value]) => value !== "NaN").length)
      .filter((samples) => samples > 0);
  }

  /**
   * Has Prometheus make a snapshot: every block, and what is only in its memory.
   * @returns the name of its folder in `snapshots/`
   * @throws InvalidInput when the admin API is off
   */
  async snapshot(): Promise<string> {
    const { name } = await this.ask<{ name: string }>("admin/tsdb/snapshot", {}, "POST");
    return name;
  }

  /** Names of all metrics within a time, in seconds since 1970. */
  metrics(start: number, end: number): Promise<string[]> {
    return this.ask("label/__name__/values", { start: `${start}`, end: `${end}` });
  }

  /**
   * PromQL that gives one series, at several instants. What takes too long at once is asked for in halves.
   * @param instants in seconds since 1970, at equal distances
   * @returns the value at each; 0 where there is none
   */
  async values(query: string, instants: readonly number[]): Promise<number[]> {
    const [start, end, step] = [
      instants[0],
      instants[instants.length - 1],
      (instants[1] ?? instants[0] + 1) - instants[0],
    ];
    try {
      const { result } = await this.ask<{ result: { values: [number, string][] }[] }>("query_range", {
        ...{ query, start: `${start}`, end: `${end}`, step: `${step}` },
      });
      const found = new Map(result[0]?.values.map(([at, value]) => [at, Number(value)]));
      return instants.map((at) => found.get(at) ?? 0);
    } catch (error) {
      if (!(error instanceof TooMuch) || instants.length === 1) throw error;
      const half = Math.ceil(instants.length / 2);
      return [
        ...(await this.values(query, instants.slice(0, half))),
        ...(await this.values(query, instants.slice(half))),
      ];
    }
  }

  private async ask<T>(path: string, parameters: Record<string, string>, method?: "POST"): Promise<T> {
    const { program, prefix } = this;
    const query = new URLSearchParams(parameters).toString();
    // A query has two minutes in Prometheus and in Mimir, by default.
    const deadline = { milliseconds: 150_000 };
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(deadline.milliseconds)]);
    const { host } = new URL(program.server);
    const { status, body } = await program
      .request(`${prefix}/api/v1/${path}${query && `?${query}`}`, { method, signal })
      .catch((error: unknown) => {
        this.signal.throwIfAborted();
        throw new InvalidInput(`${host} ${whyNot(error, deadline)}`);
      });
    if (status >= 200 && status < 300) return (JSON.parse(body) as { data: T }).data;
    const todo = body.includes("admin APIs disabled") ? adminApiOff : "";
    const message = `${host} answers ${status} to ${path}: ${body.trim().slice(0, 300)}${todo}`;
    throw status === 422 || status >= 500 ? new TooMuch(message) : new InvalidInput(message);
  }
}

const adminApiOff =
  "\n→ run it without --snapshot four hours after dual-write began; or turn on prometheus.prometheusSpec.enableAdminAPI of the chart";

/** A query that was refused for its size, or took too long. */
class TooMuch extends InvalidInput {}
