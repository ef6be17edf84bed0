import { onceByText } from "./once";

/**
 * Writes a path as a person would: `data["config.yaml"]`, `spec.containers[0].args`.
 *
 * @param path where the mapping or list is; empty, or ending in `: `, where a path starts
 * @param key a key in it, or an index
 */
export function inner(path: string, key: string | number): string {
  if (typeof key === "number") return `${path}[${key}]`;
  if (!isPlain(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" || path.endsWith(": ") ? path + key : `${path}.${key}`;
}

// Each place of a resource that is looked at is named, and nearly all have the same few hundred keys.
const isPlain = onceByText((key) => /^[\w-]+$/.test(key));

/** Writes the path of what dotted keys lead to. */
export function along(path: string, keys: string): string {
  return keys.split(".").reduce(inner, path);
}

/** Writes a path that begins where another one ends. */
export function joined(around: string, path: string): string {
  return around === "" || around.endsWith(": ") ? around + path : `${around}.${path}`;
}
