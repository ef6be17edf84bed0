import { readFileSync } from "node:fs";
import { z } from "zod";
import { InvalidInput } from "../../../engine/errors";

/** What people made by hand in a Grafana, as a file. */

const uid = z.string().min(1).max(40);

const folder = z.object({ uid, title: z.string().min(1), parentUid: uid.optional() });

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
  folders: z.array(folder).describe("parents before their children"),
  libraryPanels: z.array(libraryPanel),
  dashboards: z.array(dashboard),
});

/** What people made by hand in a Grafana. */
export type MadeByHand = z.output<typeof file>;

/** A folder; without a parent it is at the top. */
export type Folder = z.output<typeof folder>;

/** A dashboard in Grafana's classic model, and its folder; without one it is at the top. */
export type SavedDashboard = z.output<typeof dashboard>;

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
function lost({ folders, libraryPanels, dashboards }: MadeByHand): string[] {
  const there = folders.map(({ uid }) => uid);
  const named = [
    ...folders.map(({ title, parentUid }) => ({ what: `folder "${title}"`, in: parentUid })),
    ...libraryPanels.map(({ name, folderUid }) => ({ what: `library panel "${name}"`, in: folderUid })),
    ...dashboards.map(({ dashboard, folderUid }) => ({ what: `dashboard "${dashboard.title}"`, in: folderUid })),
  ];
  return named.flatMap((each) =>
    each.in === undefined || there.includes(each.in)
      ? []
      : [`${each.what} is in the folder ${each.in}, which doesn't exist`],
  );
}
