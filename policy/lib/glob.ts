/** Whether a text matches a pattern in which `*` stands for any text. */
export function matches(pattern: string, text: string): boolean {
  const escaped = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join(".*")}$`, "s").test(text);
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
