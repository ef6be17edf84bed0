import { readFileSync } from "node:fs";
import { EnforcementLevel, PolicyConfig, PolicyInfo } from "@pulumi/pulumi/proto/analyzer_pb";
import { InvalidInput, PolicyPackFailed } from "./errors";
import { isMap } from "./json";
import { fromStruct, toStruct } from "./rpc";
import { Properties, Value } from "./values";

/** How much a policy's finding counts. `disabled` policies don't run; `remediate` ones change the resource. */
export type Level = "advisory" | "mandatory" | "remediate" | "disabled";

/**
 * Configuration of a policy pack in the form of `pulumi preview --policy-pack-config`: by policy, a level or an object
 * with `enforcementLevel` and the policy's own properties. `all` sets the level of every policy.
 */
export type PolicySettings = Record<string, unknown>;

interface Configured {
  level: Level;
  properties: Properties;
}

const levels: Record<Level, EnforcementLevel> = {
  advisory: EnforcementLevel.ADVISORY,
  mandatory: EnforcementLevel.MANDATORY,
  disabled: EnforcementLevel.DISABLED,
  remediate: EnforcementLevel.REMEDIATE,
};

/**
 * Reads levels and parameters of policies from a file.
 *
 * @throws {InvalidInput} if the file is not JSON, or not an object of policies by name
 */
export function readPolicySettings(file: string): PolicySettings {
  const allowed = `allowed is a JSON object: for each policy a level, or its parameters with enforcementLevel`;
  let settings: unknown;
  try {
    settings = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) throw new InvalidInput(`${file} is not JSON (${error.message}); ${allowed}`);
    throw error;
  }
  if (!isMap<unknown>(settings)) throw new InvalidInput(`${file} is not an object of policies by name; ${allowed}`);
  return settings;
}

/** The name of a level of the protocol. */
export const levelOf = (level: EnforcementLevel): Level =>
  (Object.keys(levels) as Level[]).find((name) => levels[name] === level) ?? "mandatory";

/**
 * The configuration of a pack: defaults of each policy's schema, then what the pack sets for itself, then
 * `settings`; the engine does this, not the SDK (`ReconcilePolicyPackConfig` in pkg/resource/analyzer/config.go).
 *
 * @throws {PolicyPackFailed} naming every setting that is not allowed
 */
export async function reconcile(
  policies: PolicyInfo[],
  initial: [string, PolicyConfig][],
  settings: PolicySettings,
): Promise<Map<string, PolicyConfig>> {
  const configured = new Map<string, Configured>();
  for (const policy of policies) {
    configured.set(policy.getName(), { level: levelOf(policy.getEnforcementlevel()), properties: defaultsOf(policy) });
  }
  const packs = Object.fromEntries(
    initial.map(([name, config]) => [
      name,
      { enforcementLevel: levelOf(config.getEnforcementlevel()), ...fromStruct(config.getProperties()) },
    ]),
  );
  const problems = [
    ...apply(configured, packs),
    ...apply(configured, settings),
    ...(await validate(policies, configured)),
  ];
  if (problems.length > 0) {
    throw new PolicyPackFailed(`The policy pack's configuration is not valid:\n${problems.join("\n")}`);
  }
  return new Map([...configured].map(([name, config]) => [name, message(config)]));
}

function defaultsOf(policy: PolicyInfo): Properties {
  const schema = fromStruct(policy.getConfigschema()?.getProperties());
  const defaults = Object.entries(schema).flatMap(([key, property]) =>
    isMap<Value>(property) && "default" in property ? [[key, property.default]] : [],
  );
  return Object.fromEntries(defaults) as Properties;
}

function apply(configured: Map<string, Configured>, settings: PolicySettings): string[] {
  const problems: string[] = [];
  const { all, ...byPolicy } = settings;
  const everyLevel = split(all).level;
  if (everyLevel !== undefined && isLevel(everyLevel)) {
    configured.forEach((config) => (config.level = everyLevel));
  }
  for (const [name, setting] of Object.entries(byPolicy)) {
    const config = configured.get(name);
    const { level, properties } = split(setting);
    if (!config) {
      problems.push(`${name}: the pack has no such policy; it has ${[...configured.keys()].join(", ")}`);
    } else if (level !== undefined && !isLevel(level)) {
      problems.push(`${name}: '${String(level)}' is not a level; allowed are ${Object.keys(levels).join(", ")}`);
    } else {
      configured.set(name, { level: level ?? config.level, properties: { ...config.properties, ...properties } });
    }
  }
  return problems;
}

function split(setting: unknown): { level?: unknown; properties: Properties } {
  if (isMap<Value>(setting)) {
    const { enforcementLevel, ...properties } = setting;
    return { level: enforcementLevel, properties };
  }
  return { level: setting, properties: {} };
}

const isLevel = (level: unknown): level is Level => typeof level === "string" && level in levels;

async function validate(policies: PolicyInfo[], configured: Map<string, Configured>): Promise<string[]> {
  // Loaded while the program starts; otherwise it would delay it by a tenth of a second.
  const { z } = await import("zod");
  return policies.flatMap((policy) => {
    const declared = policy.getConfigschema();
    if (!declared) {
      return [];
    }
    const schema = z.fromJSONSchema({
      type: "object",
      properties: fromStruct(declared.getProperties()) as Record<string, Record<string, unknown>>,
      required: declared.getRequiredList(),
    });
    const result = schema.safeParse(configured.get(policy.getName())?.properties ?? {});
    const issues = result.success ? [] : result.error.issues;
    return issues.map((issue) => `${policy.getName()}: ${[...issue.path, issue.message].join(": ")}`);
  });
}

function message(config: Configured): PolicyConfig {
  const result = new PolicyConfig();
  result.setEnforcementlevel(levels[config.level]);
  result.setProperties(toStruct(config.properties));
  return result;
}
