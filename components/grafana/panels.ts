import type { GraphFieldConfig } from "@grafana/grafana-foundation-sdk/common";
import type { DataSourceRef, FieldColorModeId, FieldConfig, Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import type { Options as LogsOptions } from "@grafana/grafana-foundation-sdk/logs";
import type { Dataquery } from "@grafana/grafana-foundation-sdk/prometheus";
import type { Options as StatOptions } from "@grafana/grafana-foundation-sdk/stat";
import type { Options as TableOptions } from "@grafana/grafana-foundation-sdk/table";
import type { Options as TimeSeriesOptions } from "@grafana/grafana-foundation-sdk/timeseries";
import type { Plain } from "./plain";

/**
 * Panels of dashboards: Grafana's foundation SDK gives their types, and these functions what our panels have in common.
 * The SDK's builders are left out on purpose: to load them is to load over 200 files, more than the whole program may
 * take to start, while its types cost nothing. Tests hold the result against what the builders make.
 */

/** The data sources that dashboards query, by their fixed uid. */
const dataSources = {
  prometheus: { type: "prometheus", uid: "prometheus" },
  mimir: { type: "prometheus", uid: "mimir" },
  "victoria-metrics": { type: "prometheus", uid: "victoria-metrics" },
  loki: { type: "loki", uid: "loki" },
} as const satisfies Record<string, DataSourceRef>;

/** A data source that dashboards may name. */
export type Source = keyof typeof dataSources;

/** Grafana's own for a panel whose queries each name theirs. */
const mixed: DataSourceRef = { type: "datasource", uid: "-- Mixed --" };

/** One query of a panel. */
export interface Query {
  /** PromQL, or LogQL in a panel whose `source` is `loki`. */
  expr: string;
  /** Name of each series, with `{{label}}`; default: all its labels. */
  legend?: string;
  /** Data source, where it is another than the panel's. */
  source?: Source;
}

/** A value from which on a panel takes a colour. */
export interface Step {
  /** In the panel's unit. */
  from: number;
  /** Grafana's name of the colour, such as `red`. */
  color: string;
}

/** What every panel has. */
export interface PanelArgs {
  /** Title, in sentence case. */
  title: string;
  /** What it shows and what a reader does with it. */
  description: string;
  /** Grafana's id of the unit, such as `bytes`, `percentunit` (0 to 1), `s`, `short`. */
  unit: string;
  /** What it shows; a string is a query without a legend. */
  queries: (Query | string)[];
  /** Data source of the queries; default `prometheus`. */
  source?: Source;
  /** Lowest value of the axis. */
  min?: number;
  /** Highest value of the axis. */
  max?: number;
  /** Digits after the point. */
  decimals?: number;
  /** Colours by value, rising; below the first it is green. */
  steps?: Step[];
  /** Columns, of 24; default 12, a stat 4. */
  width?: number;
  /** Rows of about 30 pixels; default 8, a stat 4. */
  height?: number;
}

/** A panel that a dashboard has not placed yet. */
export interface UnplacedPanel {
  panel: Panel;
  width: number;
  height: number;
}

/**
 * Curves over time.
 * @param args what the panel shows
 * @param args.stack adds the series up, as areas
 */
export function timeSeries(args: PanelArgs & { stack?: boolean }): UnplacedPanel {
  return place<TimeSeriesOptions>(args, 12, 8, {
    type: "timeseries",
    options: {
      legend: { displayMode: "list", placement: "bottom", showLegend: true, calcs: [] },
      tooltip: { mode: "multi", sort: "desc" },
    },
    custom: args.stack
      ? { fillOpacity: 40, lineWidth: 1, showPoints: "never", stacking: { mode: "normal", group: "A" } }
      : { fillOpacity: 8, lineWidth: 1, showPoints: "never" },
    color: "palette-classic",
  });
}

/**
 * One number for now, or one a series.
 * @param args what the panel shows
 */
export function stat(args: PanelArgs): UnplacedPanel {
  return place<StatOptions>(args, 4, 4, {
    type: "stat",
    options: {
      colorMode: "value",
      graphMode: "none",
      justifyMode: "auto",
      textMode: "auto",
      reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
    },
    color: "thresholds",
    instant: true,
  });
}

/**
 * A row a series, a column a label, the value last; for now, not over time.
 * @param args what the panel shows
 * @param args.columns the labels that are columns, in their order, each with its heading; the other labels are hidden
 * @param args.value heading of the value's column
 */
export function table(args: PanelArgs & { columns: Record<string, string>; value: string }): UnplacedPanel {
  const unplaced = place<TableOptions>(args, 12, 8, {
    type: "table",
    options: { showHeader: true, cellHeight: "sm", sortBy: [{ displayName: args.value, desc: true }] },
    color: "thresholds",
    instant: true,
  });
  unplaced.panel.transformations = [
    { id: "filterFieldsByName", options: { include: { names: [...Object.keys(args.columns), "Value"] } } },
    {
      id: "organize",
      options: {
        indexByName: Object.fromEntries([...Object.keys(args.columns), "Value"].map((label, index) => [label, index])),
        renameByName: { ...args.columns, Value: args.value },
      },
    },
  ];
  return unplaced;
}

/**
 * Lines from Loki.
 * @param args title, description and LogQL of the panel
 */
export function logs(
  args: Pick<PanelArgs, "title" | "description" | "width" | "height"> & { expr: string },
): UnplacedPanel {
  return place<LogsOptions>({ ...args, unit: "none", source: "loki", queries: [args.expr] }, 24, 10, {
    type: "logs",
    options: {
      showTime: true,
      wrapLogMessage: true,
      sortOrder: "Descending",
      dedupStrategy: "none",
      enableLogDetails: true,
    },
    color: "thresholds",
  });
}

/** What makes a kind of panel. */
interface Kind<Options> {
  type: string;
  options: Plain<Partial<Options>>;
  custom?: Plain<GraphFieldConfig>;
  color: Plain<FieldColorModeId>;
  instant?: boolean;
}

function place<Options>(args: PanelArgs, width: number, height: number, kind: Kind<Options>): UnplacedPanel {
  const { title, description, source = "prometheus" } = args;
  const queries = args.queries.map((query) => ({ source, ...(typeof query === "string" ? { expr: query } : query) }));
  const panel: Plain<Panel> = {
    type: kind.type,
    title,
    description,
    datasource: queries.every((query) => query.source === source) ? dataSources[source] : mixed,
    targets: queries.map((query, index) => target(query, index, kind)),
    fieldConfig: { defaults: fieldConfig(args, kind), overrides: [] },
    options: kind.options,
  };
  return { panel: panel as Panel, width: args.width ?? width, height: args.height ?? height };
}

function fieldConfig({ unit, min, max, decimals, steps = [] }: PanelArgs, kind: Kind<unknown>): Plain<FieldConfig> {
  return {
    unit,
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    ...(decimals !== undefined && { decimals }),
    color: { mode: kind.color },
    thresholds: {
      mode: "absolute",
      steps: [{ value: null, color: "green" }, ...steps.map(({ from, color }) => ({ value: from, color }))],
    },
    ...(kind.custom && { custom: kind.custom }),
  };
}

function target(
  { expr, legend, source }: Query & { source: Source },
  index: number,
  kind: Kind<unknown>,
): Plain<Dataquery> {
  const datasource = dataSources[source];
  return {
    refId: String.fromCharCode("A".charCodeAt(0) + index),
    datasource,
    expr,
    ...(legend !== undefined && { legendFormat: legend }),
    ...(kind.instant && (datasource.type === "loki" ? { queryType: "instant" } : { instant: true, range: false })),
    ...(kind.type === "table" && { format: "table" }),
  };
}
