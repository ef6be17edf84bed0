import { NoAnswer, type Reach } from "./reach";

/** A series of an answer; a scalar has no labels. */
export interface Series {
  metric: Record<string, string>;
  /** Of an instant: seconds since 1970, and the value. */
  value?: [number, string];
  /** Of a range. */
  values?: [number | string, string][];
}

interface Answer {
  status: string;
  error?: string;
  data: {
    resultType: string;
    result: (Omit<Series, "metric"> & { metric?: Series["metric"]; stream?: Series["metric"] })[];
  };
}

/** Longer queries are sent as a form: gateways accept 8 KiB of address, and a form needs the right to `create` a proxied request. */
const longestAddress = 4096;

/**
 * Asks an API of Prometheus or Loki.
 * @param path such as `/api/v1/query`
 * @throws NoAnswer if there is none, or the query is refused
 */
async function ask(reach: Reach, url: string, path: string, parameters: Record<string, string>): Promise<Series[]> {
  const form = new URLSearchParams(parameters);
  const text =
    form.toString().length > longestAddress
      ? await reach.url(url, path, { form })
      : await reach.url(url, `${path}?${form}`);
  const { status, error, data } = JSON.parse(text) as Answer;
  if (status !== "success") throw new NoAnswer(`${new URL(url).host} refuses a query: ${error}`);
  if (data.resultType === "scalar") return [{ metric: {}, value: data.result as unknown as [number, string] }];
  return data.result.map(({ metric, stream, ...rest }) => ({ ...rest, metric: metric ?? stream ?? {} }));
}

/**
 * PromQL at one instant.
 * @param url base URL of Prometheus's API
 * @param at seconds since 1970; default: now
 */
export const instant = (reach: Reach, url: string, query: string, at?: number): Promise<Series[]> =>
  ask(reach, url, "/api/v1/query", { query, ...(at !== undefined && { time: `${at}` }) });

/** A span of time, in seconds since 1970. */
export interface Span {
  start: number;
  end: number;
  step: number;
}

/** PromQL over a span. */
export const range = (reach: Reach, url: string, query: string, { start, end, step }: Span): Promise<Series[]> =>
  ask(reach, url, "/api/v1/query_range", { query, start: `${start}`, end: `${end}`, step: `${step}` });

/** LogQL at one instant: a number, not lines. */
export const logInstant = (reach: Reach, url: string, query: string): Promise<Series[]> =>
  ask(reach, url, "/loki/api/v1/query", { query });

/** LogQL over a span; if it returns lines, only the last one. */
export const logRange = (reach: Reach, url: string, query: string, { start, end, step }: Span): Promise<Series[]> =>
  ask(reach, url, "/loki/api/v1/query_range", { query, start: `${start}`, end: `${end}`, step: `${step}`, limit: "1" });

/** The only number of an answer; undefined if there is none. */
export const numberOf = ([series]: readonly Series[]): number | undefined =>
  series?.value === undefined ? undefined : Number(series.value[1]);

/** The values of an answer by one of their labels. */
export const byLabel = (series: readonly Series[], label: string): Map<string, number> =>
  new Map(series.map(({ metric, value }) => [metric[label] ?? "", Number(value?.[1])]));

/**
 * Sum of a metric in the text that a program exposes.
 * @param text the text format of Prometheus
 * @param name of the metric
 * @param labels as they stand in the text, such as `receiver_name="heartbeat"`; all of them count
 * @returns undefined if the text doesn't have it
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function exposed(text: string, name: string, labels: readonly string[] = []): number | undefined {
  const values = text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => labels.every((label) => line.includes(label)))
    .map((line) => Number(/^[^{ ]+(?:\{.*\})? (\S+)/.exec(line)?.[1]));
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}
