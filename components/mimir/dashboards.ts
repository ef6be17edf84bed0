import type { Dashboard } from "../grafana/dashboard";
import { mimirDashboard, type MimirDashboardArgs } from "./dashboard-mimir";

/**
 * Dashboards of Mimir.
 * @param args where Mimir is, and its limits
 */
export function mimirDashboards(args: MimirDashboardArgs): Dashboard[] {
  return [mimirDashboard(args)];
}
