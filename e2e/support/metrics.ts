import type { ApiProxy } from "./cluster";

/** Labels of a series, its name among them. */
export type Labels = Record<string, string>;

/** A sample: seconds since 1970, and its value as text. */
export type Sample = [seconds: number, value: string];

/** A series of an answer: one sample of an instant vector, or all of a matrix. */
export interface Series {
  metric: Labels;
  value?: Sample;
  values?: Sample[];
}

/** A server that answers Prometheus's API, reached by the API server. */
export class PrometheusApi {
  /**
   * @param proxy to the cluster
   * @param namespace where it is
   * @param target Service or pod with its port, such as `services/mimir:9009`
   * @param prefix path before `/api/v1`, such as `/prometheus`
   * @param externalLabels labels that a Prometheus adds to whatever leaves it, by remote_write or in an alert, and to no answer of its own: they are
   *   added to its answers here, so that these are what it writes
   */
  constructor(
    private readonly proxy: ApiProxy,
    private readonly namespace: string,
    private readonly target: string,
    private readonly prefix = "",
    private readonly externalLabels: Labels = {},
  ) {}

  /** Sends a request to it: the path from `/api` on. */
  send(path: string, init?: RequestInit): Promise<Response> {
    return this.proxy.request(this.namespace, this.target, this.prefix + path, init);
  }

  /**
   * What `/api/v1/<path>` answers.
   * @throws Error with the server's own words when it doesn't succeed
   */
  async get<T>(path: string): Promise<T> {
    const answer = await this.send(`/api/v1/${path}`);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${this.target} answered ${answer.status}: ${text}`);
    return (JSON.parse(text) as { data: T }).data;
  }

  /**
   * An instant query.
   * @param expr PromQL
   * @param at when, in seconds since 1970; default: now
   */
  async query(expr: string, at?: number): Promise<Series[]> {
    const parameters = new URLSearchParams({ query: expr, ...(at !== undefined && { time: `${at}` }) });
    const { result } = await this.get<{ result: Series[] }>(`query?${parameters}`);
    return result.map((each) => ({ ...each, metric: { ...this.externalLabels, ...each.metric } }));
  }
}

/** An answer in one order, of series and of labels, so that two can be held against each other. */
export function sorted(series: readonly Series[]): Series[] {
  return series
    .map((each) => ({ ...each, metric: byName(each.metric) }))
    .map((each) => [JSON.stringify(each.metric), each] as const)
    .sort(([a], [b]) => compare(a, b))
    .map(([, each]) => each);
}

const byName = (labels: Labels): Labels => Object.fromEntries(Object.entries(labels).sort(([a], [b]) => compare(a, b)));

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
