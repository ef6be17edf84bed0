import assert from "node:assert/strict";
import { sorted, type Series } from "./metrics";

/** What programs that people have ask of Prometheus' API, as the source of each has it. */

/** A request to `/api/v1/<path>`. */
export interface Question {
  /** By POST the form is the body, else it is in the URL. */
  method?: "POST";
  path: string;
  form: Record<string, string>;
}

/** A moment of the past, in seconds: what is newer may be on its way. */
type At = number;

const rfc3339 = (at: At) => new Date(at * 1000).toISOString().replace(/\.000Z$/, "Z");
const dotted = (at: At) => `${at}.000`;
/** A question by GET. */
export const get = (path: string, form: Record<string, string> = {}): Question => ({ path, form });
const post = (path: string, form: Record<string, string>): Question => ({ method: "POST", path, form });

/** Program → its questions about a job, which must have been scraped for a minute, and export the metrics of a process. */
export const asked: Readonly<Record<string, (at: At, job: string) => Question[]>> = {
  // pkg/scalers/prometheus_scaler.go, ExecutePromQuery
  KEDA: (at, job) => [get("query", { query: `sum(up{job="${job}"})`, time: rfc3339(at) })],
  // pkg/client/api.go; `--prometheus-verb=POST` sends the same as a form
  "prometheus-adapter": (at, job) =>
    [get, post].flatMap((send) => [
      send("query", { query: `sum(up{job=~"${job}.*"}) by (instance)`, time: dotted(at), timeout: "30s" }),
      send("query", { query: `scalar(sum(up{job="${job}"}))`, time: dotted(at), timeout: "30s" }),
      send("query_range", { query: "up", start: dotted(at - 20), end: dotted(at), step: "5s" }),
      send("series", { "match[]": '{__name__=~"^up$",job!=""}', start: dotted(at - 60) }),
    ]),
  // pkg/promlib: labels and metadata of the query editor
  Grafana: (at, job) => [
    post("query_range", {
      query: `rate(process_cpu_seconds_total{job="${job}"}[1m])`,
      start: `${at - 30}`,
      end: `${at}`,
      step: "15",
    }),
    post("labels", { "match[]": "up", start: `${at - 60}`, end: `${at}` }),
    get("label/job/values", { start: `${at - 60}`, end: `${at}` }),
    get("label/__name__/values", { "match[]": `{job="${job}",__name__="up"}`, start: `${at - 60}`, end: `${at}` }),
    get("rules"),
  ],
  // pkg/metrics/observers: `vector(1)` is how it looks whether Prometheus is there
  Flagger: (at) => [get("query", { query: "vector(1)", time: `${at}` })],
};

/**
 * Asks a question.
 * @param question what
 * @param send makes the request, of which it gets the path from `/api` on
 * @returns the answer's `data`
 * @throws Error when it is no success
 */
export async function answerTo(
  { method, path, form }: Question,
  send: (path: string, init?: RequestInit) => Promise<Response>,
): Promise<unknown> {
  const text = `${new URLSearchParams(form)}`;
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  const whole = `/api/v1/${path}`;
  const answer = await (method ? send(whole, { method, headers, body: text }) : send(`${whole}?${text}`));
  const body = await answer.text();
  assert.equal(answer.status, 200, `${path}: ${body}`);
  return (JSON.parse(body) as { data: unknown }).data;
}

/**
 * That two answers to a question are the same and not empty. Series have no order. When a rule was evaluated changes from moment to moment: of rules the
 * names must be the same, and there may be none.
 */
export function assertSameAnswer({ path, form }: Question, answer: unknown, expected: unknown): void {
  const what = `${path} ${JSON.stringify(form)}`;
  assert.deepEqual(inOrder(answer), inOrder(expected), what);
  assert.ok(path === "rules" || !/^\[\]$|"result":\[\]/.test(JSON.stringify(answer)), `${what}: nothing`);
}

interface Answer {
  result?: unknown;
  groups?: { name: string; rules: { name: string }[] }[];
}

function inOrder(data: unknown): unknown {
  if (Array.isArray(data)) return data.map((each) => JSON.stringify(each)).sort();
  const { result, groups } = data as Answer;
  if (groups) return groups.flatMap((group) => group.rules.map(({ name }) => `${group.name} ${name}`)).sort();
  const isSeries = Array.isArray(result) && result.every((each) => typeof each === "object");
  return isSeries ? { ...(data as Answer), result: sorted(result as Series[]) } : data;
}
