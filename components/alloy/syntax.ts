/**
 * A writer of Alloy's configuration syntax: what is built is data, so that tests can walk it and nothing is pasted together.
 * Written as `alloy fmt` would: tabs, `=` aligned, blocks apart.
 * @see https://grafana.com/docs/alloy/v1.18/get-started/configuration-syntax/
 */

/** An expression that is no literal: a reference to a component's export, or a function call. */
export class Expression {
  /** @param text as it stands in the file */
  constructor(readonly text: string) {}
}

/** What an attribute can be. */
export type Value =
  string | number | boolean | Expression | readonly Value[] | { readonly [key: string]: Value | undefined };

/** Attributes in their order; an undefined one is left out. */
export type Attributes = Readonly<Record<string, Value | undefined>>;

/** A block: a component, or a part of one. */
export interface Block {
  /** Its type, such as `loki.write` or `endpoint`. */
  name: string;
  /** What distinguishes components of one type. */
  label?: string;
  attributes: Attributes;
  blocks: readonly Block[];
}

/**
 * A part of a component.
 * @param name its type, such as `endpoint`
 * @param attributes its attributes, in their order
 * @param blocks the blocks in it, in their order
 */
export function block(name: string, attributes: Attributes = {}, blocks: readonly Block[] = []): Block {
  return { name, attributes, blocks };
}

/**
 * A component.
 * @param name its type, such as `loki.write`
 * @param label what distinguishes components of one type. Alloy keeps a component's state in a folder of this name: a new label forgets read positions
 * @param attributes its attributes, in their order
 * @param blocks the blocks in it, in their order
 */
export function component(
  name: string,
  label: string,
  attributes: Attributes = {},
  blocks: readonly Block[] = [],
): Block {
  return { name, label, attributes, blocks };
}

/**
 * What a component exports.
 * @param of the component
 * @param name the export's name, such as `receiver`
 */
export function exported(of: Block, name: string): Expression {
  return new Expression(`${of.name}.${of.label}.${name}`);
}

/**
 * An environment variable.
 * @param name its name
 * @see https://grafana.com/docs/alloy/v1.18/reference/stdlib/sys/
 */
export function env(name: string): Expression {
  return new Expression(`sys.env(${quote(name)})`);
}

/**
 * A call of a function.
 * @param name the function's name, such as `array.concat`
 * @param args literals and expressions
 */
export function call(name: string, ...args: Value[]): Expression {
  return new Expression(`${name}(${args.map(expression).join(", ")})`);
}

/**
 * Strings put together.
 * @param parts literals and expressions
 */
export function concat(...parts: (string | Expression)[]): Expression {
  return new Expression(parts.map(expression).join(" + "));
}

/**
 * The text of a configuration file.
 * @param blocks its components, in their order
 * @throws Error when a name or a label is not one that Alloy reads
 */
export function write(blocks: readonly Block[]): string {
  return blocks.map((each) => writeBlock(each, "").join("\n") + "\n").join("\n");
}

function writeBlock({ name, label, attributes, blocks }: Block, indent: string): string[] {
  if (!name.split(".").every(isIdentifier)) throw new Error(`"${name}" is not a block of Alloy's syntax.`);
  if (label !== undefined && !isIdentifier(label)) {
    throw new Error(`"${label}" can't label ${name}: a label is letters, digits and "_", no digit first.`);
  }
  const head = `${indent}${name}${label === undefined ? "" : ` ${quote(label)}`} {`;
  const inner = `${indent}\t`;
  const body = [writeAttributes(name, attributes, inner), ...blocks.map((each) => writeBlock(each, inner))].filter(
    (lines) => lines.length > 0,
  );
  if (body.length === 0) return [`${head} }`];
  return [head, ...body.flatMap((lines, index) => (index === 0 ? lines : ["", ...lines])), `${indent}}`];
}

function writeAttributes(of: string, attributes: Attributes, indent: string): string[] {
  const given = Object.entries(attributes).filter((entry): entry is [string, Value] => entry[1] !== undefined);
  const width = Math.max(0, ...given.map(([key]) => key.length));
  return given.map(([key, value]) => {
    if (!isIdentifier(key)) throw new Error(`"${key}" can't be an argument of ${of}: it is no identifier.`);
    return `${indent}${key.padEnd(width)} = ${expression(value)}`;
  });
}

function expression(value: Value): string {
  if (value instanceof Expression) return value.text;
  if (typeof value === "string") return quote(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (isList(value)) return `[${value.map(expression).join(", ")}]`;
  const entries = Object.entries(value).flatMap(([key, each]) =>
    each === undefined ? [] : [`${isIdentifier(key) ? key : quote(key)} = ${expression(each)}`],
  );
  return `{${entries.join(", ")}}`;
}

const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

// Literals are no identifiers, not even as a key of an object: `alloy fmt` expects a name and gets NULL.
const isIdentifier = (text: string): boolean => /^(?!(null|true|false)$)[A-Za-z_][A-Za-z0-9_]*$/.test(text);

// JSON's escapes are a subset of Alloy's, but for the slash, which JSON.stringify leaves alone.
const quote = (text: string): string => JSON.stringify(text);
