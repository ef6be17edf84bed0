import type { Settings } from "../../settings/schema";
import type { LogAgent } from "../../settings/sections/logs";
import type { Dashboard } from "../grafana/dashboard";
import type { Environment } from "../kubernetes/environment";
import { lokiDashboard } from "./dashboard-loki";
import { pipelineDashboard } from "./dashboard-pipeline";
import { errorLines } from "./log-rules";
import type { Modes } from "./topology";

/** What the dashboards are made for. */
export interface LokiDashboardsArgs {
  environment: Pick<Environment, "namespace">;
  settings: Modes & Pick<Settings["loki"], "structuredMetadata"> & Partial<Pick<Settings["loki"], "caches">>;
  /** What of the stack sends pods' lines; with `none` there are no panels of it. Default: Alloy. */
  agent?: LogAgent;
}

/**
 * Dashboards of Loki.
 * @param args where Loki is, and in which modes, whether lines have a level, and what Loki has in memcached; default: nothing
 */
export function lokiDashboards({ environment: { namespace }, settings, agent }: LokiDashboardsArgs): Dashboard[] {
  return [lokiDashboard(namespace, settings), pipelineDashboard(namespace, settings, errorLines(settings), agent)];
}
