import { isRegexp } from "../fields/go";

const name = "[A-Za-z_][A-Za-z0-9_]*";
const comment = /("(?:[^"\\\n]|\\.)*"|`[^`]*`)|#.*/g;
const matcher = new RegExp(`\\s*(${name})\\s*(=~|!~|!=|=)\\s*("(?:[^"\\\\\\n]|\\\\.)*"|\`[^\`]*\`)\\s*`, "y");

/**
 * Whether Loki takes a text for a selector of streams, such as `{namespace="dev"}`: matchers only, one of which doesn't match an empty value.
 *
 * Follows `ParseMatchers` in pkg/logql/syntax of Loki 3.6. What a regular expression matches is left to Loki.
 */
export function isSelector(text: string): boolean {
  const [, inside] = /^\s*\{([^]*)\}\s*$/.exec(text.replace(comment, "$1")) ?? [];
  if (inside === undefined) return false;
  let isSelective = false;
  for (let at = 0; ; at = matcher.lastIndex + 1) {
    matcher.lastIndex = at;
    const [, , operator, quoted] = matcher.exec(inside) ?? [];
    if (quoted === undefined) return false;
    if (operator.endsWith("~") && !isRegexp(unquoted(quoted))) return false;
    const isEmpty = quoted.length === 2;
    isSelective ||= operator === "=" ? !isEmpty : operator === "!=" ? isEmpty : !/^.(\.\*)?.$/.test(quoted);
    if (matcher.lastIndex === inside.length) return isSelective;
    if (inside[matcher.lastIndex] !== ",") return false;
  }
}

// Of the escapes of a text in quotes, those of quotes and backslashes matter to what a regular expression may be.
function unquoted(quoted: string): string {
  const inside = quoted.slice(1, -1);
  return quoted.startsWith("`")
    ? inside
    : inside.replace(/\\(.)/g, (all, sign: string) => (/["\\]/.test(sign) ? sign : all));
}
