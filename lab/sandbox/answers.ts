import type { Api } from "../../commands/shared/api/api-server";
import { instant, logInstant, type Series } from "../../commands/verify/queries";
import { Reach } from "../../commands/verify/reach";
import type { Subject } from "../../commands/verify/subject";

/** A newcomer's first questions, and the stack's answers: they show that lines, series and alerts arrive. */

/** Milliseconds that a query may take. */
const patience = 20_000;

interface Question {
  what: string;
  /** Language and query, to repeat in Grafana or with curl. */
  query: string;
  ask(reach: Reach, subject: Subject): Promise<string[]>;
}

const lines: Question = {
  what: "log lines of the last ten minutes by namespace, from Loki",
  query: 'LogQL: sum by (namespace) (count_over_time({namespace=~".+"}[10m]))',
  ask: async (reach, { sources }) =>
    byLabel(await logInstant(reach, sources.loki ?? "", inner(lines)), "namespace", (value) =>
      value.toLocaleString("en"),
    ),
};

const memory: Question = {
  what: "memory in use by node, in percent",
  query: "PromQL: 100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)",
  ask: async (reach, { sources, on }) =>
    byLabel(
      await instant(reach, sources[on.defaultDataSource] ?? "", inner(memory)),
      "node",
      (value) => `${value.toFixed(1)} %`,
    ),
};

interface Alert {
  labels: Record<string, string>;
  startsAt: string;
  status: { state: string };
}

const watchdog: Question = {
  what: "the alert that always fires, from Alertmanager",
  query: 'alert: alertname="Watchdog"',
  ask: async (reach, { sources }) => {
    const filter = new URLSearchParams({ filter: inner(watchdog) });
    const alerts = JSON.parse(await reach.url(sources.alertmanager ?? "", `/api/v2/alerts?${filter}`)) as Alert[];
    return alerts.map(({ labels, startsAt, status }) => `${labels.alertname}  ${status.state} since ${startsAt}`);
  },
};

const inner = ({ query }: Question) => query.slice(query.indexOf(": ") + 2);

function byLabel(series: readonly Series[], label: string, say: (value: number) => string): string[] {
  return series
    .map(({ metric, value }) => `${metric[label] ?? metric.instance ?? "?"}  ${say(Number(value?.[1]))}`)
    .sort();
}

/**
 * Runs a log query and a metric query, and asks for an alert.
 * @param subject the stack
 * @param api its cluster
 * @returns lines for a person: each question with its query and its answer, or why there is none
 */
export async function answers(subject: Subject, api: Api): Promise<string> {
  const answered = [lines, memory, watchdog].map(async (question) => {
    const reach = new Reach(api, AbortSignal.timeout(patience), patience);
    const found = await question.ask(reach, subject).catch((error: Error) => [error.message]);
    const said = found.length > 0 ? found : ["nothing yet"];
    return [`  ${question.what}`, `    ${question.query}`, ...said.map((line) => `      ${line}`)];
  });
  return ["Three queries, and their answers now:", ...(await Promise.all(answered)).flat()].join("\n");
}
