import * as pulumi from "@pulumi/pulumi";
import { allConfig } from "@pulumi/pulumi/runtime";
import type { z } from "zod";
import { explain, type Problem } from "./explain";
import { crossFieldProblems } from "./rules";
import { settingsSchema, type SecretValues, type Settings } from "./schema";

const project = "observability";

/** The settings as a program sees them: the given secrets stand apart, so that no component gets them by accident. */
export interface LoadedSettings {
  settings: Settings;
  /** Given secrets of provider `config`, in clear: wrap each with `pulumi.secret` where it is used. */
  secretValues: SecretValues;
}

/**
 * Reads and checks the stack's settings, before any resource is registered.
 * @throws pulumi.RunError one message that names every problem, with its key, value, what is allowed and an example
 */
export function loadSettings(): LoadedSettings {
  return parseSettings(rawSettings(allConfig()));
}

/**
 * Pulumi hands structured values over as JSON text and scalars as text; everything else is the schema's business.
 * @param config `project:key` → text, as the language runtime holds it
 */
export function rawSettings(config: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  const own = Object.entries(config).filter(([key]) => key.startsWith(`${project}:`));
  return Object.fromEntries(own.map(([key, text]) => [key.slice(project.length + 1), fromText(text ?? "")]));
}

function fromText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * Checks raw settings: first each by itself, then against each other.
 * @throws pulumi.RunError with every problem
 */
export function parseSettings(raw: Record<string, unknown>): LoadedSettings {
  const parsed = settingsSchema.safeParse(raw);
  const problems: Problem[] = parsed.success
    ? crossFieldProblems(parsed.data)
    : explain(settingsSchema, raw, (parsed.error as z.ZodError).issues);
  if (!parsed.success || problems.length > 0) throw new pulumi.RunError(message(problems));
  const { secretValues, ...settings } = parsed.data;
  return { settings, secretValues };
}

function message(problems: readonly Problem[]): string {
  const lines = problems.map((p) => [
    `  ${project}:${p.key}: ${p.what}`,
    ...(p.allowed ? [`      allowed: ${p.allowed}`] : []),
    ...(p.example !== undefined ? [`      example: ${JSON.stringify(p.example)}`] : []),
  ]);
  const head = `Stack ${pulumi.getStack()}: ${problems.length} problem${problems.length === 1 ? "" : "s"} in the settings; nothing was changed.`;
  return [head, ...lines.flat()].join("\n");
}
