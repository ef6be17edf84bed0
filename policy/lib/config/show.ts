import type { Finding } from "../policy";
import { Unknown } from "../unknown";
import type { Unreadable } from "./config";
import type { Program } from "./program";
import { quote, type Setting } from "./read";

/** The finding that a configuration can't be read, so that nothing can be said of its settings. */
export function cannotBeRead({ path, problem }: Unreadable, program: Program): Finding {
  if (problem instanceof Unknown) return problem;
  return {
    path,
    found: `a ${program.name} configuration that can't be read (${problem})`,
    wanted: `one YAML document that ${program.name} accepts`,
    fix: `What its settings are can't be told. Correct it; \`${program.validation}\` says where ${program.name} stumbles.`,
  };
}

/** What a message says of a setting. */
export function show(setting: Setting<unknown>): string {
  if ("missing" in setting) return setting.missing;
  if ("value" in setting) return quote(setting.value);
  return setting.unreadable instanceof Unknown ? "not known yet" : setting.unreadable;
}

/** Why a setting can't be read; none where it can. */
export function reasons(setting: Setting<unknown>): (string | Unknown)[] {
  return "unreadable" in setting ? [setting.unreadable] : [];
}

/** The setting's {@link Unknown}, where only the update knows it. */
export function unknownOf(setting: Setting<unknown>): Unknown | undefined {
  return reasons(setting).find((each) => each instanceof Unknown);
}
