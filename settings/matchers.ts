/** One condition on a label of an alert. */
export interface Matcher {
  label: string;
  operator: "=" | "!=" | "=~" | "!~";
  value: string;
}

const quoted = String.raw`"(?:[^"\\]|\\[^])*"`;
const name = String.raw`(?:[^\s{}!=~,"'\`\\]+|${quoted})`;
const one = String.raw`\s*(${name})\s*(=~|!~|!=|=)\s*(${quoted}|[^",]*)\s*`;
const several = new RegExp(String.raw`^(?:${one}(?:,${one})*,?)?\s*$`);
const each = new RegExp(one, "g");

/**
 * Reads a text of one or more matchers, as either of Alertmanager's two parsers does.
 * @param text such as `severity=~"critical|warning"`, or several between commas, with braces around them or without
 * @returns undefined where neither could read it
 * @see https://prometheus.io/docs/alerting/latest/configuration/#matcher
 */
export function parseMatchers(text: string): Matcher[] | undefined {
  const inside = text.trim().replace(/^\{|\}$/g, "");
  if (!several.test(inside)) return undefined;
  return [...inside.matchAll(each)].map(([, label, operator, value]) => ({
    label: unquoted(label),
    operator: operator as Matcher["operator"],
    value: unquoted(value.trim()),
  }));
}

const unquoted = (text: string): string =>
  text.startsWith('"')
    ? text.slice(1, -1).replace(/\\(["\\n])/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped))
    : text;
