import type { z } from "zod";

/** What is wrong with one setting, for a person. */
export interface Problem {
  /** Path of the setting below the project, such as `loki.write.replicas`. */
  key: string;
  /** What is wrong, with the value found. */
  what: string;
  /** What is allowed, in words. */
  allowed?: string;
  /** A value that is allowed. */
  example?: unknown;
}

/**
 * Turns zod's issues into problems.
 * @param schema the schema that was parsed with
 * @param raw the value that was parsed
 * @param issues what zod found
 */
export function explain(schema: z.ZodType, raw: unknown, issues: readonly z.core.$ZodIssue[]): Problem[] {
  void schema;
  return issues.map((issue) => ({
    key: issue.path.join("."),
    what: `${JSON.stringify(at(raw, issue.path))} ${issue.message}`,
  }));
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((v, key) => (v as Record<PropertyKey, unknown> | undefined)?.[key], value);
}
