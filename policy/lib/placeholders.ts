// Private-use characters, so that no text of a configuration can be mistaken for a mark.
const open = "\uE000";
const close = "\uE001";
const mark = new RegExp(`${open}([^${close}]*)${close}`);
// What envsubst takes for a default: every one of these operators, with no difference between them.
const withDefault = /^([A-Za-z_][A-Za-z0-9_]*)(?::[-=?+]|=)(.*)$/s;
const template = "template";

/**
 * Expands environment placeholders as Loki does (`-config.expand-env`), for as far as that can be told without the environment:
 * `${VAR:-default}` becomes its default, and any other placeholder a mark that {@link unreadable} knows.
 *
 * Follows github.com/drone/envsubst v1.0.3, which Loki 3.6 uses. `${VAR:default}`, a default in Mimir, is a substring there.
 */
export function expandEnvironment(text: string): string {
  // A default may hold a placeholder again: one pass a level, and nobody nests ten.
  for (let pass = 0; pass < 10 && text.includes("${"); pass++) {
    text = text.replace(/\$\{([^${}]*)\}/g, (_, expression: string) => {
      return withDefault.exec(expression)?.[2] ?? `${open}${variable(expression)}${close}`;
    });
  }
  return text;
}

/** Takes Helm's template actions out of a text: a line of only actions goes, one within a line becomes a mark. */
export function withoutTemplates(text: string): string {
  return text.replace(/^[ \t]*(\{\{[^{}]*\}\}[ \t]*)+$/gm, "").replace(/\{\{[^{}]*\}\}/g, `${open}${template}${close}`);
}

/**
 * Why a value can't be read.
 *
 * @param value a scalar out of a configuration
 * @returns undefined where it can be read as it stands
 */
export function unreadable(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  if (/\{\{.*\}\}/s.test(value)) return "a template, which this policy can't run";
  const name = mark.exec(value)?.[1];
  if (name === undefined) return undefined;
  if (name === template) return "a template, which this policy can't run";
  return `taken from the environment variable ${name}, which this resource doesn't show (Loki expands an unset one to nothing)`;
}

function variable(expression: string): string {
  return /[A-Za-z_][A-Za-z0-9_]*/.exec(expression)?.[0] ?? "without a name";
}
