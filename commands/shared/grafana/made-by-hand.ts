import { readFileSync } from "node:fs";
import { z } from "zod";
import { InvalidInput } from "../../../engine/errors";
import { count } from "../words";

/** What people made by hand in a Grafana, as a file. */

const uid = z.string().min(1).max(40);

const name = z.string().min(1);

const user = z.object({
  login: name,
  email: z.string().optional(),
  name: z.string().optional(),
  role: name.describe("in the organization"),
  disabled: z.literal(true).optional(),
  external: name.optional().describe("what they log in by, such as OAuth; default: a password that Grafana has"),
});

const team = z.object({
  name,
  email: z.string().optional(),
  members: z.array(z.object({ login: name, admin: z.literal(true).optional() })),
});

const permission = z.object({
  role: name.optional(),
  team: name.optional(),
  login: name.optional(),
  permission: z.int().describe("1: view, 2: edit, 4: administer"),
});

const folder = z.object({
  uid,
  title: z.string().min(1),
  parentUid: uid.optional(),
  permissions: z.array(permission).optional().describe("who may do what in it; default: Grafana's own default"),
});

const ruleGroup = z.looseObject({
  title: name,
  folderUid: uid,
  rules: z.array(z.looseObject({ uid: z.string().optional(), title: name })),
});

const dashboard = z.object({
  folderUid: uid.optional(),
  provisioned: z.literal(true).optional().describe("it was provisioned: it appears where it is provisioned too"),
  dashboard: z.looseObject({ uid, title: z.string().min(1) }),
});

const libraryPanel = z.object({
  uid,
  name: z.string().min(1),
  folderUid: uid.optional(),
  model: z.looseObject({}),
});

const file = z.object({
  version: z.literal(1),
  users: z.array(user).default([]).describe("without their passwords, which Grafana doesn't reveal"),
  teams: z.array(team).default([]),
  folders: z.array(folder).describe("parents before their children"),
  libraryPanels: z.array(libraryPanel),
  dashboards: z.array(dashboard),
  ruleGroups: z.array(ruleGroup).default([]).describe("Grafana's own alert rules, by group"),
});

/** What people made by hand in a Grafana. */
export type MadeByHand = z.output<typeof file>;

/** Somebody who logs in. */
export type SavedUser = MadeByHand["users"][number];

/** Some of them. */
export type SavedTeam = MadeByHand["teams"][number];

/** A group of Grafana's own alert rules. */
export type SavedRuleGroup = MadeByHand["ruleGroups"][number];

/** A folder; without a parent it is at the top. */
export type Folder = z.output<typeof folder>;

/** A dashboard in Grafana's classic model, and its folder; without one it is at the top. */
export type SavedDashboard = z.output<typeof dashboard>;

/** How much of each there is, in words. */
export const countAll = ({ dashboards, libraryPanels, folders, ruleGroups, users, teams }: MadeByHand): string =>
  [
    count(dashboards.length, "dashboard"),
    count(libraryPanels.length, "library panel"),
    count(folders.length, "folder"),
    count(ruleGroups.length, "rule group"),
    count(users.length, "user"),
    count(teams.length, "team"),
  ].join(", ");

/**
 * Reads a file that was exported.
 * @param path the file
 * @throws InvalidInput with every problem; nothing is imported then
 */
export const readMadeByHand = (path: string): MadeByHand => checkedMadeByHand(readFileSync(path, "utf8"), path);

/**
 * The same of a text.
 * @param text what the file has
 * @param path what it is called in messages
 */
export function checkedMadeByHand(text: string, path: string): MadeByHand {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new InvalidInput(`${path} is not JSON: ${(error as Error).message}\n→ export it again`);
  }
  const parsed = file.safeParse(json);
  const problems = parsed.success
    ? lost(parsed.data)
    : parsed.error.issues.map(({ path: at, message }) => `${at.join(".")}: ${message}`);
  if (!parsed.success || problems.length > 0)
    throw new InvalidInput(`${path} is not an export of this command:\n${problems.join("\n")}\n→ export it again`);
  return parsed.data;
}

/** Folders that are named and not there, and uids that are there twice. */
function lost({ folders, libraryPanels, dashboards, ruleGroups }: MadeByHand): string[] {
  const there = folders.map(({ uid }) => uid);
  const named = [
    ...folders.map(({ title, parentUid }) => ({ what: `folder "${title}"`, in: parentUid })),
    ...libraryPanels.map(({ name, folderUid }) => ({ what: `library panel "${name}"`, in: folderUid })),
    ...dashboards.map(({ dashboard, folderUid }) => ({ what: `dashboard "${dashboard.title}"`, in: folderUid })),
    ...ruleGroups.map(({ title, folderUid }) => ({ what: `rule group "${title}"`, in: folderUid })),
  ];
  return named.flatMap((each) =>
    each.in === undefined || there.includes(each.in)
      ? []
      : [`${each.what} is in the folder ${each.in}, which doesn't exist`],
  );
}
