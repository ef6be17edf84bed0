import type { Dashboard } from "../../../components/grafana/dashboard";
import { baseDashboards } from "../../../components/dashboards/base";
import { settingsSchema } from "../../../settings/schema";
import { stages } from "../../../stages";

/** A panel with its queries. */
export interface PanelQueries {
  dashboard: string;
  title: string;
  description?: string;
  unit?: string;
  type: string;
  source?: string;
  queries: { expr: string; source?: string }[];
}

/** Every panel of a dashboard that shows something. */
export function panelsOf({ title: dashboard = "", panels = [] }: Dashboard): PanelQueries[] {
  return panels.flatMap((panel) =>
    panel.type === "row"
      ? []
      : {
          dashboard,
          title: panel.title ?? "",
          description: "description" in panel ? panel.description : undefined,
          unit: "fieldConfig" in panel ? panel.fieldConfig?.defaults.unit : undefined,
          type: panel.type,
          source: panel.datasource?.uid,
          queries: ("targets" in panel ? (panel.targets ?? []) : []).map((target) => {
            const { expr, datasource } = target as unknown as { expr: string; datasource?: { uid?: string } };
            return { expr, source: datasource?.uid };
          }),
        },
  );
}

const settings = settingsSchema.parse({});

/** The base dashboards of every stage, each as it is in one or more of them. */
export const everyBaseDashboard = (): Dashboard[] => {
  const all = Object.values(stages).flatMap((stage) => baseDashboards({ stage, settings }));
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
};

/** Every panel of them. */
export const basePanels = (): PanelQueries[] => everyBaseDashboard().flatMap(panelsOf);

/** The selectors in a variable's query, such as `label_values(up{job="alloy"}, node)`. */
export function variableSelectors({ templating }: Dashboard): string[] {
  return (templating.list ?? []).map(
    ({ definition }) => /^label_values\((.+), \w+\)$/.exec(definition ?? "")?.[1] ?? "",
  );
}

/** A query as Grafana would send it: its own variables (`$__rate_interval` …) are durations, the dashboard's any value. */
export function withVariables(expr: string): string {
  return expr.replace(/\$__\w+/g, "5m").replace(/\$\w+/g, ".*");
}
