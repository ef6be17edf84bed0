import { messageIn, type GrafanaApi } from "./client";
import type { Imported } from "./imported";
import type { SavedRuleGroup } from "./made-by-hand";

/**
 * Grafana's own alert rules, group by group: only a group has its interval.
 * @see https://grafana.com/docs/grafana/latest/developer-resources/api-reference/http-api/api-legacy/alerting_provisioning/
 */

interface Rule {
  uid?: string;
  title: string;
  folderUID: string;
  ruleGroup: string;
  provenance?: string;
}

const groupPath = (folder: string, group: string) =>
  `/api/v1/provisioning/folder/${encodeURIComponent(folder)}/rule-groups/${encodeURIComponent(group)}`;

/**
 * The groups that people made by hand; those of files are provisioned anyway.
 * @param grafana the Grafana
 * @returns also what can't be listed with this login
 */
export async function exportRuleGroups(grafana: GrafanaApi): Promise<{ ruleGroups: SavedRuleGroup[]; left: string[] }> {
  const { status, body } = await grafana.ask<Rule[]>("/api/v1/provisioning/alert-rules");
  if (status !== 200)
    return {
      ruleGroups: [],
      left: status === 404 ? [] : [`Grafana's own alert rules: not listed: ${messageIn(body)}`],
    };
  const byHand = body.filter(({ provenance }) => !provenance);
  const paths = new Set(byHand.map(({ folderUID, ruleGroup }) => groupPath(folderUID, ruleGroup)));
  const ruleGroups: SavedRuleGroup[] = [];
  for (const path of paths) ruleGroups.push(await grafana.get<SavedRuleGroup>(path));
  return { ruleGroups, left: [] };
}

/** Makes the groups that are missing. */
export async function importRuleGroups(
  grafana: GrafanaApi,
  groups: readonly SavedRuleGroup[],
  result: Imported,
): Promise<void> {
  for (const group of groups) {
    const what = `rule group "${group.title}"`;
    const path = groupPath(group.folderUid, group.title);
    const there = await grafana.ask<SavedRuleGroup>(path);
    if (there.status === 200 && titles(there.body) === titles(group)) result.same += 1;
    else if (there.status === 200) result.kept.push(`${what} has other rules there`);
    else {
      // An id is the other Grafana's. Without the header nobody could edit them in Grafana any more.
      const rules = group.rules.map((rule) => ({ ...rule, id: undefined }));
      const headers = { "X-Disable-Provenance": "true" };
      const { status, body } = await grafana.ask(path, { ...group, rules }, { method: "PUT", headers });
      if (status === 200) result.done.push(what);
      else result.refused.push(`${what}: ${status}: ${messageIn(body)}`);
    }
  }
}

const titles = ({ rules }: SavedRuleGroup) => rules.map(({ title }) => title).join();
