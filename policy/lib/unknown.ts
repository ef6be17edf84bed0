import * as proxy from "@pulumi/policy/proxy";
import { onceByText } from "./once";

/**
 * A value that a preview can't know, because it depends on a resource that doesn't exist yet.
 *
 * The engine hands a policy its properties behind a proxy that throws on the first unknown value, which ends the whole policy.
 * {@link plain} puts one of these in that value's place, so that everything known is still checked.
 */
export class Unknown {
  /** @param error what the engine's proxy threw: it names the value's path, and is an advisory finding when thrown again */
  constructor(readonly error: unknown) {}
}

/**
 * A value that a file takes from a variable of who reads it, which the file alone doesn't show. A check of one resource that comes to it says nothing:
 * that of the whole stack judges the file with who reads it.
 */
export class Later extends Unknown {
  constructor() {
    super(undefined);
  }
}

// Its declarations leave it out.
const { unknownCheckingProxy } = proxy as unknown as { unknownCheckingProxy(properties: unknown): object };

/** A mapping: a resource's properties, a block of YAML, chart values. */
export type Block = Record<string, unknown>;

// By this key the proxy of @pulumi/policy gives what is behind it; reading through it takes ten times as long.
const behind = "__getSpecialProxyTarget";
// What stands for an unknown value is a UUID.
const lengthOfUuid = 36;

/**
 * Properties out of the engine's proxy. Not for changing: only what isn't known is in a copy.
 *
 * @param properties a resource's properties, as a policy gets them
 * @param later takes what isn't there at once: an asset of Pulumi's has its text, path or address as a promise, which fills it into the copy
 * @returns plain objects and arrays, with an {@link Unknown} for each value that isn't known yet
 */
export function plain(properties: object, later: Promise<void>[] = []): Block {
  return copied(originOf(properties), properties, [], later) as Block;
}

/** What is behind the engine's proxy; the same object for every policy that is shown the same resource, if it is read once. */
export function originOf(properties: object): object {
  return ((properties as Block)[behind] as object | undefined) ?? properties;
}

// What has nothing unknown in it is not copied but shown as it is, and nothing is allocated on the way to it: that is nearly everything.
function copied(value: unknown, properties: object, keys: string[], later: Promise<void>[]): unknown {
  if (typeof value === "string" && value.length === lengthOfUuid) return read(properties, keys);
  if (typeof value !== "object" || value === null) return value;
  let copy: Block | undefined;
  for (const key of Object.keys(value)) {
    const each = (value as Block)[key];
    if (each instanceof Promise) {
      const into = (copy ??= shallow(value));
      into[key] = undefined;
      const path = [...keys, key];
      later.push(each.then((settled) => void (into[key] = settledCopy(settled, path, later))));
      continue;
    }
    if (typeof each !== "object" && (typeof each !== "string" || each.length !== lengthOfUuid)) continue;
    keys.push(key);
    const inside = copied(each, properties, keys, later);
    keys.pop();
    if (inside !== each) (copy ??= shallow(value))[key] = inside;
  }
  return copy ?? value;
}

function shallow(value: object): Block {
  return (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Block;
}

// An archive has assets in it, which have promises of their own. No proxy has seen what a promise held.
function settledCopy(value: unknown, path: readonly string[], later: Promise<void>[]): unknown {
  if (typeof value === "string" && value.length === lengthOfUuid)
    return read(unknownCheckingProxy(path.reduceRight<unknown>((inside, key) => ({ [key]: inside }), value)), path);
  return typeof value === "object" && value !== null ? plain(value, later) : value;
}

// Only the message of what the proxy throws is ever shown: its stack trace would take most of the time.
function read(properties: object, keys: readonly string[]): unknown {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return keys.reduce<unknown>((value, key) => (value as Block)[key], properties);
  } catch (error) {
    return new Unknown(error);
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Whether this is a mapping, and neither a list nor an unknown value. */
export function isBlock(value: unknown): value is Block {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Unknown);
}

/** What a list holds; nothing of what is no list. */
export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/**
 * The value at a path of nested mappings.
 *
 * @param value where the path starts
 * @param path dotted keys, such as `prometheus.prometheusSpec.image`
 * @returns undefined where a key is missing; an {@link Unknown} where one on the way is unknown
 */
export function at(value: unknown, path: string): unknown {
  let inner = value;
  for (const key of keysOf(path)) {
    if (!isBlock(inner)) return inner instanceof Unknown ? inner : undefined;
    inner = inner[key];
  }
  return inner;
}

// Policies ask for the same few hundred paths of every resource.
const keysOf = onceByText((path): readonly string[] => path.split("."));
