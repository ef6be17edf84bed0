import type { z } from "zod";
import type { SettingMeta } from "./values";

/**
 * Reads zod schemas as a tree of settings, so that an error message, the README's table and Pulumi.yaml say what the
 * schema says.
 */

type Schema = z.core.$ZodType;

/** One place in the schema. */
export interface Place extends SettingMeta {
  /** What stands there below default, optional and pipe. */
  core: z.core.$ZodTypes;
  description?: string;
  /** What it is when left out; undefined: nothing. */
  default?: unknown;
  /** Whether it has to be given. */
  required: boolean;
}

const def = (schema: Schema) => (schema as z.core.$ZodTypes)._zod.def;

/** The schema inside a wrapper; undefined for what is not one. */
function inside(schema: Schema): Schema | undefined {
  const d = def(schema);
  switch (d.type) {
    case "default":
    case "prefault":
    case "optional":
    case "nullable":
    case "readonly":
      return d.innerType;
    case "pipe":
      return def(d.out).type === "transform" ? d.in : d.out;
    default:
      return undefined;
  }
}

/**
 * What the schema says of one place: the outermost word on each matter counts.
 * @param schema the schema at that place
 */
export function place(schema: Schema): Place {
  const { description, allowed, example } = (schema as z.ZodType).meta?.() ?? {};
  const inner = inside(schema);
  const below: Place = inner ? place(inner) : { core: schema as z.core.$ZodTypes, required: true };
  const d = def(schema);
  return {
    core: below.core,
    description: description ?? below.description,
    allowed: (allowed as string | undefined) ?? below.allowed,
    example: example ?? below.example,
    default: d.type === "default" || d.type === "prefault" ? d.defaultValue : below.default,
    required: below.required && d.type !== "default" && d.type !== "prefault" && d.type !== "optional",
  };
}

/**
 * The schemas below a place, by key; several of one key where the place is a union. A list's element and a record's value
 * have the key `*`.
 */
export function childrenOf({ core }: Place): [key: string, schema: Schema][] {
  const d = core._zod.def;
  switch (d.type) {
    case "object":
      return Object.entries(d.shape);
    case "record":
      return [["*", d.valueType]];
    case "array":
      return [["*", d.element]];
    case "union":
      return d.options.flatMap((option) => childrenOf(place(option)));
    default:
      return [];
  }
}

/**
 * The place at a path; undefined where the schema has none.
 * @param schema the schema that the path starts at
 * @param path keys and indices
 * @param raw the value that the schema is for: it tells which option of a union is meant
 */
export function placeAt(schema: Schema, path: readonly PropertyKey[], raw?: unknown): Place | undefined {
  const here = optionFor(place(schema), raw);
  if (path.length === 0) return here;
  const [step, ...rest] = path;
  const next = childrenOf(here).filter(([key]) => key === String(step) || key === "*");
  if (next.length === 0) return undefined;
  const below = placeAt(next[0][1], rest, (raw as Record<PropertyKey, unknown> | undefined | null)?.[step]);
  const kinds = next.flatMap(([, schema]) => literal(schema) ?? []);
  return below && rest.length === 0 && kinds.length > 1 ? { ...below, allowed: kinds.join(", ") } : below;
}

/** The option of a discriminated union that a value chose; the place itself where there is no choice or none was made. */
function optionFor(here: Place, raw: unknown): Place {
  const d = here.core._zod.def;
  if (d.type !== "union" || !("discriminator" in d)) return here;
  const chosen = (raw as Record<string, unknown> | undefined)?.[d.discriminator as string];
  const option = d.options.find((o) =>
    childrenOf(place(o)).some(([key, schema]) => key === d.discriminator && literal(schema) === chosen),
  );
  return option ? { ...here, core: place(option).core } : here;
}

/** The only value that a schema takes; undefined where it takes more. */
function literal(schema: Schema): z.core.util.Literal | undefined {
  const d = place(schema).core._zod.def;
  return d.type === "literal" ? d.values[0] : undefined;
}

/** What is allowed at a place, in words: its own words, else what its type says. */
export function allowedAt(here: Place): string {
  if (here.allowed) return here.allowed;
  const d = here.core._zod.def;
  switch (d.type) {
    case "boolean":
      return "true or false";
    case "enum":
      return Object.values(d.entries).join(", ");
    case "literal":
      return d.values.join(", ");
    case "number": {
      const { minValue, maxValue } = here.core as z.ZodNumber;
      return ["a whole number", ...bound("at least", minValue), ...bound("at most", maxValue)].join(", ");
    }
    case "array":
      return `a list; each: ${allowedAt(place(d.element))}`;
    case "record": {
      const keys = place(d.keyType);
      const names = keys.core._zod.def.type === "enum" ? `keys ${allowedAt(keys)}` : "any keys";
      return `an object with ${names}; each value: ${allowedAt(place(d.valueType))}`;
    }
    case "object":
    case "union":
      return `an object with the keys ${[...new Set(childrenOf(here).map(([key]) => key))].join(", ")}`;
    default:
      return "text";
  }
}

const bound = (words: string, value: number | null): string[] =>
  value !== null && Math.abs(value) < Number.MAX_SAFE_INTEGER ? [`${words} ${value}`] : [];

/** A value that is allowed at a place. */
export function exampleAt(here: Place): unknown {
  if (here.example !== undefined) return here.example;
  const d = here.core._zod.def;
  if (here.default !== undefined && d.type !== "object") return here.default;
  switch (d.type) {
    case "boolean":
      return true;
    case "enum":
      return Object.values(d.entries)[0];
    case "literal":
      return d.values[0];
    case "number":
      return Math.max(1, (here.core as z.ZodNumber).minValue ?? 1);
    case "array":
      return [exampleAt(place(d.element))];
    case "record": {
      const key = exampleAt(place(d.keyType));
      return { [String(key)]: exampleAt(place(d.valueType)) };
    }
    case "object": {
      const needed = Object.entries(d.shape).filter(([, schema]) => place(schema).required);
      const shown = needed.length > 0 ? needed : Object.entries(d.shape).slice(0, 1);
      return Object.fromEntries(shown.map(([key, schema]) => [key, exampleAt(place(schema))]));
    }
    case "union":
      return exampleAt(place(d.options[0]));
    default:
      return "text";
  }
}
