/** Whether a text matches a pattern in which `*` stands for any text. */
export function matches(pattern: string, text: string): boolean {
  return expressionOf(pattern).test(text);
}

// The patterns of a configuration are few, and are held against every resource.
const expressions = new Map<string, RegExp>();

function expressionOf(pattern: string): RegExp {
  const known = expressions.get(pattern);
  if (known) return known;
  const escaped = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  const expression = new RegExp(`^${escaped.join(".*")}$`, "s");
  expressions.set(pattern, expression);
  return expression;
}

/**
 * The value of the pattern that matches best: the one with the most text of its own, so that `staging-eu` is before `staging*` and that
 * before `*`.
 *
 * @param byPattern values by pattern; in what order doesn't count, as a configuration may lose it on its way
 */
export function bestMatch<Value>(byPattern: Readonly<Record<string, Value>>, text: string): Value | undefined {
  const own = (pattern: string) => pattern.replaceAll("*", "").length + (pattern.includes("*") ? 0 : 1);
  const [best] = Object.keys(byPattern)
    .filter((pattern) => matches(pattern, text))
    .sort((a, b) => own(b) - own(a));
  return best === undefined ? undefined : byPattern[best];
}
