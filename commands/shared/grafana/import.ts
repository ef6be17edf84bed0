import { createHash } from "node:crypto";
import { importRuleGroups } from "./alert-rules";
import { messageIn, type GrafanaApi } from "./client";
import type { Imported } from "./imported";
import type { MadeByHand, SavedDashboard } from "./made-by-hand";
import { importPeople, importPermissions } from "./people";

/** How an import decides where Grafana has something else under the same uid. */
export interface ImportOptions {
  /** Replaces what differs. What is provisioned is never replaced. */
  overwrite: boolean;
}

interface Answer {
  dashboard: { title?: string };
  meta: { provisioned?: boolean };
}

/**
 * Brings what people made by hand into a Grafana. What is there stays: a second run changes nothing.
 * @param grafana the Grafana
 * @param made what an export gave
 * @param options whether what differs is replaced
 */
export async function importByHand(
  grafana: GrafanaApi,
  { folders, libraryPanels, dashboards, ruleGroups, ...people }: MadeByHand,
  { overwrite }: ImportOptions,
): Promise<Imported> {
  const result: Imported = { done: [], same: 0, kept: [], refused: [], open: [], missing: [] };
  const make = async (what: string, path: string, json: unknown): Promise<boolean> => {
    const { status, body } = await grafana.ask(path, json);
    if (status === 200) result.done.push(what);
    else result.refused.push(`${what}: ${status}: ${messageIn(body)}`);
    return status === 200;
  };

  await importPeople(grafana, people, result);
  for (const folder of folders) {
    const { uid, title, parentUid } = folder;
    const what = `folder "${title}"`;
    const there = await grafana.ask<{ title: string }>(`/api/folders/${encodeURIComponent(uid)}`);
    if (there.status !== 200) {
      if (await make(what, "/api/folders", { uid, title, parentUid })) await importPermissions(grafana, folder, result);
    } else if (there.body.title === title) result.same += 1;
    else result.kept.push(`${what} is called "${there.body.title}" there`);
  }
  for (const { uid, name, folderUid, model } of libraryPanels) {
    const there = await grafana.ask(`/api/library-elements/${encodeURIComponent(uid)}`);
    if (there.status === 200) result.same += 1;
    else await make(`library panel "${name}"`, "/api/library-elements", { uid, name, folderUid, model, kind: 1 });
  }
  for (const each of dashboards) {
    const { dashboard, folderUid, provisioned } = each;
    const what = `dashboard "${dashboard.title}"`;
    const message = messageOf(each);
    const there = await grafana.ask<Answer>(`/api/dashboards/uid/${encodeURIComponent(dashboard.uid)}`);
    const exists = there.status === 200;
    if (exists && there.body.meta.provisioned && provisioned) result.same += 1;
    else if (exists && there.body.meta.provisioned)
      result.kept.push(`${what} is provisioned there under the same uid, ${dashboard.uid}`);
    else if (exists && (await cameBy(grafana, dashboard.uid, message))) result.same += 1;
    else if (exists && !overwrite)
      result.kept.push(`${what} is a different one there, or was changed since: --overwrite replaces it`);
    else
      await make(what, "/api/dashboards/db", { dashboard: { ...dashboard, id: null }, folderUid, message, overwrite });
  }
  await importRuleGroups(grafana, ruleGroups, result);
  result.missing = await missingSources(grafana, dashboards);
  return result;
}

/** Grafana may write a dashboard in another way than it was given, so what was imported is known by its message in the history. */
const messageOf = (saved: SavedDashboard): string =>
  `imported, ${createHash("sha256").update(JSON.stringify(saved)).digest("hex").slice(0, 16)}`;

/** Whether the newest version of a dashboard is the one with this message. */
async function cameBy(grafana: GrafanaApi, uid: string, message: string): Promise<boolean> {
  type Versions = { message?: string }[];
  const path = `/api/dashboards/uid/${encodeURIComponent(uid)}/versions?limit=1`;
  // A list until Grafana 11.4, since then an object: https://github.com/grafana/grafana/issues/104556
  const { status, body } = await grafana.ask<Versions | { versions?: Versions }>(path);
  if (status !== 200) return false;
  const [newest] = Array.isArray(body) ? body : (body.versions ?? []);
  return newest?.message === message;
}

/** A panel would say that its data source was not found. */
async function missingSources(grafana: GrafanaApi, dashboards: readonly SavedDashboard[]): Promise<string[]> {
  const there = (await grafana.get<{ uid: string; name: string }[]>("/api/datasources")).flatMap(({ uid, name }) => [
    uid,
    name,
  ]);
  const lacking = new Map<string, string[]>();
  for (const { dashboard } of dashboards)
    for (const uid of new Set(sourcesIn(dashboard)))
      if (!there.includes(uid)) lacking.set(uid, [...(lacking.get(uid) ?? []), dashboard.title]);
  return [...lacking].map(([uid, titles]) => `${uid}: ${titles.join(", ")}`);
}

/** Uids of data sources anywhere in a dashboard; variables and Grafana's own are none. */
function sourcesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(sourcesIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]: [string, unknown]) => {
    const uid =
      key === "datasource" ? (typeof each === "string" ? each : (each as { uid?: unknown } | null)?.uid) : undefined;
    const isOwn =
      typeof uid === "string" && uid !== "" && !/^\$|^-- .* --$|^(grafana|default|__expr__|-100)$/.test(uid);
    return [...(isOwn ? [uid] : []), ...sourcesIn(each)];
  });
}
