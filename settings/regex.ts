import type { RE2JS } from "re2js";

/**
 * A regular expression as Go reads it, which is what Prometheus, Alertmanager, Loki and Alloy use. JavaScript's differ: these have no look-around and
 * no back-references, and flags for a part (`(?i:x)`).
 * @param text in Go's syntax
 * @returns undefined where Go would refuse it
 * @see https://github.com/google/re2/wiki/Syntax
 */
export function goRegex(text: string): RE2JS | undefined {
  // Loaded with the first one: most settings have none, and loading takes 30 ms.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { RE2JS: re2, RE2JSException: Refused } = require("re2js") as typeof import("re2js");
  try {
    return re2.compile(text);
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

/** Whether Go can read a regular expression. */
export const isRegex = (text: string): boolean => goRegex(text) !== undefined;
