import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Preview, PreviewResource } from "../../commands/shared/preview";

const fixture = (name: string): string => join(__dirname, "fixtures", name);

/** One of each behaviour that a preview has to show. */
export const behaviours = fixture("behaviours");
/** Fails in the way that its setting `how` names. */
export const failing = fixture("failing");
/** Has something else in each stage: see its first comment. */
export const moving = fixture("moving");
/** A policy pack with a policy of each kind and level. */
export const pack = fixture("pack");

/** The resource whose URN ends in `<type>::<name>`; there has to be exactly one. */
export function find(preview: Preview, type: string, name: string): PreviewResource {
  const found = preview.resources.filter((resource) => resource.type === type && resource.name === name);
  if (found.length !== 1) {
    throw new Error(
      `${found.length} resources ${type} ${name} among ${preview.resources.map(({ urn }) => urn).join(" ")}`,
    );
  }
  return found[0];
}

/** Runs a test in a folder of its own. */
export async function inFolder<T>(test: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "offline-"));
  try {
    return await test(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
