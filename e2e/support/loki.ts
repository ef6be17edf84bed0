import type { ApiProxy } from "./cluster";
import { until } from "../../lab/until";

/** A line of a stream: nanoseconds since 1970, and its text. */
export type Line = [nanoseconds: string, text: string];

interface StreamsResult {
  data: { result: { stream: Record<string, string>; values: Line[] }[] };
}

/** Loki as clients use it: through its gateway. */
export class LokiClient {
  /**
   * @param proxy to the cluster
   * @param namespace where Loki is
   */
  constructor(
    private readonly proxy: ApiProxy,
    private readonly namespace: string,
  ) {}

  private gateway(path: string, init?: RequestInit): Promise<Response> {
    return this.proxy.request(this.namespace, "services/loki-gateway:80", path, init);
  }

  /**
   * Pushes lines once.
   * @returns whether Loki acknowledged them
   */
  async pushOnce(stream: Record<string, string>, values: readonly Line[]): Promise<boolean> {
    const body = JSON.stringify({ streams: [{ stream, values }] });
    const headers = { "Content-Type": "application/json" };
    const response = await this.gateway("/loki/api/v1/push", { method: "POST", headers, body });
    if (response.status === 400) throw new Error(`Loki refuses the lines for good: ${await response.text()}`);
    return response.ok;
  }

  /** Pushes lines until they are acknowledged, as the collector does: again after an error, never after a refusal for good. */
  push(stream: Record<string, string>, values: readonly Line[], seconds = 180): Promise<true> {
    return until("Loki acknowledges the lines", seconds, async () =>
      (await this.pushOnce(stream, values)) ? true : undefined,
    );
  }

  /**
   * The lines that a query gives, oldest first.
   * @param query LogQL
   * @param range start and end, in milliseconds since 1970
   */
  async lines(
    query: string,
    range: { start: number; end: number },
  ): Promise<{ stream: Record<string, string>; line: Line }[]> {
    return this.page(query, `${range.start}000000`, `${range.end}000000`);
  }

  /**
   * The first 5,000 lines that a query gives, oldest first.
   * @param query LogQL
   * @param start nanoseconds since 1970, taken in
   * @param end nanoseconds since 1970, not taken in
   */
  async page(query: string, start: string, end: string): Promise<{ stream: Record<string, string>; line: Line }[]> {
    const parameters = new URLSearchParams({ query, start, end, limit: "5000", direction: "forward" });
    const response = await this.gateway(`/loki/api/v1/query_range?${parameters}`);
    if (!response.ok) throw new Error(`query answered ${response.status}: ${await response.text()}`);
    const { data } = (await response.json()) as StreamsResult;
    return data.result
      .flatMap(({ stream, values }) => values.map((line) => ({ stream, line })))
      .sort((a, b) => a.line[0].localeCompare(b.line[0]));
  }

  /** Has a pod write its chunks to the bucket. */
  async flush(pod: string): Promise<void> {
    const response = await this.proxy.request(this.namespace, `pods/${pod}:3100`, "/flush", { method: "POST" });
    if (!response.ok) throw new Error(`/flush of ${pod} answered ${response.status}`);
  }
}

/** Nanoseconds of a time, as Loki takes them. */
export function nanoseconds(milliseconds: number): string {
  return `${milliseconds}000000`;
}
