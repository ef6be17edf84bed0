import type { Dashboard } from "../grafana/dashboard";
import type { Environment } from "../kubernetes/environment";
import { lokiDashboard } from "./dashboard-loki";
import { pipelineDashboard } from "./dashboard-pipeline";

/** What the dashboards are made for. */
export interface LokiDashboardsArgs {
  environment: Pick<Environment, "namespace">;
}

/**
 * Dashboards of Loki.
 * @param args where Loki is
 */
export function lokiDashboards({ environment: { namespace } }: LokiDashboardsArgs): Dashboard[] {
  return [lokiDashboard(namespace), pipelineDashboard(namespace)];
}
