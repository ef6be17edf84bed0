import { count, fail, pass, type Context, type Outcome } from "./check";
import { instant, logRange, type Series } from "./queries";
import type { PanelQuery, Subject } from "./subject";

type Source = keyof Subject["sources"];

/** What each kind of data source answers when it is well. */
const probes: Readonly<Record<Source, string>> = {
  prometheus: "/api/v1/query?query=vector(1)",
  mimir: "/api/v1/query?query=vector(1)",
  loki: "/loki/api/v1/labels",
  alertmanager: "/api/v2/status",
};

/** Every data source that the provisioning file names answers at the URL that it has there. */
export async function dataSourcesAnswer({ subject, reach }: Context): Promise<Outcome> {
  const sources = Object.entries(subject.sources) as [Source, string][];
  const asked = sources.filter(([source]) => subject.parts[source]?.notRun === undefined);
  const skipped = sources.filter((one) => !asked.includes(one));
  const problems = (
    await Promise.all(
      asked.map(([source, url]) =>
        reach.url(url, probes[source]).then(
          () => [],
          (error: Error) => [`${source}: ${error.message}`],
        ),
      ),
    )
  ).flat();
  const notes = skipped.map(([source]) => `${source} not asked: ${subject.parts[source]?.notRun}`);
  if (problems.length > 0) return fail(problems.join("; "), { notes });
  return pass(asked.map(([source]) => source).join(", "), { notes });
}

/** Grafana itself, with its database. */
export async function grafanaHealthy({ subject, reach }: Context): Promise<Outcome> {
  const text = await reach.url(`http://grafana.${subject.namespace}.svc:3000`, "/api/health");
  const { database, version } = JSON.parse(text) as { database?: string; version?: string };
  return database === "ok" ? pass(`version ${version}, its database is ok`) : fail(`its database is ${database}`);
}

/** Questions at a time: a Pi has other things to do. */
const atOnce = 6;

/** Each panel's query of one data source is answered; those without data are listed, as some only have any when something is wrong. */
export async function panelsAnswer(context: Context, source: "prometheus" | "loki"): Promise<Outcome> {
  const queries = context.subject.panels.filter((query) => query.source === source);
  const answers = await inTurn(queries, atOnce, (query) => answer(context, source, query));
  const named = (query: PanelQuery) => `${query.dashboard} › ${query.panel}`;
  const errors = queries.flatMap((query, i) => {
    const found = answers[i];
    return found instanceof Error ? [`${named(query)}: ${found.message}`] : [];
  });
  const empty = queries.filter((_, i) => answers[i] === 0);
  const notes = [...errors, ...byDashboard(empty).map((panels) => `no data: ${panels}`)];
  const said = `${count(queries.length, "query").replace("querys", "queries")}, ${empty.length} without data`;
  return errors.length > 0 ? fail(`${said}, ${count(errors.length, "error")}`, { notes }) : pass(said, { notes });
}

/** `dashboard: panel, panel`, a line each. */
const byDashboard = (queries: readonly PanelQuery[]): string[] =>
  [...new Set(queries.map(({ dashboard }) => dashboard))].map((title) => {
    const panels = queries.filter(({ dashboard }) => dashboard === title).map(({ panel }) => panel);
    return `${title}: ${[...new Set(panels)].join(", ")}`;
  });

/** How many series a query gives, or why it gives none. */
async function answer({ subject, reach, now }: Context, source: Source, { expr }: PanelQuery): Promise<number | Error> {
  const url = subject.sources[source] ?? "";
  const asked: Promise<Series[]> =
    source === "loki"
      ? logRange(reach, url, expr, { start: now - 3600, end: now, step: 300 })
      : instant(reach, url, expr, now);
  return asked.then(
    (series) => series.length,
    (error: Error) => error,
  );
}

/** Does a thing with each item, a few at a time; results in the items' order. */
async function inTurn<T, R>(items: readonly T[], most: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const rest = items.entries();
  const worker = async () => {
    for (const [i, item] of rest) results[i] = await work(item);
  };
  await Promise.all(Array.from({ length: most }, worker));
  return results;
}
