import type { Settings } from "../../settings/schema";
import type { LogAgent } from "../../settings/sections/logs";
import { backendOf, type Stage } from "../../stages";
import type { Dashboard } from "../grafana/dashboard";
import { isScraped } from "../object-storage/rules";
import { costDashboard } from "./cost";
import { logCollectorDashboard } from "./log-collector";
import { metricsPipelineDashboard } from "./metrics-pipeline";
import { migrationDashboard } from "./migration";
import { nodesDashboard } from "./nodes";
import { overviewDashboard } from "./overview";
import { lokiIn } from "./stack";
import { vectorDashboard } from "./vector";
import { volumesDashboard } from "./volumes";
import { workloadsDashboard } from "./workloads";

/** The dashboard of what collects logs. */
const ofCollector: Readonly<Record<LogAgent, () => Dashboard[]>> = {
  alloy: () => [logCollectorDashboard()],
  vector: () => [vectorDashboard()],
  none: () => [],
};

/** What the dashboards are made for. */
export interface BaseDashboardsArgs {
  /** What is on, and which system evaluates rules. */
  stage: Pick<Stage, "kps" | "mimir" | "victoriaMetrics" | "evaluator" | "scraper">;
  settings: Pick<Settings, "objectStore" | "loki"> & { logs: Pick<Settings["logs"], "agent"> };
}

/**
 * Dashboards of the cluster and of the stack as a whole. Metrics and labels are those of the exporters, of the base monitors and of the
 * systems of the stack. They query the uids `prometheus` and `loki`, whatever is behind them in a stage; only alerts are queried from the system that
 * evaluates them, and only panels that compare the two backends name both. Panels about a part that the stage lacks are left out.
 * @param args the stage, and which object store the stack has
 */
export function baseDashboards({ stage, settings }: BaseDashboardsArgs): Dashboard[] {
  const objectStore = isScraped(settings.objectStore);
  const loki = lokiIn(settings.loki);
  const backend = backendOf(stage);
  return [
    overviewDashboard({ stage, objectStore, loki }),
    nodesDashboard(stage),
    workloadsDashboard(),
    volumesDashboard(),
    ...ofCollector[settings.logs.agent](),
    ...(stage.mimir ? [metricsPipelineDashboard()] : []),
    ...(backend && stage.kps ? [migrationDashboard(stage, backend)] : []),
    costDashboard({ stage, objectStore, loki }),
  ];
}
