import { z } from "zod";
import type { SettingMeta } from "./values";

/**
 * The schema as a tree of settings, so that an error message, docs/settings.md and Pulumi.yaml say what the schema says. It is zod's own JSON
 * Schema of what a stack may give, with what the schema says by `.meta()`.
 */

/** One place in the schema. */
export interface Place extends SettingMeta {
  type?: "object" | "array" | "string" | "number" | "integer" | "boolean";
  description?: string;
  /** What it is when left out; undefined: nothing. */
  default?: unknown;
  /** Of an object: its settings. */
  properties?: Readonly<Record<string, Place>>;
  /** Of an object: which have to be given. */
  required?: readonly string[];
  /** Of a record: what its keys may be. */
  propertyNames?: Place;
  /** Of a record: its values. */
  additionalProperties?: Place | false;
  /** Of a list: its elements. */
  items?: Place;
  /** Of a union: its options. */
  oneOf?: readonly Place[];
  enum?: readonly unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
}

// zod leaves the default of what it converts first (a number in YAML that is a text here) out of the JSON Schema of an input.
const override: NonNullable<Parameters<typeof z.toJSONSchema>[1]>["override"] = ({ zodSchema, jsonSchema }) => {
  const { def } = zodSchema._zod;
  if (def.type === "default" || def.type === "prefault") jsonSchema.default = def.defaultValue;
};

const known = new WeakMap<z.core.$ZodType, Place>();

/** What a schema says. */
export function placeOf(schema: z.core.$ZodType): Place {
  const place =
    known.get(schema) ?? (z.toJSONSchema(schema, { io: "input", unrepresentable: "any", override }) as Place);
  known.set(schema, place);
  return place;
}

/** Whether a place is an object with settings; a record isn't. */
export const isObject = ({ type, properties }: Place): boolean => type === "object" && properties !== undefined;

/**
 * The places below one, by key; several of one key where the place is a union. A list's element and a record's value have the key `*`.
 */
export function childrenOf({ type, properties, additionalProperties, items, oneOf }: Place): [string, Place][] {
  if (oneOf) return oneOf.flatMap(childrenOf);
  if (properties) return Object.entries(properties);
  if (type === "object" && additionalProperties) return [["*", additionalProperties]];
  return items ? [["*", items]] : [];
}

/** The key by whose value the options of a union differ. */
export const discriminatorOf = (options: readonly Place[]): string | undefined =>
  Object.keys(options[0].properties ?? {}).find((key) =>
    options.every(({ properties }) => properties?.[key]?.const !== undefined),
  );

/**
 * The place at a path; undefined where the schema has none.
 * @param from the place that the path starts at
 * @param path keys and indices
 * @param raw the value that the schema is for: it decides which option of a union is meant
 */
export function placeAt(from: Place, path: readonly PropertyKey[], raw?: unknown): Place | undefined {
  const here = optionFor(from, raw);
  if (path.length === 0) return here;
  const [step, ...rest] = path;
  const next = childrenOf(here).filter(([key]) => key === String(step) || key === "*");
  if (next.length === 0) return undefined;
  const below = placeAt(next[0][1], rest, (raw as Record<PropertyKey, unknown> | undefined | null)?.[step]);
  const kinds = next.flatMap(([, { const: kind }]) => kind ?? []);
  return below && rest.length === 0 && kinds.length > 1 ? { ...below, allowed: kinds.join(", ") } : below;
}

/** The option of a union that a value chose; the place itself where there is no choice or none was made. */
function optionFor(here: Place, raw: unknown): Place {
  const discriminator = here.oneOf && discriminatorOf(here.oneOf);
  if (!discriminator) return here;
  const chosen = (raw as Record<string, unknown> | undefined)?.[discriminator];
  const option = here.oneOf?.find(({ properties }) => properties?.[discriminator].const === chosen);
  return option ? { ...here, oneOf: undefined, ...option } : here;
}

/** What is allowed at a place, in words: its own words, else what its type says. */
export function allowedAt(here: Place): string {
  if (here.allowed) return here.allowed;
  if (here.enum) return here.enum.join(", ");
  if (here.const !== undefined) return String(here.const);
  if (here.items) return `a list; each: ${allowedAt(here.items)}`;
  if (here.oneOf || isObject(here)) {
    return `an object with the keys ${[...new Set(childrenOf(here).map(([key]) => key))].join(", ")}`;
  }
  switch (here.type) {
    case "object": {
      const names = here.propertyNames?.enum ? `keys ${allowedAt(here.propertyNames)}` : "any keys";
      return `an object with ${names}; each value: ${allowedAt(here.additionalProperties || {})}`;
    }
    case "boolean":
      return "true or false";
    case "integer":
    case "number":
      return ["a whole number", ...bound("at least", here.minimum), ...bound("at most", here.maximum)].join(", ");
    default:
      return "text";
  }
}

const bound = (words: string, value: number | undefined): string[] =>
  value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER ? [`${words} ${value}`] : [];

/** A value that is allowed at a place. */
export function exampleAt(here: Place): unknown {
  if (here.example !== undefined) return here.example;
  if (here.default !== undefined && !isObject(here)) return here.default;
  if (here.enum) return here.enum[0];
  if (here.const !== undefined) return here.const;
  if (here.items) return [exampleAt(here.items)];
  if (here.oneOf) return exampleAt(here.oneOf[0]);
  switch (here.type) {
    case "object": {
      if (!here.properties) {
        return { [String(exampleAt(here.propertyNames ?? {}))]: exampleAt(here.additionalProperties || {}) };
      }
      const needed = childrenOf(here).filter(([key]) => here.required?.includes(key));
      const shown = needed.length > 0 ? needed : childrenOf(here).slice(0, 1);
      return Object.fromEntries(shown.map(([key, place]) => [key, exampleAt(place)]));
    }
    case "boolean":
      return true;
    case "integer":
    case "number":
      return Math.max(1, here.minimum ?? 1);
    default:
      return "text";
  }
}
