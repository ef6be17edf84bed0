import type { z } from "zod";
import { nearest } from "./nearest";
import { isSecretKey } from "./plain-secrets";
import { formatPath, hidden, show, type Problem } from "./problem";
import { allowedAt, childrenOf, exampleAt, isObject, placeAt, placeOf, type Place } from "./tree";

type Path = readonly PropertyKey[];

/** What is known beside the schema when an issue is explained. */
export interface Explained {
  /** The schema that was parsed with. */
  schema: z.core.$ZodType;
  /** The value that was parsed. */
  raw: unknown;
  /** Whether a value must not be shown. */
  isSecret: (path: Path) => boolean;
}

/**
 * Turns zod's issues into problems: each with its key, the value found, what is allowed and an example.
 * @param issues what zod found
 * @param context the schema, the value, and which values must not be shown
 */
export function explain(issues: readonly z.core.$ZodIssue[], context: Explained): Problem[] {
  return issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey([...issue.path, key], context));
    return [issue.code === "invalid_key" ? wrongKey(issue.path, issue, context) : wrongValue(issue, context)];
  });
}

/** The value at a path; undefined where there is none. */
export const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((v, key) => (v as Record<PropertyKey, unknown> | undefined | null)?.[key], value);

function wrongValue(issue: z.core.$ZodIssue, { schema, raw, isSecret }: Explained): Problem {
  const here = placeAt(placeOf(schema), issue.path, raw);
  const found = valueAt(raw, issue.path);
  const shown = isSecret(issue.path) && found !== undefined ? hidden : show(found);
  return {
    key: formatPath(issue.path),
    what:
      found === undefined ? "is missing" : found === null ? "is empty" : `${shown} ${complaint(issue, found, here)}`,
    ...(here && { allowed: allowedAt(here), example: exampleAt(here) }),
  };
}

const kinds: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "an object",
  record: "an object",
  array: "a list",
};

const kindOf = (value: unknown): string => (Array.isArray(value) ? "a list" : (kinds[typeof value] ?? typeof value));

function complaint(issue: z.core.$ZodIssue, found: unknown, here: Place | undefined): string {
  switch (issue.code) {
    case "invalid_type": {
      const expected = kinds[issue.expected] ?? issue.expected;
      return kindOf(found) === expected || expected === "a whole number"
        ? `is not ${expected}`
        : `is ${kindOf(found)}, not ${expected}`;
    }
    case "too_small":
      return "is too small";
    case "too_big":
      return "is too large";
    case "custom":
      return issue.message;
    case "invalid_value":
    case "invalid_union": {
      if (Array.isArray(found)) return "is a list; choose one value";
      const choices = here ? allowedAt(here).split(", ") : [];
      return `is not one of the allowed values${didYouMean(nearest(String(found), choices))}`;
    }
    default:
      return "is not allowed";
  }
}

/** A key that a record doesn't take, such as a label's. */
function wrongKey(path: Path, issue: z.core.$ZodIssueInvalidKey, { schema, raw }: Explained): Problem {
  const keys = placeAt(placeOf(schema), path.slice(0, -1), raw)?.propertyNames;
  return {
    key: formatPath(path),
    what: `the key ${show(String(path.at(-1)))} ${issue.issues[0]?.message ?? "is not allowed"}`,
    ...(keys && { allowed: allowedAt(keys), example: exampleAt(keys) }),
  };
}

function unknownKey(path: Path, context: Explained): Problem {
  const { schema, raw, isSecret } = context;
  const parent = path.slice(0, -1);
  const here = placeAt(placeOf(schema), parent, raw);
  const known = here ? keysOf(here) : [];
  const key = String(path.at(-1));
  const [, name] = /^[^:]+:(.+)$/.exec(key) ?? [];
  if (parent.length === 0 && name) return { key, what: `is ignored by Pulumi; did you mean observability:${name}?` };
  const own = formatPath(path);
  const near = nearest(key, known);
  const suggestions = near ? [formatPath([...parent, near])] : elsewhere(context, parent, key);
  const shown = isSecret(path) || isSecretKey(key) ? hidden : show(valueAt(raw, path));
  return {
    key: own,
    what: `${shown} is set here, but there is no such setting${suggestions[0] === own ? ofKind(valueAt(raw, parent), here?.unsupported?.[key]) : didYouMean(...suggestions)}`,
    allowed: known.join(", "),
  };
}

/** The key belongs to another option of a union. */
const ofKind = (value: unknown, why?: string): string =>
  ` of kind ${(value as { kind?: string }).kind}${why ? `: ${why}` : ""}`;

/** Of many suggestions, none helps. */
const didYouMean = (...suggestions: readonly (string | undefined)[]) =>
  suggestions[0] && suggestions.length <= 4 ? `; did you mean ${suggestions.join(" or ")}?` : "";

function keysOf(here: Place): string[] {
  if (here.propertyNames) return allowedAt(here.propertyNames).split(", ");
  return [...new Set(childrenOf(here).map(([key]) => key))];
}

/** The settings of that name in other places, as near as there are any. */
function elsewhere({ schema, raw }: Explained, parent: Path, name: string): string[] {
  for (let up = parent.length; up >= 0; up--) {
    const above = parent.slice(0, up);
    const here = placeAt(placeOf(schema), above, raw);
    const found = here ? below(here, name) : [];
    if (found.length > 0) return found.map((path) => formatPath([...above, ...path]));
  }
  return [];
}

/** The paths of the settings of that name below a place: its own, or else those deeper. */
function below(here: Place, name: string): string[][] {
  if (isObject(here) && here.allowed) return []; // explained as one, such as given secrets
  const children = childrenOf(here).filter(([key]) => key !== "*");
  const child = children.find(([key]) => key.toLowerCase() === name.toLowerCase());
  if (child) return [[child[0]]];
  return children.flatMap(([key, place]) => below(place, name).map((path) => [key, ...path]));
}
