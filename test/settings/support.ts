import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { checkSettings, type CheckOptions } from "../../settings/check";
import { rawSettings } from "../../settings/load";
import type { Problem } from "../../settings/problem";
import { testStack } from "../stacks/stacks";

const root = join(__dirname, "../..");

/** Text of a file of the repository. */
export const fileText = (name: string): string => readFileSync(join(root, name), "utf8");

/** A day in the life of these tests. */
export const today = new Date("2026-11-21T12:00:00Z");

/** What is wrong with raw settings. */
export const problemsOf = (raw: unknown, options: CheckOptions = {}): Problem[] =>
  checkSettings(raw, { now: today, ...options }).problems;

/** `key what` of each problem. */
export const linesOf = (raw: unknown, options: CheckOptions = {}): string[] =>
  problemsOf(raw, options).map(({ key, what }) => `${key} ${what}`);

/** Settings of a stack of the tests' own, as Pulumi would hand them over. */
export function stackSettings(stack: string): Record<string, unknown> {
  const { config } = parse(readFileSync(testStack(stack).configFile, "utf8")) as { config: Record<string, unknown> };
  const texts = Object.entries(config).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return rawSettings(Object.fromEntries(texts));
}
