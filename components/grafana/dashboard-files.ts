import type { Dashboard } from "./dashboard";

/** A dashboard as a ConfigMap of its own. */
export interface DashboardFile {
  /** Name of the ConfigMap. */
  name: string;
  /** Its one key, and the name of the file that Grafana reads. */
  file: string;
  /** The dashboard. */
  json: string;
}

/** What the API server takes for all of a ConfigMap's values, with some room for the rest of the object. */
const largest = 1024 * 1024 - 16 * 1024;

/**
 * The dashboards as files, each for a ConfigMap of its own.
 * @param dashboards what Grafana is to show
 * @throws Error when one has no uid, or no valid one, when two share one or a title, or when one is too large; all problems in one message
 */
export function dashboardFiles(dashboards: readonly Dashboard[]): DashboardFile[] {
  const problems = dashboards.flatMap((dashboard, index) => problemsOf(dashboard, dashboards.slice(0, index)));
  if (problems.length > 0) throw new Error(`Dashboards that Grafana could not show:\n${problems.join("\n")}`);
  return dashboards.map((dashboard) => ({
    name: `grafana-dashboard-${dashboard.uid}`,
    file: `${dashboard.uid}.json`,
    json: JSON.stringify(dashboard),
  }));
}

function problemsOf(dashboard: Dashboard, before: readonly Dashboard[]): string[] {
  const { uid, title } = dashboard;
  const problems: string[] = [];
  // Grafana takes 40 characters; the ConfigMap's name takes no capitals and no underscores.
  if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(uid ?? "")) {
    problems.push(`"${title}" has the uid "${uid}"; a uid is 1 to 40 lower-case letters, digits and "-".`);
  }
  const sameUid = before.find((other) => other.uid === uid);
  if (sameUid) {
    problems.push(`"${title}" and "${sameUid.title}" share the uid "${uid}"; Grafana would show one of them.`);
  }
  const sameTitle = before.find((other) => other.title === title);
  if (sameTitle) {
    problems.push(
      `"${uid}" and "${sameTitle.uid}" are both called "${title}"; they could not be distinguished in their folder.`,
    );
  }
  const size = Buffer.byteLength(JSON.stringify(dashboard));
  if (size > largest) {
    problems.push(`"${title}" has ${size} bytes; a ConfigMap takes ${largest}. Split it into two dashboards.`);
  }
  return problems;
}
