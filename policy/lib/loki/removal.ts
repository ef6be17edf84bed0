import { compareVersions } from "../charts/app-versions";
import { chartOf } from "../charts/release";
import type { Config } from "../config/config";
import { imageVersion, namedVersion } from "../config/version";
import { misfitsOf, type JudgedMisfit } from "../fields/judged";
import { matches } from "../glob";
import type { Resource } from "../resource";
import { loki } from "./program";
import { removedFlags, removedSettings, type RemovedSetting } from "./removed";
import { lokiVersionOf } from "./version";

/** What upgrade notes say of a setting or a flag that is gone. */
export type Removal = Omit<RemovedSetting, "path">;

/**
 * What the upgrade notes say of a setting that a version of Loki doesn't know: those of the table, and those that an earlier version has.
 *
 * @returns undefined for a setting that Loki never had before that version
 */
export function removalOf({ keys, field, versions, version }: JudgedMisfit): Removal | undefined {
  if (field) return undefined;
  const noted = removedSettings.find(({ path, since }) => isAt(path, keys) && compareVersions(since, version) <= 0);
  if (noted) return noted;
  const last = versions.findLast((each) => compareVersions(each, version) < 0);
  return last === undefined
    ? undefined
    : { since: `the versions after ${last}`, instead: "its replacement isn't known here" };
}

/** The settings of a configuration that the Loki which reads it no longer has. */
export function* removedSettingsIn(
  config: Config,
): Iterable<{ path: string; key: unknown; version: string; removal: Removal }> {
  if (lokiVersionOf(config) === undefined) return;
  for (const misfit of misfitsOf(config, loki)) {
    const removal = removalOf(misfit);
    if (removal) yield { path: misfit.path, key: misfit.keys.at(-1), version: misfit.version, removal };
  }
}

/**
 * The flags in a list of arguments that the Loki which takes them no longer has.
 *
 * @param words the arguments; one may hold a whole command
 * @param resource whose they are: its image or chart names the version
 */
export function* removedFlagsIn(
  words: readonly string[],
  resource: Resource,
): Iterable<{ name: string; version: string; removal: Removal }> {
  const names = words.flatMap((word) => word.split(/\s+/)).flatMap((word) => /^--?([\w.-]+)/.exec(word)?.[1] ?? []);
  for (const name of new Set(names)) {
    const removal = removedFlag(name);
    if (!removal) continue;
    const version = versionIn(resource);
    if (version === undefined || compareVersions(version, removal.since) >= 0) {
      yield { name, version: version ?? "3", removal };
    }
  }
}

/** Whether Loki had a flag of that name once: {@link removedFlagsIn} says more of it. */
export function isRemovedFlag(name: string): boolean {
  return removedFlag(name) !== undefined;
}

const removedFlag = (name: string) => removedFlags.find(({ flag }) => matches(flag, name));

function versionIn(resource: Resource): string | undefined {
  const chart = chartOf(resource);
  if (!chart) return imageVersion(resource, loki);
  return namedVersion(resource, { chart: { ...chart, path: "values" } }, loki);
}

function isAt(path: string, keys: readonly (string | number)[]): boolean {
  return path.startsWith("**.") ? keys.at(-1) === path.slice(3) : keys.join(".") === path;
}
