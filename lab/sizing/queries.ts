import type { Spread } from "../../commands/size/figures";
import { spreadOf } from "../logs/report";
import type { Database } from "./database";

/** What is asked, as dashboards do: over the whole time of the load. */
export const queries = {
  "one pod's series": `{pod=~"service-1-.+-1"}`,
  "memory by namespace": "sum by (namespace) (container_memory_working_set_bytes)",
  "request rate by status": "sum by (code) (rate(http_requests_total[5m]))",
  "busiest 10 containers": "topk(10, sum by (namespace, pod) (rate(container_cpu_usage_seconds_total[5m])))",
} as const;

/** Name of a query. */
export type Query = keyof typeof queries;

/** How often each is asked. The first time, nothing of it is cached; it counts like the others. */
const times = 20;

/**
 * Asks all databases all queries by turns, so that what slows down the machine slows down each.
 * @param seconds how far they look back
 * @returns milliseconds, in the order of the databases
 * @throws Error when a database refuses a query or answers without a series
 */
export async function ask(databases: readonly Database[], seconds: number): Promise<Record<Query, Spread>[]> {
  const names = Object.keys(queries) as Query[];
  const taken = databases.map(() => Object.fromEntries(names.map((name) => [name, [] as number[]])));
  for (let time = 0; time < times; time++) {
    for (const name of names) {
      for (const [i, database] of databases.entries()) taken[i][name].push(await once(database, name, seconds));
    }
  }
  return taken.map(
    (of) => Object.fromEntries(names.map((name) => [name, spreadOf(of[name])])) as Record<Query, Spread>,
  );
}

async function once({ name, queryUrl }: Database, query: Query, seconds: number): Promise<number> {
  const end = Math.floor(Date.now() / 1000);
  const range = { start: `${end - seconds}`, end: `${end}`, step: `${Math.max(15, Math.ceil(seconds / 240))}` };
  // VictoriaMetrics keeps what it answered; the others compute each time.
  const search = new URLSearchParams({ query: queries[query], ...range, nocache: "1" });
  const began = performance.now();
  const response = await fetch(`${queryUrl}/api/v1/query_range?${search}`);
  const body = await response.text();
  const took = performance.now() - began;
  if (!response.ok) throw new Error(`${name} refused ${queries[query]}: ${response.status} ${body}`);
  const { data } = JSON.parse(body) as { data: { result: unknown[] } };
  if (data.result.length === 0) throw new Error(`${name} has no series for ${queries[query]}`);
  return took;
}
