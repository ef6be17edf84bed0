import { parse } from "yaml";

/** Which data source each query of a dashboard is sent to: read as Grafana reads it, without asking Grafana. */

/** A data source of Grafana's provisioning file. */
export interface DataSource {
  uid: string;
  name: string;
  type: string;
  url: string;
  isDefault?: boolean;
}

/** A query of a dashboard. */
export interface PanelQuery {
  dashboard: string;
  panel: string;
  /** Uid of its data source; undefined if it names one that doesn't exist. */
  source?: string;
  /** How the dashboard names the data source: by uid, by name, by variable, or not at all. */
  named: string;
  /** Variables replaced. */
  expr: string;
}

/** How a panel or a query names its data source; none: the default. A text is a name or a uid, as before Grafana 8.3. */
type Reference = string | { uid?: string; type?: string } | null | undefined;

interface Panel {
  title?: string;
  datasource?: Reference;
  targets?: { expr?: string; datasource?: Reference; hide?: boolean }[];
  /** Of a row that is folded up. */
  panels?: Panel[];
}

/** The parts of Grafana's classic dashboard model that are read here. */
export interface Dashboard {
  title?: string;
  panels?: Panel[];
  templating?: { list?: Variable[] };
}

interface Variable {
  type: string;
  name: string;
  /** Of one that is a choice of data sources: their type. */
  query?: unknown;
  current?: { value?: unknown };
}

/**
 * The data sources of a provisioning file.
 * @param text its YAML
 */
export const dataSourcesIn = (text: string): DataSource[] =>
  (parse(text) as { datasources?: DataSource[] }).datasources ?? [];

/**
 * Every query of a dashboard that is PromQL or LogQL, panels of folded rows among them.
 * @param dashboard as Grafana reads it
 * @param dataSources those that Grafana has
 */
export function panelsIn(dashboard: Dashboard, dataSources: readonly DataSource[]): PanelQuery[] {
  const variables = dashboard.templating?.list ?? [];
  const all = (panels: readonly Panel[] = []): Panel[] => panels.flatMap((panel) => [panel, ...all(panel.panels)]);
  return all(dashboard.panels).flatMap(({ title = "", datasource, targets = [] }) =>
    targets.flatMap((target) => {
      const reference = isOwn(target.datasource) ? target.datasource : datasource;
      if (target.expr === undefined || target.expr === "") return [];
      return {
        dashboard: dashboard.title ?? "",
        panel: title,
        source: resolve(reference, variables, dataSources)?.uid,
        named: nameOf(reference) ?? "the default",
        expr: withVariables(target.expr),
      };
    }),
  );
}

const isOwn = (reference: Reference): boolean => nameOf(reference) !== undefined;

/** Grafana's names for the default data source, in a text or as the value of a variable. */
const theDefault = [undefined, "", "default"];

const nameOf = (reference: Reference): string | undefined => {
  const name = typeof reference === "string" ? reference : (reference?.uid ?? undefined);
  // A panel with several data sources says so, and each query names its own.
  return name === "-- Mixed --" ? undefined : name;
};

/** @see https://grafana.com/docs/grafana/latest/dashboards/variables/add-template-variables/#add-a-data-source-variable */
function resolve(
  reference: Reference,
  variables: readonly Variable[],
  dataSources: readonly DataSource[],
): DataSource | undefined {
  const name = nameOf(reference);
  const [, variable] = /^\$\{?(\w+)(?::\w+)?\}?$/.exec(name ?? "") ?? [];
  if (variable === undefined) return find(name, dataSources);
  const chosen = variables.find((each) => each.type === "datasource" && each.name === variable);
  if (!chosen) return undefined;
  const fitting = dataSources.filter(({ type }) => type === chosen.query);
  const [current] = [chosen.current?.value].flat() as (string | undefined)[];
  // The saved choice, if it exists; otherwise the default, if it fits; otherwise the first by name.
  return (
    (theDefault.includes(current) ? undefined : find(current, fitting)) ??
    fitting.find(({ isDefault }) => isDefault) ??
    fitting.toSorted((a, b) => a.name.localeCompare(b.name))[0]
  );
}

const find = (name: string | undefined, dataSources: readonly DataSource[]): DataSource | undefined =>
  theDefault.includes(name)
    ? dataSources.find(({ isDefault }) => isDefault)
    : (dataSources.find(({ uid }) => uid === name) ?? dataSources.find((each) => each.name === name));

/** As Grafana sends it: its own time variables become durations, and the dashboards' variables allow all. */
const withVariables = (expr: string): string =>
  expr
    .replace(/\$__range\b|\$\{__range\}/g, "1h")
    .replace(/\$__\w+|\$\{__\w+(?::\w+)?\}/g, "5m")
    .replace(/\$\w+|\$\{\w+(?::\w+)?\}/g, ".*");
