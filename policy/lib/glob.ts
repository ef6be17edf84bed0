import { once, onceByText } from "./once";

/** Whether a text matches a pattern in which `*` stands for any text. */
export function matches(pattern: string, text: string): boolean {
  return expressionOf(pattern).test(text);
}

// The patterns of a configuration are few, and are held against every resource.
const expressionOf = onceByText((pattern) => {
  const escaped = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join(".*")}$`, "s");
});

/**
 * The value of the pattern that matches best: the one with the most text of its own, so that `staging-eu` is before `staging*` and that
 * before `*`.
 *
 * @param byPattern values by pattern; in what order doesn't count, as a configuration may lose it on its way
 */
export function bestMatch<Value>(byPattern: Readonly<Record<string, Value>>, text: string): Value | undefined {
  const best = bestFirst(byPattern).find((pattern) => matches(pattern, text));
  return best === undefined ? undefined : byPattern[best];
}

const bestFirst = once((byPattern: Readonly<Record<string, unknown>>): readonly string[] => {
  const own = (pattern: string) => pattern.replaceAll("*", "").length + (pattern.includes("*") ? 0 : 1);
  return Object.keys(byPattern).sort((a, b) => own(b) - own(a));
});
