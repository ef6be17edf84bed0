import { placeOf, type ProgramSettings } from "./config/config";
import { settingsOf } from "./config/find";
import { eachOverridden } from "./config/in-force";
import { ofArguments } from "./config/overlay";
import type { Program } from "./config/program";
import { quote, text, type Setting } from "./config/read";
import { show, unknownOf } from "./config/show";
import { durationSeconds } from "./duration";
import { bestMatch, matches } from "./glob";
import { loki } from "./loki/program";
import { mimir } from "./mimir/program";
import { inner } from "./paths";
import type { Read } from "./registered";
import type { Resource } from "./resource";
import { isBlock, Unknown, type Block } from "./unknown";
import { victoriaRetentionOf, victoriaRetentions, victoriaSeconds } from "./victoria-metrics/retention";

// By program, the block with its retention.
const places = [
  { program: loki, block: "limits_config" },
  { program: mimir, block: "limits" },
];

/** A retention that a program's limits set, for all or for one tenant. */
interface Retention {
  path: string;
  setting: Setting<string>;
  /** Of single streams: which, as the limits have it. */
  selector?: string;
  /** How long a text in the program's notation means, in seconds; undefined for one that it refuses. */
  read(text: string): number | undefined;
}

/** What is demanded of retentions: the parameters of the policy. */
export interface LeastRetention {
  /** The least by patterns of stacks, such as `30d`. */
  minimum: Readonly<Record<string, string>>;
  /** Patterns of selectors whose streams may be deleted earlier. */
  shortStreams: readonly string[];
}

/** A retention that is shorter than it must be, or that can't be compared. */
export interface ShortRetention {
  path: string;
  found: string;
  /** How long it must be, and who says so. */
  least: string;
  /** Whether it is too short (of everything, of single streams, or for Loki itself), can't be read, or is a number without a unit. */
  fault: "short" | "shortStream" | "refused" | "unread" | "unitless";
}

/** The retentions of Loki, Mimir and VictoriaMetrics that a resource sets too short; an {@link Unknown} for one that a preview can't know. */
export function* shortRetentions(resource: Resource, least: LeastRetention): Iterable<ShortRetention | Unknown> {
  yield* tooShort(retentionsOf(resource), resource.stack, least);
}

/** Those that only files and who reads them show together. */
export function* shortRetentionsRead(
  read: Read,
  least: LeastRetention,
): Iterable<(ShortRetention & { resource: Resource }) | Unknown> {
  for (const { program, block } of places) {
    yield* eachOverridden(read, program, (config, { stack }) => {
      const settings: ProgramSettings = { configs: [config], arguments: [], overrides: [], unreadable: [] };
      return tooShort(inSettings(settings, program, block), stack, least);
    });
  }
}

function* tooShort(
  retentions: Iterable<Retention | Unknown>,
  stack: string,
  { minimum, shortStreams }: LeastRetention,
): Iterable<ShortRetention | Unknown> {
  const least = bestMatch(minimum, stack);
  if (least === undefined) return;
  for (const each of retentions) {
    if (each instanceof Unknown) {
      yield each;
      continue;
    }
    const { path, setting, selector } = each;
    const mayBeShort = selector !== undefined && shortStreams.some((pattern) => matches(pattern, selector));
    const found = faultOf(each, mayBeShort ? leastOfLoki : (durationSeconds(least) ?? 0));
    const fault = !mayBeShort ? found : found === "shortStream" ? "refused" : undefined;
    if (!fault) continue;
    yield (
      unknownOf(setting) ?? {
        path,
        found: `${show(setting)}${selector === undefined ? "" : ` for the streams ${selector}`}`,
        least: fault === "refused" ? "24h" : `${least}, the minimum of stack ${stack}`,
        fault,
      }
    );
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
