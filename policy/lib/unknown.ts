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

/** A mapping: a resource's properties, a block of YAML, chart values. */
export type Block = Record<string, unknown>;

// By this key the proxy of @pulumi/policy gives what is behind it; reading through it takes ten times as long.
const behind = "__getSpecialProxyTarget";
// What stands for an unknown value is a UUID.
const lengthOfUuid = 36;

/**
 * Copies properties out of the engine's proxy.
 *
 * @param properties a resource's properties, as a policy gets them
 * @returns plain objects and arrays, with an {@link Unknown} for each value that isn't known yet
 */
export function plain(properties: object): Block {
  return copied((properties as Block)[behind] ?? properties, properties, []) as Block;
}

// Every policy copies every resource: no function is made on the way, and nothing is allocated but the copy.
function copied(value: unknown, properties: object, keys: string[]): unknown {
  if (typeof value === "string" && value.length === lengthOfUuid) return read(properties, keys);
  if (typeof value !== "object" || value === null) return value;
  const copy: unknown = Array.isArray(value) ? [] : {};
  for (const key of Object.keys(value)) {
    keys.push(key);
    (copy as Block)[key] = copied((value as Block)[key], properties, keys);
    keys.pop();
  }
  return copy;
}

function read(properties: object, keys: readonly string[]): unknown {
  try {
    return keys.reduce<unknown>((value, key) => (value as Block)[key], properties);
  } catch (error) {
    return new Unknown(error);
  }
}

/** Whether this is a mapping, and neither a list nor an unknown value. */
export function isBlock(value: unknown): value is Block {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Unknown);
}

/**
 * The value at a path of nested mappings.
 *
 * @param value where the path starts
 * @param path dotted keys, such as `prometheus.prometheusSpec.image`
 * @returns undefined where a key is missing; an {@link Unknown} where one on the way is unknown
 */
export function at(value: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce((inner, key) => (isBlock(inner) ? inner[key] : inner instanceof Unknown ? inner : undefined), value);
}
