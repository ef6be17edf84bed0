import { isBlock, Unknown } from "../unknown";
import type { Environment, Variable } from "./environment";

// Private-use characters, so that no text of a configuration can be mistaken for a mark.
// A template's action is encoded in its mark, so that it can't be mistaken for YAML.
const open = "\uE000";
const close = "\uE001";
// A variable's value is not expanded again: its dollar signs are put aside.
const dollar = "\uE002";
const template = encodeURIComponent("{{");
const mark = new RegExp(`${open}([^${close}]*)${close}`);
const marks = new RegExp(mark, "g");
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
  text = text.replaceAll("$$", dollar);
  // A default may hold a placeholder again: one pass a level, and ten levels are more than anyone nests.
  for (let pass = 0; pass < 10 && text.includes("${"); pass++) {
    text = text.replace(/\$\{((?:[^$}]|\$(?!\{))*)\}/g, (_, expression: string) => {
      const [, name = expression, byDefault] = withDefault.exec(expression) ?? [];
      return expanded(name, byDefault, environment, (value) => within(value.replaceAll("$", dollar)));
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
  return text.replace(
    /\$(?:\{([^}]*)\}|([A-Za-z_][A-Za-z0-9_]*)|[*#$@!?0-9-])/g,
    (_, braced?: string, bare?: string) => {
      // A shell's own variables, such as $$ and $1, are names to Go, too, and nobody sets them.
      if (braced === undefined && bare === undefined) return "";
      const [name, ...rest] = (braced ?? bare ?? "").split(":");
      const byDefault = rest.length > 0 ? rest.join(":").replaceAll("\n", "") : undefined;
      return expanded(name, byDefault, environment, within);
    },
  );
}

// A name, and what ends it or works on it: shells know more (`${VAR-default}`).
const foreign = /(?<!\$)\$\{(?!#?[\p{L}\p{N}_]+[}:=,^/#%])[^}\n]*/u;

/**
 * The beginning, up to the variable's name, of a placeholder that Loki can't read; undefined for none. What stands in a comment counts.
 *
 * Follows package parse of github.com/drone/envsubst v1.0.3.
 */
export function foreignPlaceholderIn(text: string): string | undefined {
  return /^\$\{\W*\w*/.exec(foreign.exec(text)?.[0] ?? "")?.[0];
}

/**
 * What Loki makes of a text's backslashes where it expands placeholders: of two it leaves one, and none before a slash.
 *
 * Follows `scanEscaped` in package parse of github.com/drone/envsubst v1.0.3.
 */
export function withHalvedBackslashes(text: string): string {
  return text.replace(/\\([\\/])/g, "$1");
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

/** Values that were expanded, with an {@link Unknown} in place of each text with a variable that is one; the same object where none is. */
export function withUnknowns<Value>(values: Value, environment: Environment): Value {
  return replaced(values, (text) => {
    if (!text.includes(open)) return text;
    const names = [...text.matchAll(marks)].map(([, inside]) => inside.split(" ")[0]);
    const variables = names.map((name) => (name.startsWith(template) ? undefined : environment.get(name)));
    return variables.find((each) => each instanceof Unknown) ?? text;
  }) as Value;
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
  const variables = [...text.matchAll(marks)].map(([part]) => part);
  return [...variables, ...actionsIn(text).map(({ from, to }) => text.slice(from, to))];
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

/** A text in which the variables of one origin are one, whatever their names. */
export function byOrigin(text: string): string {
  return text.replace(marks, (all, inside: string) =>
    inside.includes(" ") ? open + inside.replace(/^\S+/, "") + close : all,
  );
}

/** Whether of everything that isn't known in a text the origin is: another origin is another value. */
export function hasOrigins(text: string): boolean {
  return unknownParts(text).every((part) => originIn(part) !== undefined);
}

/** The origins of the variables in a text. */
export function originsIn(text: string): string[] {
  return unknownParts(text).flatMap((part) => originIn(part) ?? []);
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
  const inside = mark.exec(value)?.[1];
  if (inside === undefined) return undefined;
  if (inside.startsWith(template)) return "a template, which this policy can't run";
  const [name, origin] = inside.split(" ");
  const where = origin
    ? " (its value is in another object)"
    : ", which this resource doesn't show (an unset one is empty)";
  return `taken from the environment variable ${name}${where}`;
}

// An empty variable is as good as none.
function expanded(
  name: string,
  byDefault: string | undefined,
  environment: Environment,
  within: (value: string) => string | undefined,
): string {
  const variable = environment.get(name);
  const value = typeof variable === "string" ? within(variable) : undefined;
  if (value) return value;
  const isSet = typeof variable === "object" && !("mayBeUnset" in variable);
  if (byDefault !== undefined && !isSet) return byDefault;
  return value ?? marked(name, variable);
}

// Beyond the limit a variable counts as one that isn't known.
function limit(): (value: string) => string | undefined {
  let added = 0;
  return (value) => ((added += value.length) > mostAdded ? undefined : value);
}

function marked(expression: string, variable?: Variable): string {
  const name = /[A-Za-z_][A-Za-z0-9_]*/.exec(expression)?.[0] ?? "without-a-name";
  const origin = typeof variable === "object" && "origin" in variable ? variable.origin : undefined;
  return `${open}${origin === undefined ? name : `${name} ${encodeURIComponent(origin)}`}${close}`;
}

function originIn(part: string): string | undefined {
  const encoded = /^\S* (.*)$/.exec(mark.exec(part)?.[1] ?? "")?.[1];
  return encoded === undefined ? undefined : decodeURIComponent(encoded);
}
