import type { secretForms, LineRule } from "../../settings/sections/logs";
import type { Settings } from "../../settings/schema";
import { block, type Block } from "./syntax";

type LineSettings = Pick<Settings["logs"], "lines" | "redact">;

/** What a secret is replaced by. */
export const mask = "***";

/** What secrets look like, as Go and Rust read it; each regular expression's group is the secret. */
export const secrets: Readonly<Record<(typeof secretForms)[number], string>> = {
  authorization: String.raw`(?i)\b(?:bearer|basic)\s+([A-Za-z0-9._~+/-]{8,}=*)`,
  jwt: String.raw`\b(eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)`,
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
  "aws-keys": String.raw`\b((?:AKIA|ASIA)[A-Z0-9]{16})\b`,
  "url-passwords": String.raw`://[^/\s:@]*:([^/\s@]+)@`,
  // Quotes have backslashes before them where the text is in another one: JSON in JSON, messages of events.
  passwords: String.raw`(?i)(?:password|passwd|secret|token|api[_-]?key)(?:\\*["'])?\s*[=:]\s*(?:\\*["'])?((?:[^\s"',;&}\\]|\\+[^\s"'\\])+)`,
};

/**
 * What is done with lines before they are sent: stages of a `loki.process`; none where nothing is to be done.
 * @param settings rules for lines, and the secrets that are replaced in all of them
 * @see https://grafana.com/docs/alloy/v1.18/reference/components/loki/loki.process/
 */
export function lineStages({ lines, redact }: LineSettings): Block[] {
  return [...redact.map((form) => replacement(secrets[form])), ...lines.flatMap(ruleStage)];
}

/**
 * What is done with events before they are sent: the same, but each event is one entry, and none is JSON.
 * @param settings those of lines
 */
export function eventStages({ lines, redact }: LineSettings): Block[] {
  return lineStages({ redact, lines: lines.map((rule) => ({ ...rule, firstLine: undefined, metadata: [] })) });
}

// An entry is whole before anything is looked for in it, and without its secrets before a part of it becomes metadata.
function ruleStage({ selector, firstLine, drop, sample, redact, metadata }: LineRule): Block[] {
  const stages = [
    ...(firstLine === undefined ? [] : [block("stage.multiline", { firstline: firstLine })]),
    ...(drop === undefined ? [] : [block("stage.drop", { expression: drop, drop_counter_reason: "line_rule" })]),
    ...(sample === undefined ? [] : [block("stage.sampling", { rate: sample, drop_counter_reason: "sampled" })]),
    ...(redact === undefined ? [] : [replacement(hasGroup(redact) ? redact : `(${redact})`)]),
    ...(metadata.length === 0 ? [] : metadataStages(metadata)),
  ];
  // Alloy doesn't start with a match that does nothing.
  return stages.length > 0 ? [block("stage.match", { selector }, stages)] : [];
}

/** Alloy replaces what the groups have found. */
const replacement = (expression: string) => block("stage.replace", { expression, replace: mask });

const hasGroup = (expression: string) => /(?<!\\)\((?!\?(?!P?<))/.test(expression);

function metadataStages(keys: readonly string[]): Block[] {
  const names = keys.map((key) => [key.replaceAll(".", "_"), key] as const);
  return [
    block("stage.json", { expressions: Object.fromEntries(names) }),
    block("stage.structured_metadata", { values: Object.fromEntries(names.map(([name]) => [name, ""])) }),
  ];
}
