import { isBlock, Later } from "../unknown";
import type { Environment } from "./environment";

// Private-use characters, so that no text of a configuration can be mistaken for a mark.
// A template's action is encoded in its mark, so that it can't be mistaken for YAML.
const open = "\uE000";
const close = "\uE001";
// A variable's value is not expanded again: its dollar signs are put aside.
const dollar = "\uE002";
const origin = "from ";
const mark = new RegExp(`${open}([^${close}]*)${close}`);
// What envsubst takes for a default: every one of these operators, with no difference between them.
const withDefault = /^([A-Za-z_][A-Za-z0-9_]*)(?::[-=?+]|=)(.*)$/s;

// Of a long value in many places: more than any reader takes, and less than what fills the memory.
const mostAdded = 8 * 1024 * 1024;

/**
 * Expands environment placeholders as Loki does (`-config.expand-env`), as far as they are known: `${VAR}` becomes its value or
 * `${VAR:-default}` its default, and any other placeholder a mark that {@link unreadable} knows.
 *
 * Follows github.com/drone/envsubst v1.0.3, which Loki 3.6 uses. `${VAR:default}`, a default in Mimir, is a substring there.
 */
export function expandForLoki(text: string, environment: Environment): string {
  const within = limit();
  // A default may hold a placeholder again: one pass a level, and ten levels are more than anyone nests.
  for (let pass = 0; pass < 10 && text.includes("${"); pass++) {
    text = text.replace(/\$\{([^${}]*)\}/g, (_, expression: string) => {
      const [, name = expression, byDefault] = withDefault.exec(expression) ?? [];
      return within(environment.get(name)?.replaceAll("$", dollar)) || (byDefault ?? marked(expression));
    });
  }
  return text.replaceAll(dollar, "$");
}

/**
 * Expands environment placeholders as Mimir does (`-config.expand-env`): `${VAR:default}`, where `:-` is a default that begins with a dash,
 * and `$VAR` without braces.
 *
 * Follows `expandEnvironmentVariables` in cmd/mimir/main.go of Mimir 3.0 and Go's `os.Expand`.
 */
export function expandForMimir(text: string, environment: Environment): string {
  const within = limit();
  return text.replace(/\$(?:\{([^{}]*)\}|([A-Za-z_][A-Za-z0-9_]*))/g, (_, braced?: string, bare?: string) => {
    const [name, ...rest] = (braced ?? bare ?? "").split(":");
    return within(environment.get(name)) || (rest.length > 0 ? rest.join(":").replaceAll("\n", "") : marked(name));
  });
}

/** The first variable that values have in braces, before they are expanded; undefined for none. */
export function variableIn(values: unknown): string | undefined {
  if (typeof values === "string") return /\$\{([A-Za-z_][A-Za-z0-9_]*)/.exec(values)?.[1];
  if (typeof values !== "object" || values === null) return undefined;
  for (const each of Object.values(values)) {
    const variable = variableIn(each);
    if (variable !== undefined) return variable;
  }
  return undefined;
}

// Of a template it is no variable that is missing.
const variableMark = new RegExp(`${open}(?!%7B|${origin})[^${close}]*${close}`);

/** Values with a {@link Later} in place of each that has an unknown variable in it; the same object where none has. */
export function untilRead<Value>(values: Value): Value {
  return replaced(values, (text) => (variableMark.test(text) ? new Later() : text)) as Value;
}

/** Values with each text that has something unknown in it replaced; the same object where none has. */
export function replacedMarks<Value>(values: Value, replace: (text: string) => unknown): Value {
  return replaced(values, (text) => (mark.test(text) ? replace(text) : text)) as Value;
}

/** Values with each text in them replaced; the same object where none is. */
export function replaced(values: unknown, replace: (text: string) => unknown): unknown {
  if (typeof values === "string") return replace(values);
  if (Array.isArray(values)) {
    const list = values.map((each) => replaced(each, replace));
    return list.some((each, index) => each !== values[index]) ? list : values;
  }
  if (!isBlock(values)) return values;
  const entries = Object.entries(values).map(([key, each]) => [key, replaced(each, replace)] as const);
  return entries.some(([key, each]) => each !== values[key]) ? Object.fromEntries(entries) : values;
}

/** What of a text isn't known, in order: two texts with the same in them differ where the rest of them does. */
export function unknownParts(text: string): string[] {
  const marks = [...text.matchAll(new RegExp(mark, "g"))].map(([part]) => part);
  return [...marks, ...actionsIn(text).map(({ from, to }) => text.slice(from, to))];
}

/** An action of a template of Helm's: `{{- if .Values.minio.enabled }}`. */
export interface Action {
  /** Where it begins, and what it says within its brackets, without the dashes that take out white space. */
  from: number;
  to: number;
  words: string;
}

/**
 * The actions of a template, in their order.
 *
 * The time that it takes grows as the text does, whatever stands there: a regular expression would look for an end from every beginning again.
 */
export function actionsIn(text: string): Action[] {
  const actions: Action[] = [];
  for (let from = text.indexOf("{{"); from >= 0;) {
    const end = text.indexOf("}}", from + 2);
    if (end < 0) break;
    const inside = text.slice(from + 2, end);
    actions.push({ from, to: end + 2, words: inside.replace(/^-|-$/g, "").trim() });
    from = text.indexOf("{{", end + 2);
  }
  return actions;
}

/** What a variable stands for: its value, or where the pod has it from. */
export type Variable = { value: string } | { origin: string };

/** Puts into a text what its variables stand for; of one that comes from elsewhere, a mark of its origin. */
export function fillIn(text: string, variableOf: (name: string) => Variable | undefined): string {
  return text.replace(new RegExp(mark, "g"), (all, name: string) => {
    const variable = variableOf(name);
    if (!variable) return all;
    return "value" in variable ? variable.value : `${open}${origin}${variable.origin}${close}`;
  });
}

/** Whether of everything that isn't known in a text the origin is: another origin is another value. */
export function hasOrigins(text: string): boolean {
  return unknownParts(text).every((part) => part.startsWith(open + origin));
}

/** Takes Helm's template actions out of a text: a line of only actions goes, one within a line becomes a mark. */
export function withoutTemplates(text: string): string {
  return text
    .replace(/^[ \t]*(\{\{[^{}]*\}\}[ \t]*)+$/gm, "")
    .replace(/\{\{[^{}]*\}\}/g, (action) => `${open}${encodeURIComponent(action)}${close}`);
}

/**
 * Why a value can't be read.
 *
 * @param value a scalar out of a configuration
 * @returns undefined where it can be read as it stands
 */
export function unreadable(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  if (actionsIn(value).length > 0) return "a template, which this policy can't run";
  const name = mark.exec(value)?.[1];
  if (name === undefined) return undefined;
  if (name.startsWith("%7B")) return "a template, which this policy can't run";
  return `taken from the environment variable ${name}, which this resource doesn't show (an unset one is empty)`;
}

// Beyond the limit a variable counts as one that isn't known.
function limit(): (value: string | undefined) => string | undefined {
  let added = 0;
  return (value = "") => ((added += value.length) > mostAdded ? undefined : value);
}

function marked(expression: string): string {
  return `${open}${/[A-Za-z_][A-Za-z0-9_]*/.exec(expression)?.[0] ?? "without a name"}${close}`;
}
