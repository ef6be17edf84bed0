import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * A stand-in for Grafana's HTTP API, written from its documentation (https://grafana.com/docs/grafana/latest/developers/http_api/: dashboard,
 * dashboard_versions, folder, folder_dashboard_search, folder_permissions, library_element, org, admin, team, alerting_provisioning) and, where that says
 * nothing, from issues that are named here and from its source (pkg/api/admin_users.go, pkg/services/team/teamapi).
 * Grafana itself is in no registry that this repository builds from.
 */

interface Folder {
  uid: string;
  title: string;
  parentUid?: string;
  /** Default: viewers view, editors edit. */
  permissions?: Permission[];
}

interface Permission {
  role?: string;
  teamId?: number;
  userId?: number;
  permission: number;
  inherited?: boolean;
}

interface User {
  userId: number;
  login: string;
  role: string;
  email?: string;
  name?: string;
  isDisabled?: boolean;
  authLabels?: string[];
  /** It shows to nobody. */
  password?: string;
}

interface Team {
  id: number;
  name: string;
  email?: string;
  members: { userId: number; permission: number }[];
}

interface RuleGroup {
  title: string;
  folderUid: string;
  interval: number;
  rules: { uid?: string; title: string; provenance?: string }[];
}

interface Kept {
  dashboard: Record<string, unknown> & { uid: string; title: string };
  folderUid?: string;
  provisioned?: boolean;
  versions: { version: number; message: string }[];
}

interface LibraryPanel {
  uid: string;
  name: string;
  folderUid?: string;
  model: object;
}

/** What a Grafana has. */
export interface Content {
  folders?: Folder[];
  dashboards?: Omit<Kept, "versions">[];
  libraryPanels?: LibraryPanel[];
  dataSources?: { uid: string; name: string; readOnly?: boolean }[];
  /** Default: the administrator. */
  users?: User[];
  teams?: Team[];
  ruleGroups?: RuleGroup[];
  /** Answers of further paths, or other ones. */
  more?: Record<string, unknown>;
  /** Dashboards that are in Grafana 13's new model: uid → whether the classic one can be had (grafana/grafana#120842). */
  newModel?: Record<string, boolean>;
}

const running: Server[] = [];

/** Stops every stand-in. */
export function stopGrafanas(): void {
  for (const server of running.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
}

/** A Grafana that runs. */
export interface StandIn {
  url: string;
  /** What it has, as it changes. */
  has: {
    folders: Folder[];
    dashboards: Kept[];
    libraryPanels: LibraryPanel[];
    users: User[];
    teams: Team[];
    ruleGroups: RuleGroup[];
  };
  /** Requests that change something. */
  writes: string[];
}

/** The token that it accepts, beside admin's password. */
export const token = "glsa_for-tests";
/** The administrator's password. */
export const password = "right";

/** Starts one. */
export async function serveGrafana(content: Content = {}): Promise<StandIn> {
  const { dataSources = [], more = {}, newModel = {} } = content;
  const has: StandIn["has"] = {
    folders: [...(content.folders ?? [])],
    dashboards: (content.dashboards ?? []).map((each) => ({ ...each, versions: [{ version: 1, message: "" }] })),
    libraryPanels: [...(content.libraryPanels ?? [])],
    users: [...(content.users ?? [{ userId: 1, login: "admin", role: "Admin" }])],
    teams: structuredClone(content.teams ?? []),
    ruleGroups: [...(content.ruleGroups ?? [])],
  };
  const writes: string[] = [];

  const search = (parameters: URLSearchParams) => {
    const hits = has.dashboards.map(({ dashboard: { uid, title }, folderUid }) => ({
      ...{ uid, title, type: "dash-db" },
      ...(folderUid && { folderUid }),
    }));
    const [limit, page] = [Number(parameters.get("limit") ?? 1000), Number(parameters.get("page") ?? 1)];
    return hits.slice((page - 1) * limit, page * limit);
  };
  const foldersBelow = (parameters: URLSearchParams) =>
    Number(parameters.get("page") ?? 1) > 1
      ? []
      : has.folders.filter(({ parentUid }) => parentUid === (parameters.get("parentUid") ?? undefined));
  const dashboard = (uid: string, apiVersion: string | null): Reply => {
    const found = has.dashboards.find((each) => each.dashboard.uid === uid);
    if (!found) return [404, { message: "Dashboard not found", status: "not-found" }];
    if (uid in newModel && !(apiVersion === "v1" && newModel[uid]))
      return [200, { dashboard: { uid, elements: {}, layout: {} }, meta: { folderUid: found.folderUid ?? "" } }];
    // Grafana adds what is its own.
    const version = found.versions.at(-1)?.version;
    const meta = { folderUid: found.folderUid ?? "", provisioned: found.provisioned ?? false };
    return [200, { dashboard: { ...found.dashboard, id: 7, version }, meta }];
  };
  const save = (body: SaveCommand): Reply => {
    const { uid, title } = body.dashboard;
    const { id, ...model } = body.dashboard;
    const found = has.dashboards.find((each) => each.dashboard.uid === uid);
    if (body.folderUid && !has.folders.some((each) => each.uid === body.folderUid))
      return [400, { message: "folder not found" }];
    if (found?.provisioned) return [400, { message: "Cannot save provisioned dashboard" }];
    if (found && !body.overwrite)
      return [412, { message: "A dashboard with the same uid already exists", status: "name-exists" }];
    if (id !== null && id !== undefined) return [404, { message: "Dashboard not found" }];
    const versions = [
      ...(found?.versions ?? []),
      { version: (found?.versions.length ?? 0) + 1, message: body.message ?? "" },
    ];
    // It converts what it is given to the newest schema.
    const kept = { dashboard: { ...model, uid, title, schemaVersion: 42 }, folderUid: body.folderUid, versions };
    has.dashboards = [...has.dashboards.filter((each) => each !== found), kept];
    return [200, { uid, status: "success", version: versions.length }];
  };
  const make = (body: Folder): Reply => {
    if (has.folders.some(({ uid }) => uid === body.uid))
      return [409, { message: "a folder with the same uid already exists" }];
    if (body.parentUid && !has.folders.some(({ uid }) => uid === body.parentUid))
      return [404, { message: "parent folder not found" }];
    has.folders.push(body);
    return [200, body];
  };

  const makeUser = ({ login, email, name, password }: User): Reply => {
    if (has.users.some((user) => user.login === login || (email && user.email === email)))
      return [412, { message: `User with email '${email}' or username '${login}' already exists` }];
    if ((password ?? "").length < 4) return [400, { message: "Password is missing or too short" }];
    const userId = 10 + has.users.length;
    has.users.push({ userId, login, email, name, password, role: "Viewer", isDisabled: false, authLabels: [] });
    return [200, { id: userId, message: "User created" }];
  };
  const ofTeam = (method: string, team: Team, userId: number | undefined, body: unknown): Reply => {
    if (method === "GET")
      return [
        200,
        team.members.map(({ userId, permission }) => ({
          ...{ teamId: team.id, userId, permission },
          login: has.users.find((user) => user.userId === userId)?.login,
        })),
      ];
    const member = team.members.find((each) => each.userId === (userId ?? (body as { userId: number }).userId));
    if (method === "PUT" && !member) return [404, { message: "Team member not found." }];
    if (method === "PUT") member!.permission = (body as { permission: number }).permission;
    else if (member) return [400, { message: "User is already added to this team" }];
    else team.members.push({ userId: (body as { userId: number }).userId, permission: 0 });
    return [200, { message: "Member added to Team" }];
  };
  const people = (method: string, path: string, body: unknown, isToken: boolean): Reply | undefined => {
    const [, what, id, below, last] =
      /^\/api\/(org\/users|admin\/users|teams)(?:\/([^/]+))?(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(path) ?? [];
    const user = has.users.find(({ userId }) => userId === Number(id));
    if (what === "admin/users" && isToken) return [403, { message: "Permission denied" }];
    if (what === "admin/users" && id === undefined) return makeUser(body as User);
    if (what === "admin/users" && below === "disable" && user) {
      user.isDisabled = true;
      return [200, { message: "User disabled" }];
    }
    if (what === "org/users" && id === undefined)
      return [200, has.users.map((user) => ({ ...user, password: undefined }))];
    if (what === "org/users" && method === "PATCH" && user) {
      user.role = (body as { role: string }).role;
      return [200, { message: "Organization user updated" }];
    }
    if (what === "teams" && id === "search") {
      const teams = has.teams.map(({ id, name, email, members }) => ({ id, name, email, memberCount: members.length }));
      return [200, { totalCount: teams.length, teams, page: 1, perPage: 500 }];
    }
    if (what === "teams" && id === undefined) {
      const { name, email } = body as Team;
      if (has.teams.some((team) => team.name === name)) return [409, { message: "Team name taken" }];
      has.teams.push({ id: 20 + has.teams.length, name, email, members: [] });
      return [200, { message: "Team created", teamId: has.teams.at(-1)!.id, uid: "a-uid" }];
    }
    const team = has.teams.find((each) => each.id === Number(id));
    if (what === "teams" && team && below === "members")
      return ofTeam(method, team, last === undefined ? undefined : Number(last), body);
    return undefined;
  };
  const permissionsOf = (method: string, folder: Folder, body: unknown): Reply => {
    if (method === "POST") folder.permissions = (body as { items: Permission[] }).items;
    const usual = [
      { role: "Viewer", permission: 1 },
      { role: "Editor", permission: 2 },
    ];
    const shown = (folder.permissions ?? usual).map((each: Permission) => ({
      ...each,
      userLogin: has.users.find(({ userId }) => userId === each.userId)?.login ?? "",
      team: has.teams.find(({ id }) => id === each.teamId)?.name ?? "",
    }));
    return [200, shown];
  };
  const rules = (method: string, path: string, body: unknown, provenance: boolean): Reply | undefined => {
    if (path === "/api/v1/provisioning/alert-rules")
      return [
        200,
        has.ruleGroups.flatMap(({ title, folderUid, rules }) =>
          rules.map((rule) => ({ ...rule, folderUID: folderUid, ruleGroup: title })),
        ),
      ];
    const [, folder, title] = /^\/api\/v1\/provisioning\/folder\/([^/]+)\/rule-groups\/([^/]+)$/.exec(path) ?? [];
    if (folder === undefined) return undefined;
    const group = has.ruleGroups.find((each) => each.folderUid === folder && each.title === decodeURIComponent(title));
    if (method === "GET") return group ? [200, group] : [404, { message: "rule group not found" }];
    if (!has.folders.some(({ uid }) => uid === folder)) return [400, { message: "folder does not exist" }];
    const given = body as RuleGroup;
    const made = given.rules.map((rule) => ({ ...rule, ...(provenance && { provenance: "api" }) }));
    has.ruleGroups.push({ ...given, rules: made });
    return [200, given];
  };

  const answer = (
    method: string,
    { pathname, searchParams }: URL,
    body: unknown,
    { isToken, provenance }: { isToken: boolean; provenance: boolean },
  ): Reply => {
    if (method !== "GET") writes.push(`${method} ${pathname}`);
    if (method === "GET" && pathname in more) return [200, more[pathname]];
    const [, named] = /^\/api\/folders\/([^/]+)\/permissions$/.exec(pathname) ?? [];
    const folder = has.folders.find((each) => each.uid === named);
    if (folder) return permissionsOf(method, folder, body);
    const other = people(method, pathname, body, isToken) ?? rules(method, pathname, body, provenance);
    if (other) return other;
    const [, uid] = /^\/api\/(?:dashboards\/uid|folders|library-elements)\/([^/]+)/.exec(pathname) ?? [];
    if (method === "POST" && pathname === "/api/dashboards/db") return save(body as SaveCommand);
    if (method === "POST" && pathname === "/api/folders") return make(body as Folder);
    if (method === "POST" && pathname === "/api/library-elements") {
      has.libraryPanels.push(body as LibraryPanel);
      return [200, { result: body }];
    }
    if (pathname === "/api/search") return [200, search(searchParams)];
    if (pathname === "/api/folders") return [200, foldersBelow(searchParams)];
    if (pathname === "/api/datasources") return [200, dataSources];
    if (pathname === "/api/library-elements") {
      const elements = searchParams.get("page") === "1" ? has.libraryPanels : [];
      return [200, { result: { totalCount: has.libraryPanels.length, page: 1, perPage: 100, elements } }];
    }
    if (uid && pathname.endsWith("/versions")) {
      const versions = has.dashboards.find((each) => each.dashboard.uid === uid)?.versions ?? [];
      return [200, { continueToken: "", versions: [...versions].reverse() }];
    }
    if (uid && pathname.startsWith("/api/dashboards/uid/")) return dashboard(uid, searchParams.get("apiVersion"));
    if (uid && pathname.startsWith("/api/folders/")) return one(has.folders, uid, "folder not found");
    if (uid) return one(has.libraryPanels, uid, "library element could not be found");
    return [404, { message: "Not found" }];
  };

  const server = createServer((request, response) => {
    void textOf(request).then((text) => {
      const { authorization } = request.headers;
      const allowed = [`Bearer ${token}`, `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`];
      const [status, body] = allowed.includes(authorization ?? "")
        ? answer(
            request.method ?? "",
            new URL(request.url ?? "", "http://g"),
            text === "" ? undefined : JSON.parse(text),
            {
              isToken: authorization?.startsWith("Bearer") ?? false,
              provenance: request.headers["x-disable-provenance"] === undefined,
            },
          )
        : ([401, { message: "Invalid username or password" }] as const);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  }).listen(0, "127.0.0.1");
  running.push(server);
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, has, writes };
}

type Reply = readonly [status: number, body: unknown];

interface SaveCommand {
  dashboard: Record<string, unknown> & { uid: string; title: string };
  folderUid?: string;
  message?: string;
  overwrite?: boolean;
}

function one(all: readonly { uid: string }[], uid: string, missing: string): Reply {
  const found = all.find((each) => each.uid === uid);
  return found ? [200, found] : [404, { message: missing }];
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
