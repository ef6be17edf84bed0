import { exportRuleGroups } from "./alert-rules";
import type { GrafanaApi } from "./client";
import { messageIn } from "./client";
import type { Folder, MadeByHand, SavedDashboard } from "./made-by-hand";
import { exportPeople, exportPermissions } from "./people";

/** What was exported, and what stays behind. */
export interface Exported {
  made: MadeByHand;
  /** Dashboards that files or ConfigMaps bring: the other Grafana gets them without this command. */
  provisioned: string[];
  /** What can't be brought over, each with the reason. */
  left: string[];
}

interface Found {
  uid: string;
  title: string;
  folderUid?: string;
}

interface Answer {
  dashboard: Record<string, unknown>;
  meta: { provisioned?: boolean; folderUid?: string };
}

/** What else an export takes. */
export interface ExportOptions {
  /** Dashboards that files bring, too: a Grafana with other files, such as those that a chart's values fetch, lacks them. */
  provisioned: boolean;
}

/**
 * Everything that people made by hand in a Grafana: users, teams, folders, library panels, dashboards, alert rules. It only reads.
 * @param grafana the Grafana
 * @param options whether what is provisioned is taken along
 * @throws InvalidInput when it doesn't answer as it should
 */
export async function exportByHand(grafana: GrafanaApi, options: ExportOptions): Promise<Exported> {
  const found = await grafana.pages<Found>("/api/search", { type: "dash-db" });
  const left: string[] = [];
  const provisioned: Found[] = [];
  const dashboards: SavedDashboard[] = [];
  for (const each of found) {
    const { answer, why } = await read(grafana, each.uid);
    if (answer?.meta.provisioned && !options.provisioned) provisioned.push(each);
    else if (answer) dashboards.push(saved(each, answer));
    else left.push(`dashboard "${each.title}" (${each.uid}): ${why}`);
  }
  dashboards.sort((a, b) => (a.dashboard.uid < b.dashboard.uid ? -1 : 1));
  const libraryPanels = await libraryPanelsOf(grafana);
  // A folder that has nothing but provisioned dashboards is made by what provisions them.
  const rules = await exportRuleGroups(grafana);
  const byHand = [...dashboards, ...libraryPanels, ...rules.ruleGroups].flatMap(({ folderUid }) => folderUid ?? []);
  const onlyProvisioned = provisioned
    .flatMap(({ folderUid }) => folderUid ?? [])
    .filter((folder) => !byHand.includes(folder));
  const folders = withParents(await foldersOf(grafana), (uid) => !onlyProvisioned.includes(uid));
  for (const folder of folders) folder.permissions = await exportPermissions(grafana, folder.uid);
  const { users, teams, left: unlisted } = await exportPeople(grafana);
  return {
    made: { version: 1, users, teams, folders, libraryPanels, dashboards, ruleGroups: rules.ruleGroups },
    provisioned: provisioned.map(({ title }) => title),
    left: [...left, ...unlisted, ...rules.left, ...(await stays(grafana))],
  };
}

/**
 * A dashboard in the classic model. Grafana 13 keeps those that were edited in it in another one, and gives either, if asked
 * (https://github.com/grafana/grafana/pull/120842); Grafana 12 refuses with 406.
 */
async function read(grafana: GrafanaApi, uid: string): Promise<{ answer?: Answer; why?: string }> {
  let why = "";
  for (const query of ["", "?apiVersion=v1", "?apiVersion=v1beta1"]) {
    const { status, body } = await grafana.ask<Answer>(`/api/dashboards/uid/${encodeURIComponent(uid)}${query}`);
    if (status === 200 && isClassic(body.dashboard)) return { answer: body };
    why ||=
      status === 200
        ? "it is in Grafana 13's new model: open it, Export, model Classic, and import that by hand"
        : `${status}: ${messageIn(body)}`;
  }
  return { why };
}

const isClassic = (dashboard: Record<string, unknown>): boolean =>
  typeof dashboard.title === "string" && !("elements" in dashboard) && !("spec" in dashboard);

/** Its id and version are this Grafana's. */
function saved({ uid }: Found, { dashboard, meta }: Answer): SavedDashboard {
  const model = Object.fromEntries(Object.entries(dashboard).filter(([key]) => key !== "id" && key !== "version"));
  return {
    ...(meta.folderUid && { folderUid: meta.folderUid }),
    ...(meta.provisioned && { provisioned: true }),
    dashboard: { ...model, uid, title: String(dashboard.title) },
  };
}

/** Every folder, parents before their children. */
async function foldersOf(grafana: GrafanaApi, parentUid?: string): Promise<Folder[]> {
  const below = await grafana.pages<Found>("/api/folders", parentUid ? { parentUid } : {});
  const all: Folder[] = [];
  for (const { uid, title } of below) {
    // "Shared with me" is no folder, but Grafana lists it as one.
    if (uid === "sharedwithme") continue;
    all.push({ uid, title, ...(parentUid && { parentUid }) }, ...(await foldersOf(grafana, uid)));
  }
  return all;
}

/** The folders that are wanted, and those that they are in. */
function withParents(folders: readonly Folder[], wanted: (uid: string) => boolean): Folder[] {
  const kept = new Set(folders.filter(({ uid }) => wanted(uid)).map(({ uid }) => uid));
  for (const { uid, parentUid } of [...folders].reverse()) if (kept.has(uid) && parentUid) kept.add(parentUid);
  return folders.filter(({ uid }) => kept.has(uid));
}

interface LibraryElements {
  result: { totalCount: number; elements: { uid: string; name: string; folderUid?: string; model: object }[] };
}

/** @see https://grafana.com/docs/grafana/latest/developers/http_api/library_element/ */
async function libraryPanelsOf(grafana: GrafanaApi): Promise<MadeByHand["libraryPanels"]> {
  const panels: LibraryElements["result"]["elements"] = [];
  for (let page = 1; ; page++) {
    const path = `/api/library-elements?kind=1&perPage=100&page=${page}`;
    const { result } = await grafana.get<LibraryElements>(path);
    panels.push(...result.elements);
    if (result.elements.length === 0 || panels.length >= result.totalCount) break;
  }
  return panels.map(({ uid, name, folderUid, model }) => ({
    ...{ uid, name, model: { ...model } },
    ...(folderUid && { folderUid }),
  }));
}

/** What this command doesn't bring over, by name, as far as the login may list it. */
async function stays(grafana: GrafanaApi): Promise<string[]> {
  const list = async <T>(path: string, name: (each: T) => string | undefined): Promise<string> => {
    const { status, body } = await grafana.ask<T[] | { serviceAccounts?: T[] }>(path);
    if (status !== 200) return status === 404 ? "" : `not listed: ${messageIn(body)}`;
    const all = Array.isArray(body) ? body : (body.serviceAccounts ?? []);
    return all.flatMap((each) => name(each) ?? []).join(", ");
  };
  const rows: [what: string, names: string, instead: string][] = [
    [
      "service accounts",
      await list<{ name: string }>("/api/serviceaccounts/search", ({ name }) => name),
      "create them again; tokens can't be read",
    ],
    [
      "contact points",
      await list<{ name: string; provenance?: string }>("/api/v1/provisioning/contact-points", (each) =>
        // Every Grafana has this one.
        each.provenance || each.name === "email receiver" || each.name === "grafana-default-email"
          ? undefined
          : each.name,
      ),
      "alertmanager.receivers",
    ],
    [
      "data sources made by hand",
      await list<{ name: string; readOnly?: boolean }>("/api/datasources", ({ name, readOnly }) =>
        readOnly ? undefined : name,
      ),
      "grafana.dataSources, with their uids; their passwords can't be read",
    ],
    ["playlists", await list<{ name: string }>("/api/playlists", ({ name }) => name), "make them again"],
  ];
  return rows.filter(([, names]) => names !== "").map(([what, names, instead]) => `${what}: ${names} → ${instead}`);
}
