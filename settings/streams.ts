import { z } from "zod";
import { goRegex, isRegex } from "./regex";

/** What settings say about streams of lines and about what is in them, as Loki and Alloy read it. */

/** A regular expression that is looked for in a line. */
export const lineRegex = z
  .string()
  .refine((v) => v !== "" && isRegex(v), "is not a regular expression that Alloy can read")
  .meta({
    allowed: "a regular expression of RE2, which has no look-around and no back-references",
    example: "/healthz",
  });

const text = String.raw`"(?:[^"\\\n]|\\["\\abfnrtv])*"|\`[^\`]*\``;
const matcher = String.raw`\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*(${text})\s*`;
const selector = new RegExp(String.raw`^\s*\{${matcher}(?:,${matcher})*\}\s*$`);

/** One condition on a label of a stream. */
export interface StreamMatcher {
  label: string;
  operator: string;
  value: string;
}

/**
 * The conditions of a selector of streams.
 * @param text one that {@link streamSelector} takes
 */
export function matchersOf(text: string): StreamMatcher[] {
  return [...text.matchAll(new RegExp(matcher, "g"))].map(([, label, operator, quoted]) => ({
    label,
    operator,
    value: quoted.startsWith("`") ? quoted.slice(1, -1) : quoted.slice(1, -1).replace(/\\(["\\])/g, "$1"),
  }));
}

/** Whether a stream without the label fits: Loki wants one matcher at least that asks for a value (`SplitFiltersAndMatchers` in pkg/util). */
function takesNone({ operator, value }: StreamMatcher): boolean {
  const isEqual = operator.endsWith("~") ? goRegex(value)?.testExact("") === true : value === "";
  return operator.startsWith("!") ? !isEqual : isEqual;
}

/**
 * Which streams, as Loki and Alloy write it.
 * @see https://grafana.com/docs/loki/latest/query/log_queries/#log-stream-selector
 */
export const streamSelector = z
  .string()
  .refine((v) => selector.test(v), { error: "is not a stream selector", abort: true })
  .refine((v) => matchersOf(v).every(({ operator, value }) => !operator.endsWith("~") || isRegex(value)), {
    error: "has a regular expression in it that Loki can't read",
    abort: true,
  })
  .refine((v) => !matchersOf(v).every(takesNone), "matches streams without any of its labels, which Loki refuses")
  .meta({
    allowed: "label matchers in braces, with =, !=, =~ or !~, at least one of which requires a value that is not empty",
    example: '{namespace="dev", app=~"web|api"}',
  });
