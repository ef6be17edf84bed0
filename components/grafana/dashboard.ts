import type {
  Dashboard as SdkDashboard,
  Panel,
  RowPanel,
  VariableModel,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type { UnplacedPanel } from "./panels";
import type { Plain } from "./plain";

/**
 * A dashboard as Grafana's file provisioning reads it: the classic JSON model, typed by Grafana's foundation SDK.
 * @see https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
 */
export type Dashboard = SdkDashboard;

/** A list to choose from at the top of a dashboard; `$name` in its queries. */
export interface Variable {
  /** Its name in queries. */
  name: string;
  /** Its name on the screen. */
  label: string;
  /** A query of Prometheus's variables, such as `label_values(kube_pod_info, namespace)`. */
  query: string;
}

/** What a dashboard is made of. */
export interface DashboardArgs {
  /** Stable for ever: links and bookmarks have it. */
  uid: string;
  /** Title in Grafana's list. */
  title: string;
  /** What question it answers. */
  description: string;
  /** Tags beside `observability`, which all have. */
  tags?: string[];
  /** Lists to choose from; each allows several values and all. */
  variables?: Variable[];
  /** Heading of a row → its panels, from left to right, wrapped at the screen's edge. */
  rows: Record<string, UnplacedPanel[]>;
}

/** Columns of Grafana's grid. */
const columns = 24;

/**
 * Places panels in rows and makes a dashboard of them.
 * @param args what it is made of
 */
export function dashboard({ uid, title, description, tags = [], variables = [], rows }: DashboardArgs): Dashboard {
  return {
    uid,
    title,
    description,
    tags: ["observability", ...tags],
    timezone: "browser",
    editable: false,
    refresh: "1m",
    time: { from: "now-6h", to: "now" },
    // Newest version of the classic model; older ones are converted at every load.
    schemaVersion: 42,
    templating: { list: variables.map(variable) },
    annotations: {},
    panels: layOut(rows),
  };
}

function variable({ name, label, query }: Variable): VariableModel {
  const model: Plain<VariableModel> = {
    type: "query",
    name,
    label,
    query: { query, refId: name },
    definition: query,
    datasource: { type: "prometheus", uid: "prometheus" },
    // Asked again when the time range changes: a pod that is gone stays findable in the hours in which it ran.
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: ".*",
    current: { text: ["All"], value: ["$__all"] },
  };
  return model as VariableModel;
}

function layOut(rows: Record<string, UnplacedPanel[]>): (Panel | RowPanel)[] {
  const placed: (Panel | RowPanel)[] = [];
  const nextId = () => placed.length + 1;
  let y = 0;
  for (const [title, panels] of Object.entries(rows)) {
    placed.push({
      type: "row",
      id: nextId(),
      title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: columns, h: 1 },
    });
    y += 1;
    let x = 0;
    let tallest = 0;
    for (const { panel, width, height } of panels) {
      if (x + width > columns) {
        y += tallest;
        x = tallest = 0;
      }
      placed.push({ ...panel, id: nextId(), gridPos: { x, y, w: width, h: height } });
      x += width;
      tallest = Math.max(tallest, height);
    }
    y += tallest;
  }
  return placed;
}
