import { isMap } from "./json";
import { Value } from "./values";

/** One step of a path: a key of an object or an index of an array. */
type Step = string | number;

/**
 * Parses a configuration path as `pulumi config set --path` does (`resource.ParsePropertyPathStrict`):
 * `nodes[0].name`, `labels["app.kubernetes.io/name"]`.
 *
 * @throws Error that says what is wrong with the path
 */
export function parsePath(path: string): Step[] {
  const steps: Step[] = [];
  let rest = path;
  if (rest.startsWith(".")) {
    throw new Error("a path must start with a name or an index");
  }
  while (rest !== "") {
    if (rest.startsWith(".")) {
      rest = rest.slice(1);
      if (rest === "" || rest.startsWith("[")) {
        throw new Error("a name is missing after '.'");
      }
    }
    const [matched, step] = firstStep(rest);
    steps.push(step);
    rest = rest.slice(matched);
  }
  return steps;
}

function firstStep(path: string): [length: number, step: Step] {
  const quoted = /^\["((?:\\"|[^"])*)"\]/.exec(path);
  if (quoted) {
    return [quoted[0].length, quoted[1].replaceAll('\\"', '"')];
  }
  const index = /^\[(\d+)\]/.exec(path);
  if (index) {
    return [index[0].length, Number(index[1])];
  }
  if (path.startsWith("[")) {
    throw new Error(`'${path}' is neither an index, such as [0], nor a quoted name, such as ["a.b"]`);
  }
  const name = /^[^.[]*/.exec(path)?.[0] ?? "";
  return [name.length, name];
}

/**
 * Sets the value at a path, as `pulumi config set --path` does (`config.Map.Set`): objects and arrays are made where
 * they are missing, an array grows by at most one element, and a plain value at the top is replaced by a container.
 *
 * @param root the value of the key that the path starts with, or undefined; it is not modified
 * @param path the steps below that key
 * @returns the new value of the key
 * @throws Error if a step doesn't fit the existing value
 */
export function setAt(root: Value | undefined, path: Step[], value: Value): Value {
  return set(root, path, value, []);
}

function set(current: Value | undefined, path: Step[], value: Value, above: Step[]): Value {
  if (path.length === 0) {
    return value;
  }
  const [step, ...below] = path;
  const here = [...above, step];
  const container = containerFor(current, step, above);
  if (Array.isArray(container)) {
    if (typeof step !== "number") {
      throw new Error(`${show(here)} is an array: use a number as index`);
    }
    if (step > container.length) {
      throw new Error(
        `${show(here)}: the array has ${container.length} elements; the next index is [${container.length}]`,
      );
    }
    return container.toSpliced(step, 1, set(container[step], below, value, here));
  }
  if (typeof step !== "string") {
    throw new Error(`${show(here)} is an object: use a name as key`);
  }
  return { ...container, [step]: set(container[step], below, value, here) };
}

function containerFor(current: Value | undefined, step: Step, above: Step[]): Value[] | Record<string, Value> {
  const known = above.length === 0 ? structured(current) : current;
  if (Array.isArray(known) || isMap(known)) {
    return known;
  }
  const replaceable = current === undefined || current === null || above.length === 0;
  if (!replaceable) {
    throw new Error(`${show(above)}: ${typeof step === "number" ? "an array" : "an object"} is expected here`);
  }
  return typeof step === "number" ? [] : {};
}

/** A whole setting may be given as JSON (`--config 'adopt={}'`): a path then goes into it. */
function structured(value: Value | undefined): Value | undefined {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as Value;
  } catch {
    return value;
  }
}

const show = (path: Step[]): string =>
  path.map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`)).join("");

/**
 * A command line's text as a value, as Pulumi coerces it in a path: `true` and `false`, and whole numbers that don't
 * start with a zero. Everything else stays text: `1.5`, `007`, `10h`.
 */
export function coerce(text: string): Value {
  if (text === "true" || text === "false") {
    return text === "true";
  }
  const isInteger = /^[+-]?\d+$/.test(text) && !(text.length > 1 && text.startsWith("0"));
  return isInteger && Number.isSafeInteger(Number(text)) ? Number(text) : text;
}
