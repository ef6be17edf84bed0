import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * A stand-in for Grafana's HTTP API, written from its documentation (https://grafana.com/docs/grafana/latest/developers/http_api/: dashboard,
 * dashboard_versions, folder, folder_dashboard_search, library_element) and, where that says nothing, from issues that are named here.
 * Grafana itself is in no registry that this repository builds from.
 */

interface Folder {
  uid: string;
  title: string;
  parentUid?: string;
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
  /** Answers of further paths. */
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
  has: { folders: Folder[]; dashboards: Kept[]; libraryPanels: LibraryPanel[] };
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

  const answer = (method: string, { pathname, searchParams }: URL, body: unknown): Reply => {
    if (method === "POST") writes.push(`POST ${pathname}`);
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
    return pathname in more ? [200, more[pathname]] : [404, { message: "Not found" }];
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
