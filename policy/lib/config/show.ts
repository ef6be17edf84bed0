import { Unknown } from "../unknown";
import { quote, type Setting } from "./read";

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
