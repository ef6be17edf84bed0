import type { Settings } from "../../config/schema";
import type { Stage } from "../../migration/stages";
import type { Dashboard } from "../grafana/dashboard";
import { isScraped } from "../object-storage/rules";
import { costDashboard } from "./cost";
import { logCollectorDashboard } from "./log-collector";
import { metricsPipelineDashboard } from "./metrics-pipeline";
import { migrationDashboard } from "./migration";
import { nodesDashboard } from "./nodes";
import { overviewDashboard } from "./overview";
import { volumesDashboard } from "./volumes";
import { workloadsDashboard } from "./workloads";

/** What the dashboards are made for. */
export interface BaseDashboardsArgs {
  /** What is on, and who evaluates rules. */
  stage: Pick<Stage, "kps" | "mimir" | "evaluator">;
  settings: Pick<Settings, "objectStore">;
}

/**
 * Dashboards of the cluster and of the stack as a whole. Metrics and labels are those of the exporters, of the base monitors and of the
 * systems of the stack. They query the uids `prometheus` and `loki`, whatever is behind them in a stage; only alerts are asked of who
 * evaluates them, and only what compares the two backends names both. What is about a part that the stage lacks isn't there.
 * @param args the stage, and which object store there is
 */
export function baseDashboards({ stage, settings }: BaseDashboardsArgs): Dashboard[] {
  const objectStore = isScraped(settings.objectStore);
  return [
    overviewDashboard({ stage, objectStore }),
    nodesDashboard(stage),
    workloadsDashboard(),
    volumesDashboard(),
    logCollectorDashboard(),
    ...(stage.mimir ? [metricsPipelineDashboard()] : []),
    ...(stage.mimir && stage.kps ? [migrationDashboard(stage)] : []),
    costDashboard({ stage, objectStore }),
  ];
}
