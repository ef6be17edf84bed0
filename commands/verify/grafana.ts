import { textsOf, type ConfigMap } from "../shared/data-source-files";
import { backendOf, backends, type Backend } from "../../stages";
import { fail, pass, type Context, type Outcome } from "./check";
import { count } from "../shared/words";
import { panelsIn, type Dashboard, type DataSource, type PanelQuery } from "./dashboards";
import { inTurn } from "./in-turn";
import { instant, logRange, type Series } from "./queries";
import { nameOf, ruleGroups } from "./rule-groups";
import type { Subject } from "./subject";

type Source = keyof Subject["sources"];

/** What each kind of data source answers when it works. */
const probes: Readonly<Record<Source, string>> = {
  prometheus: "/api/v1/query?query=vector(1)",
  mimir: "/api/v1/query?query=vector(1)",
  "victoria-metrics": "/api/v1/query?query=vector(1)",
  loki: "/loki/api/v1/labels",
  alertmanager: "/api/v2/status",
};

/** Every data source in the provisioning file answers at its URL. */
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
  const notes = skipped.map(([source]) => `${source} not checked: ${subject.parts[source]?.notRun}`);
  if (problems.length > 0) return fail(problems.join("; "), { notes });
  return pass(asked.map(([source]) => source).join(", "), { notes });
}

/** Grafana itself, with its database. */
export async function grafanaHealthy({ subject, reach }: Context): Promise<Outcome> {
  const text = await reach.url(`http://grafana.${subject.namespace}.svc:3000`, "/api/health");
  const { database, version } = JSON.parse(text) as { database?: string; version?: string };
  return database === "ok" ? pass(`version ${version}, database ok`) : fail(`its database is ${database}`);
}

/** Queries at a time: a Pi has other work. */
const atOnce = 6;

/** Data sources that answer PromQL. */
export const ofMetrics: readonly Source[] = ["prometheus", ...backends];

/** Each panel's queries to some data sources are answered; those without data are listed, because some only have data when something is wrong. */
export async function panelsAnswer(context: Context, sources: readonly Source[]): Promise<Outcome> {
  const { parts, panels } = context.subject;
  const all = panels.filter(({ source }) => sources.includes(source as Source));
  const queries = all.filter(({ source }) => parts[source as Source]?.notRun === undefined);
  const skipped = all.filter((query) => !queries.includes(query));
  const answers = await inTurn(queries, atOnce, (query) => answer(context, query));
  const errors = queries.flatMap((query, i) => {
    const found = answers[i];
    return found instanceof Error ? [`${called(query)}: ${found.message}`] : [];
  });
  const empty = queries.filter((_, i) => answers[i] === 0);
  const notes = [
    ...errors,
    ...byDashboard(empty).map((named) => `no data: ${named}`),
    ...byDashboard(skipped).map((named) => `not checked, because its data source can't run here: ${named}`),
  ];
  const said = `${queriesInWords(queries)}, ${empty.length} without data`;
  return errors.length > 0 ? fail(`${said}, ${count(errors.length, "error")}`, { notes }) : pass(said, { notes });
}

const called = ({ dashboard, panel }: PanelQuery) => `${dashboard} › ${panel}`;
const queriesInWords = ({ length }: readonly PanelQuery[]) => count(length, "query").replace("querys", "queries");

/**
 * No panel names a data source that doesn't exist, or queries one for series that are no longer recorded there. While Prometheus still evaluates,
 * notes list other people's panels that will get no answer later; the stack's own follow the stages.
 */
export async function dashboardsFit({ subject, reach }: Context): Promise<Outcome> {
  const { panels, dataSources, dashboardLabel, on } = subject;
  const backend = backendOf(on);
  const [found, recorded] = await Promise.all([
    dashboardLabel === undefined ? undefined : reach.object<{ items: ConfigMap[] }>(labelled(dashboardLabel)),
    on.kps && backend ? madeByRules(await ruleGroups(reach)) : [],
  ]);
  const own = new Set(panels.map(({ dashboard }) => dashboard));
  const files = (found?.items ?? []).flatMap(({ metadata, ...content }) =>
    Object.values(textsOf(content)).map((text) => ({
      from: `${metadata?.namespace}/${metadata?.name}`,
      dashboard: dashboardIn(text),
    })),
  );
  const unread = files.filter(({ dashboard }) => !dashboard).map(({ from }) => `${from} is not a dashboard in JSON`);
  const othersWith = (sources: readonly DataSource[]) =>
    files
      .flatMap(({ dashboard }) => (dashboard ? panelsIn(dashboard, sources) : []))
      .filter(({ dashboard }) => !own.has(dashboard));
  const others = othersWith(dataSources);
  const all = [...panels, ...others];
  const ruled = ({ source, expr }: PanelQuery) => source === "prometheus" && recorded.some((name) => has(expr, name));
  const stale = on.evaluator !== "prometheus" ? all.filter(ruled) : [];
  const soonStale =
    on.evaluator === "prometheus" ? othersWith(dataSources.map(asOfDefault(backend))).filter(ruled) : [];
  const missing = panels.filter(({ source }) => source === undefined);
  // An existing Grafana has data sources that the stack doesn't know.
  const foreign = others.filter(({ source }) => source === undefined);
  const named = (query: PanelQuery) => `${called(query)} names ${query.named}`;
  const problems = [
    ...missing.map((query) => `${named(query)}, which this stage doesn't have`),
    ...stale.map(
      (query) => `${named(query)}, which no longer evaluates rules, and queries it for series that rules record`,
    ),
  ];
  const notes = [
    ...new Set([
      ...problems,
      ...soonStale.map(
        (query) =>
          `${named(query)}, and queries it for series that rules record: from stage ${backend}-default on, it evaluates no rules`,
      ),
      ...foreign.map((query) => `${named(query)}, which is not one of the stack's data sources`),
      ...unread,
    ]),
  ];
  const said = `${queriesInWords(all)} of ${count(new Set(all.map(({ dashboard }) => dashboard)).size, "dashboard")}`;
  return problems.length > 0
    ? fail(`${said}, ${problems.length} of them get no answer`, { notes })
    : pass(said, { notes });
}

/** A data source as it is once the backend is the default: queries that name none, or a variable, use it. */
const asOfDefault =
  (backend: Backend | undefined) =>
  (source: DataSource): DataSource => ({ ...source, isDefault: source.uid === backend });

const labelled = (label: string) => `/api/v1/configmaps?${new URLSearchParams({ labelSelector: label })}`;

function dashboardIn(text: string): Dashboard | undefined {
  try {
    return JSON.parse(text) as Dashboard;
  } catch {
    return undefined;
  }
}

/** Names of the series that rules produce: recorded ones, and Prometheus's two series of alerts. */
const madeByRules = (groups: Awaited<ReturnType<typeof ruleGroups>>): string[] => [
  ...["ALERTS", "ALERTS_FOR_STATE"],
  ...new Set(groups.flatMap(({ rules }) => rules.flatMap((rule) => (rule.record ? [nameOf(rule)] : [])))),
];

/** Whether PromQL contains a metric; a name continues with letters, digits, `_` and `:`. */
const has = (expr: string, metric: string): boolean => expr.split(/[^\w:]+/).includes(metric);

/** `dashboard: panel, panel`, a line each. */
const byDashboard = (queries: readonly PanelQuery[]): string[] =>
  [...new Set(queries.map(({ dashboard }) => dashboard))].map((title) => {
    const panels = queries.filter(({ dashboard }) => dashboard === title).map(({ panel }) => panel);
    return `${title}: ${[...new Set(panels)].join(", ")}`;
  });

/** How many series a query returns, or why it fails. */
async function answer({ subject, reach, now }: Context, { source, expr }: PanelQuery): Promise<number | Error> {
  const url = subject.sources[source as Source] ?? "";
  const asked: Promise<Series[]> =
    source === "loki"
      ? logRange(reach, url, expr, { start: now - 3600, end: now, step: 300 })
      : instant(reach, url, expr, now);
  return asked.then(
    (series) => series.length,
    (error: Error) => error,
  );
}
