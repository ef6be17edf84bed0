import { quote, text, type Setting } from "./config/read";
import { durationSeconds } from "./duration";
import { inner } from "./paths";
import { isBlock, Unknown, type Block } from "./unknown";

/** A retention that a program's limits set, for all or for one tenant. */
export interface Retention {
  path: string;
  setting: Setting<string>;
  /** Of single streams: which, as the limits have it. */
  selector?: string;
  /** How long a text in the program's notation means, in seconds; undefined for one that it refuses. */
  read(text: string): number | undefined;
}

/**
 * The retentions in a block of limits of Loki or Mimir.
 *
 * @param limits `limits_config`, `limits`, or what a tenant has of them
 * @param settings the setting of everything, and where there is one that of single streams
 * @param placeOf where a setting is
 */
export function retentionsOf(
  limits: unknown,
  [everything, streams]: readonly string[],
  placeOf: (setting: string) => string,
): (Retention | Unknown)[] {
  if (limits instanceof Unknown) return [limits];
  const setting = text(limits, everything);
  const ofAll = { path: placeOf(everything), setting, read: keptSeconds };
  const ofStreams = streams && isBlock(limits) ? streamsOf(limits[streams], placeOf(streams)) : [];
  return [...("missing" in setting ? [] : [ofAll]), ...ofStreams];
}

// Without a period, Loki takes it for 0 and refuses: only all of a tenant's lines can be kept for ever.
function streamsOf(list: unknown, path: string): (Retention | Unknown)[] {
  if (list instanceof Unknown) return [list];
  return (Array.isArray(list) ? list : []).map((each: unknown, index) => {
    if (each instanceof Unknown) return each;
    const { selector } = isBlock(each) ? each : ({} as Block);
    return {
      path: inner(inner(path, index), "period"),
      setting: text(each, "period"),
      selector: typeof selector === "string" ? selector : quote(selector),
      read: durationSeconds,
    };
  });
}

// 0 is for ever.
function keptSeconds(text: string): number | undefined {
  const seconds = durationSeconds(text);
  return seconds === 0 ? Infinity : seconds;
}
