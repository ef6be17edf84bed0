import { randomBytes } from "node:crypto";
import { messageIn, type GrafanaApi } from "./client";
import type { Folder, SavedTeam, SavedUser } from "./made-by-hand";
import type { Imported } from "./imported";

/** Users, teams, and what each may do in a folder. Grafana gives no password away, so those who log in by one get a new one. */

/** @see https://grafana.com/docs/grafana/latest/developer-resources/api-reference/http-api/api-legacy/org/ */
interface OrgUser {
  userId: number;
  login: string;
  email?: string;
  name?: string;
  role: string;
  isDisabled?: boolean;
  authLabels?: string[] | null;
}

/** @see https://grafana.com/docs/grafana/latest/developer-resources/api-reference/http-api/api-legacy/team/ */
interface Team {
  id: number;
  name: string;
  email?: string;
}

interface Member {
  login: string;
  permission?: number;
}

interface Permission {
  userId?: number;
  userLogin?: string;
  teamId?: number;
  team?: string;
  role?: string;
  permission: number;
  inherited?: boolean;
}

/** Of a team, as of a folder. */
const administers = 4;

const orgUsers = "/api/org/users";

async function teamsOf(grafana: GrafanaApi): Promise<Team[]> {
  const all: Team[] = [];
  for (let page = 1; ; page++) {
    const path = `/api/teams/search?perpage=500&page=${page}`;
    const { totalCount, teams } = await grafana.get<{ totalCount: number; teams: Team[] }>(path);
    all.push(...teams);
    if (teams.length === 0 || all.length >= totalCount) return all;
  }
}

const membersOf = (grafana: GrafanaApi, team: number) => grafana.get<Member[]>(`/api/teams/${team}/members`);

/**
 * Who is there.
 * @param grafana the Grafana
 * @returns also what can't be listed with this login
 */
export async function exportPeople(
  grafana: GrafanaApi,
): Promise<{ users: SavedUser[]; teams: SavedTeam[]; left: string[] }> {
  const { status, body } = await grafana.ask<OrgUser[]>(orgUsers);
  if (status !== 200)
    return {
      users: [],
      teams: [],
      left: [`users and teams: not listed: ${messageIn(body)} → a login with the role Admin`],
    };
  // Every Grafana has this one by itself.
  const others = body.filter(({ login }) => login !== "admin");
  const users = others.map(({ login, email, name, role, isDisabled, authLabels }): SavedUser => ({
    ...{ login, role },
    ...(email && { email }),
    ...(name && { name }),
    ...(isDisabled && { disabled: true as const }),
    ...(authLabels?.length && { external: authLabels.join(", ") }),
  }));
  const teams: SavedTeam[] = [];
  for (const { id, name, email } of await teamsOf(grafana)) {
    const members = (await membersOf(grafana, id)).map(({ login, permission }) => ({
      login,
      ...(permission === administers && { admin: true as const }),
    }));
    teams.push({ name, ...(email && { email }), members });
  }
  return { users, teams, left: [] };
}

/** Makes users and teams that are missing. */
export async function importPeople(
  grafana: GrafanaApi,
  { users, teams }: { users: readonly SavedUser[]; teams: readonly SavedTeam[] },
  result: Imported,
): Promise<void> {
  if (users.length === 0 && teams.length === 0) return;
  const there = new Map((await grafana.get<OrgUser[]>(orgUsers)).map((user) => [user.login, user]));
  const made: string[] = [];
  for (const user of users) {
    const found = there.get(user.login);
    if (found?.role === user.role) result.same += 1;
    else if (found)
      result.kept.push(`user "${user.login}" has the role ${found.role} there, and ${user.role} in the file`);
    // One who is made here could not log in by the provider any more: Grafana would find the login taken.
    else if (!user.external && (await makeUser(grafana, user, result))) made.push(user.login);
  }
  if (made.length > 0)
    result.open.push(
      `new passwords for ${made.join(", ")}: Grafana gives no password away → Administration → Users and access → Users, or “Forgot your password?” with grafana.smtp`,
    );

  const now = made.length > 0 ? await grafana.get<OrgUser[]>(orgUsers) : [...there.values()];
  const ids = new Map(now.map(({ login, userId }) => [login, userId]));
  const existing = new Map((await teamsOf(grafana)).map(({ name, id }) => [name, id]));
  for (const team of teams) await makeTeam(grafana, team, { ids, id: existing.get(team.name), users, result });
}

async function makeUser(grafana: GrafanaApi, user: SavedUser, result: Imported): Promise<boolean> {
  const { login, email, name, role, disabled } = user;
  const what = `user "${login}"`;
  const password = randomBytes(24).toString("base64url");
  const { status, body } = await grafana.ask<{ id: number }>("/api/admin/users", { login, email, name, password });
  if (status !== 200) {
    const why =
      status === 403 ? " → GRAFANA_USER and GRAFANA_PASSWORD of the administrator: a token can't make users" : "";
    result.refused.push(`${what}: ${status}: ${messageIn(body)}${why}`);
    return false;
  }
  result.done.push(what);
  const given = await grafana.ask(`${orgUsers}/${body.id}`, { role }, { method: "PATCH" });
  if (given.status !== 200) result.refused.push(`role ${role} of ${what}: ${given.status}: ${messageIn(given.body)}`);
  if (disabled) {
    const off = await grafana.ask(`/api/admin/users/${body.id}/disable`, {});
    if (off.status !== 200) result.refused.push(`${what} is not disabled: ${off.status}: ${messageIn(off.body)}`);
  }
  return true;
}

async function makeTeam(
  grafana: GrafanaApi,
  { name, email, members }: SavedTeam,
  {
    result,
    ...there
  }: { ids: ReadonlyMap<string, number>; id?: number; users: readonly SavedUser[]; result: Imported },
): Promise<void> {
  const what = `team "${name}"`;
  let { id } = there;
  if (id === undefined) {
    const { status, body } = await grafana.ask<{ teamId: number }>("/api/teams", { name, email });
    if (status !== 200) return void result.refused.push(`${what}: ${status}: ${messageIn(body)}`);
    id = body.teamId;
    result.done.push(what);
  } else result.same += 1;
  const has = new Set((await membersOf(grafana, id)).map(({ login }) => login));
  for (const { login, admin } of members.filter((member) => !has.has(member.login))) {
    const userId = there.ids.get(login);
    if (userId === undefined) {
      const external = there.users.find((user) => user.login === login)?.external;
      result.open.push(
        `${what} lacks ${login}, who isn't there${external ? ` before the next login by ${external}` : ""} → run it again then`,
      );
      continue;
    }
    const path = `/api/teams/${id}/members`;
    const added = await grafana.ask(path, { userId });
    const given =
      added.status === 200 && admin
        ? await grafana.ask(`${path}/${userId}`, { permission: administers }, { method: "PUT" })
        : added;
    if (given.status === 200) result.done.push(`${login} in ${what}`);
    else result.refused.push(`${login} in ${what}: ${given.status}: ${messageIn(given.body)}`);
  }
}

const permissionsPath = (folder: string) => `/api/folders/${encodeURIComponent(folder)}/permissions`;

/**
 * Who may do what in a folder, but for what its parent says.
 * @param grafana the Grafana
 * @param folder its uid
 * @returns undefined: this login may not see it
 * @see https://grafana.com/docs/grafana/latest/developer-resources/api-reference/http-api/api-legacy/folder_permissions/
 */
export async function exportPermissions(grafana: GrafanaApi, folder: string): Promise<Folder["permissions"]> {
  const { status, body } = await grafana.ask<Permission[]>(permissionsPath(folder));
  if (status !== 200) return undefined;
  return body
    .filter(({ inherited }) => !inherited)
    .map(({ role, team, userLogin, permission }) => ({
      ...(role && { role }),
      ...(team && { team }),
      ...(userLogin && { login: userLogin }),
      permission,
    }));
}

/** Says who may do what in a folder that was just created. */
export async function importPermissions(
  grafana: GrafanaApi,
  { uid, title, permissions }: Folder,
  result: Imported,
): Promise<void> {
  if (!permissions) return;
  const what = `permissions of folder "${title}"`;
  const users = new Map((await grafana.get<OrgUser[]>(orgUsers)).map(({ login, userId }) => [login, userId]));
  const teams = new Map((await teamsOf(grafana)).map(({ name, id }) => [name, id]));
  const items = permissions.flatMap(({ role, team, login, permission }) => {
    const [userId, teamId] = [login && users.get(login), team && teams.get(team)];
    if (role || userId || teamId) return [{ role, userId, teamId, permission }];
    result.open.push(`${what}: ${login ?? team} isn't there → give it to them when they are`);
    return [];
  });
  const { status, body } = await grafana.ask(permissionsPath(uid), { items });
  if (status !== 200) result.refused.push(`${what}: ${status}: ${messageIn(body)}`);
}
