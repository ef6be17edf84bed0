import * as pulumi from "@pulumi/pulumi";
import * as runtime from "@pulumi/pulumi/runtime";
import { checkSettings } from "./check";
import { nearest } from "./nearest";
import { problemsMessage } from "./problem";
import type { SecretValues, Settings } from "./schema";

const project = "observability";

/** Which keys are secret is known to the runtime, in a function that its types leave out. */
const { isConfigSecret } = runtime as unknown as { isConfigSecret(key: string): boolean };

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
  const raw = rawSettings(runtime.allConfig());
  return parseSettings(raw, { secretKeys: Object.keys(raw).filter((key) => isConfigSecret(`${project}:${key}`)) });
}

/**
 * Pulumi hands structured values over as JSON text and scalars as text; everything else is the schema's business. Its path syntax leaves
 * `--config migration.reclaimVolumes=[]` as text: here it is the empty list, and `{}` an empty object.
 * @see https://www.pulumi.com/docs/iac/concepts/config/#structured-configuration
 * @param config `project:key` → text, as the language runtime holds it
 */
export function rawSettings(config: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  const all = Object.entries(config).map(([key, text]) => {
    const [namespace, name] = [key.slice(0, key.indexOf(":")), key.slice(key.indexOf(":") + 1)];
    // Pulumi ignores a namespace that no package has. A misspelt one keeps its name here, which makes it an unknown setting.
    const misspelt = namespace !== project && nearest(namespace, [project]) !== undefined;
    return namespace === project ? [name, fromText(text ?? "")] : misspelt ? [key, fromText(text ?? "")] : undefined;
  });
  return Object.fromEntries(all.filter((entry) => entry !== undefined));
}

function fromText(text: string): unknown {
  try {
    return JSON.parse(text, (_key, value: unknown) => (value === "[]" ? [] : value === "{}" ? {} : value));
  } catch {
    return text;
  }
}

/**
 * Checks raw settings, each one alone and all against each other.
 * @param raw what the stack gives, by top-level key
 * @param options the stack's name for the message (default: Pulumi's), and the keys that Pulumi holds as secrets
 * @throws pulumi.RunError with every problem
 */
export function parseSettings(
  raw: Record<string, unknown>,
  { stack = pulumi.getStack(), secretKeys }: { stack?: string; secretKeys?: readonly string[] } = {},
): LoadedSettings {
  const checked = checkSettings(raw, { secretKeys });
  if (!checked.settings) throw new pulumi.RunError(problemsMessage(stack, checked.problems));
  const { secretValues, ...settings } = checked.settings;
  return { settings, secretValues };
}
