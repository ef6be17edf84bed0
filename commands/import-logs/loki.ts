import { parse } from "yaml";
import { InvalidInput } from "../../engine/errors";
import { isDuration, seconds } from "../../settings/units";
import type { Reply } from "../shared/api/api-server";
import { patiently, type Patience } from "../shared/api/patience";

/** Labels of a stream, or what selects some. */
export type Labels = Readonly<Record<string, string>>;

/** A line on its way. */
export interface Entry {
  /** Nanoseconds since 1970. */
  at: bigint;
  text: string;
  metadata: Labels;
}

/** Lines of a stream. */
export interface Stream {
  labels: Labels;
  entries: Entry[];
}

/** What of Loki's configuration decides about old lines. */
export interface Accepted {
  /** Seconds after which a line is refused; undefined: never. */
  maxAge?: number;
  /** First day of its schema, such as 2024-04-01. */
  from?: string;
  /** Seconds that a query may cover; undefined: any number. */
  maxQuery?: number;
}

/** Loki, by its gateway or by one process. Every request is tried again while it is away, busy (429) or ill (5xx). */
export class Loki {
  /** @param asked where it is, and how long it may be away */
  constructor(private readonly asked: Patience) {}

  /**
   * What it accepts, by its own configuration.
   * @see https://grafana.com/docs/loki/v3.6.x/reference/loki-http-api/#list-current-configuration
   */
  async accepted(): Promise<Accepted> {
    const { body } = await this.ok("/config");
    const { limits_config: limits = {}, schema_config: schema } = parse(body, { logLevel: "silent" }) as {
      limits_config?: { reject_old_samples?: boolean; reject_old_samples_max_age?: string; max_query_length?: string };
      schema_config?: { configs?: { from: string }[] };
    };
    const {
      reject_old_samples: rejects = true,
      reject_old_samples_max_age: age = "1w",
      max_query_length: longest = "",
    } = limits;
    return {
      maxAge: rejects && isDuration(age) ? seconds(age) : undefined,
      from: schema?.configs?.[0]?.from.slice(0, 10),
      maxQuery: isDuration(longest) ? seconds(longest) || undefined : undefined,
    };
  }

  /**
   * Sends lines.
   * @throws InvalidInput when one is refused, with Loki's reason
   */
  async push(streams: readonly Stream[]): Promise<void> {
    const json = {
      streams: streams.map(({ labels, entries }) => ({
        stream: labels,
        values: entries.map(({ at, text, metadata }) => [`${at}`, text, metadata]),
      })),
    };
    const reply = await patiently("/loki/api/v1/push", { json }, this.asked);
    if (reply.status !== 204) throw this.refusal("lines", reply);
  }

  /**
   * Whether it has lines of a selector at any time between two, in nanoseconds since 1970.
   * @param maxQuery seconds that one request may cover
   */
  async has(selector: string, start: bigint, end: bigint, maxQuery = Infinity): Promise<boolean> {
    const step = maxQuery === Infinity ? end - start : BigInt(Math.floor(maxQuery)) * 1_000_000_000n;
    for (let to = end; to > start; to -= step) {
      const from = to - step > start ? to - step : start;
      const query = new URLSearchParams({ "match[]": selector, start: `${from}`, end: `${to}` });
      const { body } = await this.ok(`/loki/api/v1/series?${query}`);
      if (((JSON.parse(body) as { data?: unknown[] }).data ?? []).length > 0) return true;
    }
    return false;
  }

  /** What a query of numbers gives at a time, in nanoseconds since 1970. */
  async values(query: string, at: bigint): Promise<{ labels: Labels; value: number }[]> {
    const { body } = await this.ok(`/loki/api/v1/query?${new URLSearchParams({ query, time: `${at}` })}`);
    const { data } = JSON.parse(body) as { data: { result: { metric: Labels; value: [number, string] }[] } };
    return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  /** Has a writer store what it has in memory: queries of old times read only the bucket. */
  async flush(): Promise<void> {
    await patiently("/flush", { method: "POST" }, this.asked);
  }

  private async ok(path: string): Promise<Reply> {
    const reply = await patiently(path, {}, this.asked);
    if (reply.status !== 200) throw this.refusal(path.split("?")[0], reply);
    return reply;
  }

  private refusal(what: string, { status, body }: Reply): InvalidInput {
    const todo = todos.find(([sign]) => body.includes(sign))?.[1];
    const said = body.trim().slice(0, 400) || "nothing more";
    return new InvalidInput(`${what}: Loki answers ${status}: ${said}${todo === undefined ? "" : `\n→ ${todo}`}`);
  }
}

const todos: readonly (readonly [sign: string, todo: string])[] = [
  ["too far behind", 'something else writes lines with job="import-logs"; give these another --namespace'],
  ["timestamp too old", "raise loki.limits.rejectOldSamplesMaxAge, npm run up, and run this again"],
  ["structured metadata", "set loki.structuredMetadata to true, npm run up, and run this again"],
];
