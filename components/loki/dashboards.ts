import type { Settings } from "../../config/schema";
import type { Dashboard } from "../grafana/dashboard";
import type { Environment } from "../kubernetes/environment";
import { lokiDashboard } from "./dashboard-loki";
import { pipelineDashboard } from "./dashboard-pipeline";
import { errorLines } from "./log-rules";

/** What the dashboards are made for. */
export interface LokiDashboardsArgs {
  environment: Pick<Environment, "namespace">;
  settings: Pick<Settings["loki"], "structuredMetadata">;
}

/**
 * Dashboards of Loki.
 * @param args where Loki is, and whether lines have a level
 */
export function lokiDashboards({ environment: { namespace }, settings }: LokiDashboardsArgs): Dashboard[] {
  return [lokiDashboard(namespace), pipelineDashboard(namespace, errorLines(settings))];
}
