import { parsePath } from "../../engine/config-path";
import { isMap } from "../../engine/json";
import { mapProperties, Properties, reveal, unknownValue, Value } from "../../engine/values";

/** Where a value is in a resource's inputs: keys of objects and indices of arrays. */
export type Path = (string | number)[];

/**
 * The paths at which two states of a resource's inputs differ, in the order of their keys. What was added or removed as a
 * whole is one path. Secrets are compared in clear, and only their paths are returned; that a value became secret, or is no longer secret,
 * is not a difference: a provider doesn't see it.
 *
 * @param renewed whether an unknown value below a property will be different from before: an unknown is the same text
 *   in every preview
 */
export function changedPaths(before: Properties, after: Properties, renewed: (property: string) => boolean): Path[] {
  const walk = (old: Value | undefined, now: Value | undefined, path: Path): Path[] => {
    if (isMap<Value>(old) && isMap<Value>(now)) {
      const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort();
      return keys.flatMap((key) => walk(old[key], now[key], [...path, key]));
    }
    if (Array.isArray(old) && Array.isArray(now)) {
      const longer = old.length > now.length ? old : now;
      return [...longer.keys()].flatMap((index) => walk(old[index], now[index], [...path, index]));
    }
    const changed = old !== now || (now === unknownValue && renewed(String(path[0])));
    return changed ? [path] : [];
  };
  return walk(mapProperties(before, reveal), mapProperties(after, reveal), []);
}

/** A path as Pulumi writes it: `spec.containers[0].env`, `data["config.yaml"]`. */
export const showPath = (path: Path): string =>
  path
    .map((step, index) => {
      if (typeof step === "number") return `[${step}]`;
      if (/[."[\]]/.test(step) || step === "") return `["${step.replaceAll('"', '\\"')}"]`;
      return index === 0 ? step : `.${step}`;
    })
    .join("");

/** Parses a path from `ignoreChanges`, `replaceOnChanges` or the table of immutable fields; `*` stands for any step. */
export const parsePattern = (pattern: string): Path => parsePath(pattern.replaceAll("[*]", '["*"]'));

/** Whether the path is at the pattern or below it. */
export const isBelow = (path: Path, pattern: Path): boolean =>
  path.length >= pattern.length && pattern.every((step, index) => step === "*" || step === path[index]);

/** The value at a path, or undefined. */
export const valueAt = (properties: Properties, path: Path): Value | undefined =>
  path.reduce<Value | undefined>(
    (value, step) => (typeof value === "object" && value !== null ? (value as Properties)[step] : undefined),
    mapProperties(properties, reveal),
  );
