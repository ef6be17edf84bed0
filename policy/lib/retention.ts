import { placeOf, type Config, type ProgramSettings } from "./config/config";
import { settingsOf } from "./config/find";
import { ofArguments } from "./config/overlay";
import type { Program } from "./config/program";
import { quote, text, type Setting } from "./config/read";
import { unknownOf } from "./config/show";
import { durationSeconds } from "./duration";
import { matches } from "./glob";
import { loki } from "./loki/program";
import { mimir } from "./mimir/program";
import { inner } from "./paths";
import type { Resource } from "./resource";
import { isBlock, Unknown, type Block } from "./unknown";
import { victoriaRetentionOf, victoriaRetentions, victoriaSeconds } from "./victoria-metrics/retention";

// By program, the block with its retention.
const places = [
  { program: loki, block: "limits_config" },
  { program: mimir, block: "limits" },
];

/** A retention that a program's limits set, for all or for one tenant. */
export interface Retention {
  path: string;
  setting: Setting<string>;
  /** Of single streams: which, as the limits have it. */
  selector?: string;
  /** How long a text in the program's notation means, in seconds; undefined for one that it refuses. */
  read(text: string): number | undefined;
}

/** A retention that is shorter than it must be, or that can't be compared. */
export interface ShortRetention extends Retention {
  /** Whether it is too short (of everything, of single streams, or for Loki itself), can't be read, or is a number without a unit. */
  fault: "short" | "shortStream" | "refused" | "unread" | "unitless";
}

/**
 * The retentions of Loki, Mimir and VictoriaMetrics that a resource sets too short; an {@link Unknown} for one that a preview can't know.
 *
 * @param least the least retention, such as `30d`
 * @param shortStreams patterns of selectors whose streams may be deleted earlier
 */
export function* shortRetentions(
  resource: Resource,
  least: string,
  shortStreams: readonly string[],
): Iterable<ShortRetention | Unknown> {
  yield* tooShort(retentionsOf(resource), least, shortStreams);
}

/** The same of one configuration. */
export function* shortRetentionsIn(
  config: Config,
  program: Program,
  least: string,
  shortStreams: readonly string[],
): Iterable<ShortRetention | Unknown> {
  const { block } = places.find((each) => each.program === program)!;
  const settings: ProgramSettings = { configs: [config], arguments: [], overrides: [], unreadable: [] };
  yield* tooShort(inSettings(settings, program, block), least, shortStreams);
}

function* tooShort(
  retentions: readonly (Retention | Unknown)[],
  least: string,
  shortStreams: readonly string[],
): Iterable<ShortRetention | Unknown> {
  for (const each of retentions) {
    if (each instanceof Unknown) yield each;
    else {
      const { setting, selector } = each;
      const mayBeShort = selector !== undefined && shortStreams.some((pattern) => matches(pattern, selector));
      const found = faultOf(each, mayBeShort ? leastOfLoki : (durationSeconds(least) ?? 0));
      const fault = !mayBeShort ? found : found === "shortStream" ? "refused" : undefined;
      if (fault) yield unknownOf(setting) ?? { ...each, fault };
    }
  }
}

// Of single streams: `Validate` in pkg/validation/limits.go.
const leastOfLoki = 24 * 3600;

function faultOf({ setting, selector, read }: Retention, least: number): ShortRetention["fault"] | undefined {
  if (isLeftOut(setting) && selector === undefined) return undefined;
  const seconds = "value" in setting ? read(setting.value) : undefined;
  if (seconds !== undefined && seconds >= least) return undefined;
  if (seconds !== undefined) return selector === undefined ? "short" : "shortStream";
  return "value" in setting && /^[\d.]+$/.test(setting.value) ? "unitless" : "unread";
}

// An empty text is no duration, and refused.
function isLeftOut(setting: Setting<string>): boolean {
  return "missing" in setting && setting.missing !== "empty";
}

function retentionsOf(resource: Resource): (Retention | Unknown)[] {
  if (!resource.type.startsWith("kubernetes:")) return [];
  const ofPrograms = places.flatMap(({ program, block }) => inSettings(settingsOf(resource, program), program, block));
  const { arguments: lists } = settingsOf(resource, mimir);
  const victoria = [...victoriaRetentions(resource), ...lists.map(victoriaRetentionOf)];
  const given = victoria.filter(({ setting }) => !("missing" in setting));
  return [...ofPrograms, ...given.map((each) => ({ ...each, read: victoriaSeconds }))];
}

function inSettings(settings: ProgramSettings, program: Program, block: string): (Retention | Unknown)[] {
  const fromArguments = settings.arguments.flatMap((list) => ofArguments(list, program) ?? []);
  const forAll = [...settings.configs, ...fromArguments].flatMap((config) =>
    inLimits(config.content[block], program.tenantSettings, (setting) => placeOf(config, `${block}.${setting}`)),
  );
  const byTenant = settings.overrides.flatMap(({ path, tenants }) =>
    Object.entries(tenants).flatMap(([tenant, limits]) =>
      inLimits(limits, program.tenantSettings, (setting) => inner(inner(path, tenant), setting)),
    ),
  );
  return [...forAll, ...byTenant];
}

// `limits` is `limits_config`, `limits`, or what a tenant has of them; `settings` the setting of everything, and if there is one that of single streams.
function inLimits(
  limits: unknown,
  [everything, streams]: readonly string[],
  placeOf: (setting: string) => string,
): (Retention | Unknown)[] {
  if (limits instanceof Unknown) return [limits];
  const setting = text(limits, everything);
  const ofAll = { path: placeOf(everything), setting, read: keptSeconds };
  const ofStreams = streams && isBlock(limits) ? streamsOf(limits[streams], placeOf(streams)) : [];
  return [...(isLeftOut(setting) ? [] : [ofAll]), ...ofStreams];
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
