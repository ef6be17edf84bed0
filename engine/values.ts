/**
 * Property values as Pulumi's protocol carries them: plain JSON in which a secret, an unknown, an output, an asset or a
 * resource reference is an object with a signature key (sdk/go/common/resource/sig/sig.go in pulumi/pulumi).
 */

/** A property value on the wire: JSON, with envelopes where a value is special. */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };

/** The properties of one resource, invocation or stack. */
export type Properties = Record<string, Value>;

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const resourceSignature = "5cf8f73096256a8f31e491e813e4eb8e";

/** What stands for a value that is not known before the resource exists. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Wraps a value as secret. */
export const secret = (value: Value): Value => ({ [signatureKey]: secretSignature, value });

const isObject = (value: Value): value is { [key: string]: Value } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const signatureOf = (value: Value): Value | undefined => (isObject(value) ? value[signatureKey] : undefined);

/** Whether the value is wrapped as secret at its top. */
export const isSecret = (value: Value): boolean => signatureOf(value) === secretSignature;

/** Applies `change` to each direct part of an array, an object or an envelope. */
export function mapParts(value: Value, change: (part: Value) => Value): Value {
  if (Array.isArray(value)) {
    return value.map(change);
  }
  return isObject(value) ? mapProperties(value, change) : value;
}

/** Applies `change` to everything that has no parts, empty arrays and objects included. */
export function mapLeaves(value: Value, change: (leaf: Value) => Value): Value {
  return partsOf(value).length === 0 ? change(value) : mapParts(value, (part) => mapLeaves(part, change));
}

/** Applies `change` to each property. */
export const mapProperties = (properties: Properties, change: (value: Value) => Value): Properties =>
  Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, change(value)]));

/**
 * The form in which the engine keeps inputs: an output becomes its value (secret or unknown where it is), a resource
 * reference becomes the id (the URN where there is none yet). Follows `downgradeOutputValues` and `MarshalPropertyValue`.
 */
export function downgrade(value: Value): Value {
  switch (signatureOf(value)) {
    case outputSignature: {
      const output = value as { value?: Value; secret?: boolean };
      const element = output.value === undefined ? unknownValue : downgrade(output.value);
      return output.secret ? secret(element) : element;
    }
    case resourceSignature: {
      const reference = value as { urn: string; id?: Value };
      const id = downgrade(reference.id ?? "");
      return id === "" || id === unknownValue ? reference.urn : id;
    }
    default:
      return mapParts(value, downgrade);
  }
}

/** What a secret value is in the JSON contract. */
export interface SecretMark {
  secret: true;
}

/** What an unknown value is in the JSON contract. */
export interface UnknownMark {
  unknown: true;
}

/**
 * The value as people and other programs see it: `{ secret: true }` and `{ unknown: true }` stand at the leaves, so the
 * shape of a secret object shows and its values don't. A secret that is not known yet is a secret.
 */
export function present(value: Value): unknown {
  if (value === unknownValue) {
    return { unknown: true } satisfies UnknownMark;
  }
  if (isSecret(value)) {
    return presentSecret((value as { value: Value }).value);
  }
  return mapAny(withoutSignature(value), present);
}

function presentSecret(value: Value): unknown {
  if (isSecret(value)) {
    return presentSecret((value as { value: Value }).value);
  }
  const inside = withoutSignature(value);
  const hasParts = typeof inside === "object" && inside !== null && Object.keys(inside).length > 0;
  return hasParts ? mapAny(inside, presentSecret) : ({ secret: true } satisfies SecretMark);
}

/** The value with secrets in clear and nothing else changed; unknowns stay what they are on the wire. */
export function reveal(value: Value): Value {
  return isSecret(value) ? reveal((value as { value: Value }).value) : mapParts(withoutSignature(value), reveal);
}

/** Whether any part of the value is unknown. */
export const containsUnknown = (value: Value): boolean =>
  value === unknownValue || partsOf(value).some(containsUnknown);

/** Whether any part of the value is secret. */
export const containsSecret = (value: Value): boolean => isSecret(value) || partsOf(value).some(containsSecret);

/** Every text inside a secret, unknowns aside. */
export function secretTexts(value: Value): string[] {
  return isSecret(value) ? textsIn(reveal(value)) : partsOf(value).flatMap(secretTexts);
}

const textsIn = (value: Value): string[] =>
  typeof value === "string" ? (value === unknownValue ? [] : [value]) : partsOf(value).flatMap(textsIn);

const partsOf = (value: Value): Value[] => (Array.isArray(value) ? value : isObject(value) ? Object.values(value) : []);

function withoutSignature(value: Value): Value {
  return signatureOf(value) === undefined
    ? value
    : Object.fromEntries(Object.entries(value as Properties).filter(([key]) => key !== signatureKey));
}

function mapAny(value: Value, change: (part: Value) => unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(change);
  }
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, part]) => [key, change(part)])) : value;
}
