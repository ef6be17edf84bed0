import { clusterLabel, commonWord, labelsOf, namespaces, needleOf, podCount } from "./lines";

/** A day, in milliseconds since 1970. */
export interface Day {
  start: number;
  end: number;
}

/** A query and what it must answer. */
interface Query {
  /** path below `/loki/api/v1/`, with what is asked */
  path: string;
  /** how many there are at least: lines, values or series */
  least: number;
}

/** A kind of query that people and dashboards send, each over the whole day. */
export interface QueryClass {
  /** as the tables call it */
  name: string;
  queries: (day: Day) => Query[];
}

/** Lines that Grafana's Explore asks for by default are 1000; a dashboard's panel 100. */
const limit = "100";

const ask = (path: string, parameters: Record<string, string>, { start, end }: Day) =>
  `${path}?${new URLSearchParams({ ...parameters, start: `${start}000000`, end: `${end}000000` })}`;

const lines = (query: string, day: Day, least: number): Query => ({
  path: ask("query_range", { query, limit, direction: "backward" }, day),
  least,
});

/** How many pods and namespaces a class asks for, one after the other. */
const [somePods, someNamespaces] = [20, 3];

/** Those that read so little that they leave each other's lines cold. */
const light: readonly QueryClass[] = [
  {
    name: "last lines of one pod",
    queries: (day) =>
      Array.from({ length: Math.min(somePods, podCount) }, (_, pod) =>
        lines(`{pod="${labelsOf(pod).pod}"}`, day, Number(limit)),
      ),
  },
  {
    name: "a common word in one namespace",
    queries: (day) => namespaces.map((namespace) => lines(`{namespace="${namespace}"} |= "${commonWord}"`, day, 1)),
  },
  {
    name: "label values",
    queries: (day) =>
      Object.keys(labelsOf(0)).map((label) => ({ path: ask(`label/${label}/values`, {}, day), least: 1 })),
  },
];

const heavy: readonly QueryClass[] = [
  {
    name: "a rare word in one namespace",
    queries: (day) =>
      namespaces
        .slice(0, someNamespaces)
        .map((namespace) => lines(`{namespace="${namespace}"} |= "${needleOf(namespace)}"`, day, 1)),
  },
  {
    name: "rate by namespace",
    queries: (day) => [
      {
        path: ask(
          "query_range",
          { query: `sum by (namespace) (rate({cluster="${clusterLabel}"}[5m]))`, step: "300" },
          day,
        ),
        least: namespaces.length,
      },
    ],
  },
  {
    name: "a rare word anywhere",
    queries: (day) => [lines(`{cluster="${clusterLabel}"} |= "${needleOf(namespaces[0])}"`, day, 1)],
  },
];

/** The classes in the order of the tables; Loki is restarted for each group. */
export const queryClasses: readonly (readonly QueryClass[])[] = [light, ...heavy.map((each) => [each])];

/** What a query took. */
export interface Asked {
  milliseconds: number;
  /** bytes of lines that Loki says it read for it, uncompressed */
  bytes: number;
}

interface Answer {
  data:
    | string[]
    | { result: { values: unknown[] }[]; resultType: string; stats: { summary: { totalBytesProcessed: number } } };
}

/**
 * Asks, and waits for the whole answer.
 * @param url Loki's
 * @throws Error when Loki refuses, or lacks something: the time of a wrong answer means nothing
 */
export async function askLoki(url: string, { path, least }: Query): Promise<Asked> {
  const began = performance.now();
  const response = await fetch(`${url}/loki/api/v1/${path}`);
  const text = await response.text();
  const milliseconds = performance.now() - began;
  if (!response.ok) throw new Error(`Loki answers ${response.status} to ${decodeURIComponent(path)}: ${text}`);
  const { data = [] } = JSON.parse(text) as Partial<Answer>;
  const found = Array.isArray(data)
    ? data.length
    : data.resultType === "streams"
      ? countLines(data.result)
      : data.result.length;
  if (found < least) throw new Error(`Loki has ${found} of at least ${least} for ${decodeURIComponent(path)}`);
  return { milliseconds, bytes: Array.isArray(data) ? 0 : data.stats.summary.totalBytesProcessed };
}

const countLines = (streams: readonly { values: unknown[] }[]) =>
  streams.reduce((sum, { values }) => sum + values.length, 0);
