import type { z } from "zod";
import { explain, valueAt } from "./explain";
import { formatPath, hidden, type Problem } from "./problem";
import { rules } from "./rules";
import type { Rule } from "./rules/rule";
import { settingsSchema, type ParsedSettings } from "./schema";
import { receiverFieldNames } from "./sections/receivers";

type Path = readonly PropertyKey[];

/** What the check found: settings when there is no problem, else every problem. */
export type Checked = { settings: ParsedSettings; problems: [] } | { settings?: undefined; problems: Problem[] };

/** What the check has to know beside the settings. */
export interface CheckOptions {
  /** Top-level settings that Pulumi holds as secrets; `secretValues` always counts as one. Their values are never shown. */
  secretKeys?: readonly string[];
  /** Today, for the periods of Loki's schema. */
  now?: Date;
}

/**
 * Checks raw settings, each one alone and all against each other, and reports all problems together. A rule that reads a setting
 * which is invalid says nothing about it.
 * @param raw what the stack gives, by top-level key
 * @param options which values are secret; the time
 */
export function checkSettings(raw: unknown, { secretKeys = [], now = new Date() }: CheckOptions = {}): Checked {
  const hiddenKeys = ["secretValues", ...secretKeys];
  const isSecret = (path: Path) => hiddenKeys.includes(String(path[0]));
  const parsed = settingsSchema.safeParse(raw);
  const { settings, damaged } = parsed.success ? { settings: parsed.data, damaged: [] } : salvage(raw);
  const problems = [
    ...(parsed.success
      ? []
      : explain(parsed.error.issues, {
          schema: settingsSchema,
          raw,
          isSecret: (path) => isSecret(path) || isSecretsPlace(path),
        })),
    ...rules.flatMap((rule) => findings(rule, settings, { now, damaged, isSecret })),
  ];
  return problems.length > 0 ? { problems } : { settings, problems: [] };
}

/** Where people write a secret in clear, which is wrong there: what they wrote is not shown, as a build's log may be public. */
const isSecretsPlace = (path: Path): boolean =>
  path.includes("secureJsonData") || (path[1] === "receivers" && receiverFieldNames.some((field) => field === path[3]));

/** What is left of the settings when everything wrong is taken out of them, and which paths were. */
function salvage(raw: unknown): { settings: ParsedSettings; damaged: Path[] } {
  const damaged: Path[] = [];
  let rest = structuredClone(raw);
  for (;;) {
    const parsed = settingsSchema.safeParse(rest);
    if (parsed.success) return { settings: parsed.data, damaged };
    for (const path of parsed.error.issues.flatMap(pathsOf)) {
      const cut = removable(rest, path);
      if (cut.length === 0) rest = {};
      else Reflect.deleteProperty(valueAt(rest, cut.slice(0, -1)) as object, cut[cut.length - 1]);
      damaged.push(cut);
    }
  }
}

const pathsOf = (issue: z.core.$ZodIssue): Path[] =>
  issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];

/** The nearest place that can be taken out: what is missing goes with what it is missing from. */
const removable = (value: unknown, path: Path): Path =>
  path.length === 0 || valueAt(value, path) !== undefined ? path : removable(value, path.slice(0, -1));

interface Circumstances {
  now: Date;
  damaged: readonly Path[];
  isSecret: (path: Path) => boolean;
}

function findings(rule: Rule, settings: ParsedSettings, { now, damaged, isSecret }: Circumstances): Problem[] {
  // What it reads matters only where it finds something.
  if (rule.check(settings, now).length === 0) return [];
  const read = new Set<string>();
  const secrets = new Set<string>();
  const recorded = recording(settings, (path, value) => {
    read.add(formatPath(path));
    if (isSecret(path) && typeof value !== "object" && value !== undefined && value !== "") secrets.add(String(value));
  });
  const found = rule.check(recorded, now);
  if (damaged.some((path) => read.has(formatPath(path)))) return [];
  const redact = (text: string) => [...secrets].reduce((t, secret) => t.replace(whole(secret), hidden), text);
  return found.map(({ example, ...problem }) => ({
    ...problem,
    what: redact(problem.what),
    ...(problem.allowed && { allowed: redact(problem.allowed) }),
    ...(example !== undefined && secrets.size === 0 && { example }),
  }));
}

/** A text where it stands alone: a rule shows a value in quotes or between spaces, and a short secret is part of many words. */
const whole = (text: string) =>
  new RegExp(`(?<![A-Za-z0-9])${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?![A-Za-z0-9])`, "g");

/** A view of the settings that records which of them are read. */
function recording<T extends object>(target: T, tell: (path: Path, value: unknown) => void, above: Path = []): T {
  return new Proxy(target, {
    get(object, key) {
      const value: unknown = Reflect.get(object, key);
      if (typeof key === "symbol" || typeof value === "function") return value;
      const path = [...above, Array.isArray(object) ? Number(key) : key];
      tell(path, value);
      return typeof value === "object" && value !== null ? recording(value, tell, path) : value;
    },
    // `Object.hasOwn`: a name that is not there may be that of something wrong.
    getOwnPropertyDescriptor(object, key) {
      if (typeof key === "string") tell([...above, key], undefined);
      return Reflect.getOwnPropertyDescriptor(object, key);
    },
  });
}
