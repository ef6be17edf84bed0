import type { Dashboard } from "../grafana/dashboard";
import { logCollectorDashboard } from "./log-collector";
import { nodesDashboard } from "./nodes";
import { volumesDashboard } from "./volumes";
import { workloadsDashboard } from "./workloads";

/**
 * The dashboards of every stage: of the cluster, and of the log collector. Metrics and labels are those of the exporters, of the base
 * monitors and of the log collector; all query the uids `prometheus` and `loki`, whatever is behind them in a stage.
 */
export function baseDashboards(): Dashboard[] {
  return [nodesDashboard(), workloadsDashboard(), volumesDashboard(), logCollectorDashboard()];
}
