import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { coerce, parsePath, setAt } from "./config-path";
import { InvalidInput } from "./errors";
import { isMap } from "./json";
import { Value } from "./values";

/** What Pulumi.yaml says, as far as a preview needs it. */
export interface Project {
  name: string;
  /** the folder of Pulumi.yaml */
  folder: string;
  /** the program: a path below `folder`; `.` leaves the choice to package.json's `main` */
  main: string;
  /** arguments for node, like `--import tsx` */
  nodeArguments: string[];
  /** whether the language runtime loads ts-node (Pulumi's default) */
  tsNode: boolean;
  config: Record<string, unknown>;
}

/** A stack's configuration as the program gets it: text by key, structured values as JSON. */
export interface Configuration {
  values: Record<string, string>;
  /** keys whose value is, or contains, a secret */
  secretKeys: string[];
}

/**
 * Reads Pulumi.yaml.
 *
 * @param folder the folder that contains it
 * @throws {InvalidInput} when it is missing or is no project of the Node.js runtime
 */
export function readProject(folder: string): Project {
  const file = join(folder, "Pulumi.yaml");
  const content = readYaml(file);
  const runtime = isMap<unknown>(content.runtime) ? content.runtime : { name: content.runtime };
  if (typeof content.name !== "string" || runtime.name !== "nodejs") {
    throw new InvalidInput(`${file}: needs a 'name' and 'runtime: nodejs'.`);
  }
  const options = isMap<unknown>(runtime.options) ? runtime.options : {};
  return {
    name: content.name,
    folder,
    main: typeof content.main === "string" ? content.main : ".",
    nodeArguments: typeof options.nodeargs === "string" ? options.nodeargs.split(/\s+/).filter(Boolean) : [],
    tsNode: options.typescript !== false,
    config: isMap<unknown>(content.config) ? content.config : {},
  };
}

/**
 * A stack's configuration: Pulumi.<stack>.yaml, then `overrides`, then the project's defaults, merged as Pulumi does
 * (`mergeConfig` in pkg/workspace/config.go). A `secure:` value can't be decrypted without the stack's key: a placeholder
 * takes its place and the key counts as secret.
 *
 * @param overrides `key=value` with Pulumi's path syntax, with or without the project's prefix
 * @param options `optional`: a stack whose file isn't there yet is an empty one
 * @throws {InvalidInput} with every problem: no such stack, a malformed override, a required key without a value
 */
export function readConfiguration(
  project: Project,
  stack: string,
  overrides: string[],
  { optional = false } = {},
): Configuration {
  const file = join(project.folder, `Pulumi.${stack}.yaml`);
  const isThere = existsSync(file);
  if (!isThere && !optional) {
    throw new InvalidInput(`There is no stack '${stack}': ${file} does not exist. Stacks here: ${stacksIn(project)}.`);
  }
  const content = isThere ? readYaml(file) : {};
  const settings: Record<string, Value> = {};
  for (const [key, value] of Object.entries(isMap<Value>(content.config) ? content.config : {})) {
    settings[qualify(project, key)] = value;
  }
  const problems: string[] = [];
  for (const override of overrides) {
    try {
      applyOverride(project, settings, override);
    } catch (error) {
      problems.push(`--config ${override.split("=")[0]}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  problems.push(...applyDefaults(project, settings, stack));
  if (problems.length > 0) {
    throw new InvalidInput(problems.join("\n"));
  }
  return {
    values: Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, asText(decrypted(key, value))])),
    secretKeys: Object.keys(settings).filter((key) => containsSecure(settings[key])),
  };
}

/** Sets one `key=value`. Throws with what is wrong. */
function applyOverride(project: Project, settings: Record<string, Value>, override: string): void {
  const split = override.indexOf("=");
  if (split < 1) {
    throw new Error("expected key=value, like loki.replicationFactor=2");
  }
  const [top, ...below] = parsePath(override.slice(0, split));
  if (typeof top !== "string" || top === "") {
    throw new Error("a key starts with a name");
  }
  const key = qualify(project, top);
  const text = override.slice(split + 1);
  settings[key] = below.length === 0 ? text : setAt(settings[key], below, coerce(text));
}

/** Sets the project's defaults where the stack has no value; returns what is missing. */
function applyDefaults(project: Project, settings: Record<string, Value>, stack: string): string[] {
  const missing: string[] = [];
  for (const [name, declared] of Object.entries(project.config)) {
    const [top, ...below] = parsePath(name.includes(":") ? name : `${project.name}:${name}`);
    const key = String(top);
    if (valueAt(settings[key], below) !== undefined) {
      continue;
    }
    const typed =
      isMap<Value>(declared) && ["type", "default", "value", "description", "secret"].some((k) => k in declared);
    const value = typed ? (declared.default ?? declared.value) : (declared as Value);
    if (value !== undefined && value !== null) {
      settings[key] = setAt(settings[key], below, value);
    } else if (key.startsWith(`${project.name}:`)) {
      missing.push(`Pulumi.${stack}.yaml: '${name}' has no value, and Pulumi.yaml gives it no default.`);
    }
  }
  return missing;
}

const valueAt = (value: Value | undefined, path: (string | number)[]): Value | undefined =>
  path.reduce<Value | undefined>(
    (current, step) =>
      isMap<Value>(current) || Array.isArray(current) ? (current as Record<string, Value>)[step] : undefined,
    value,
  );

/** `stage` is `observability:stage`; `kubernetes:config:context`, an old form, is `kubernetes:context`. */
function qualify(project: Project, key: string): string {
  const parts = key.split(":");
  if (parts.length === 1) {
    return `${project.name}:${key}`;
  }
  if (parts.length === 3 && parts[1] === "config") {
    return `${parts[0]}:${parts[2]}`;
  }
  if (parts.length !== 2) {
    throw new InvalidInput(`'${key}' is no configuration key: expected <namespace>:<name>.`);
  }
  return key;
}

const isSecure = (value: Value): boolean =>
  isMap<Value>(value) && Object.keys(value).length === 1 && typeof value.secure === "string";

const containsSecure = (value: Value): boolean =>
  isSecure(value) || (typeof value === "object" && value !== null && Object.values(value).some(containsSecure));

/** What stands for a secret that can't be decrypted: recognisable, and the same in every run. */
const placeholder = (path: string): string => `offline-placeholder-for-${path.replace(/[^A-Za-z0-9]+/g, "-")}`;

function decrypted(path: string, value: Value): Value {
  if (isSecure(value)) {
    return placeholder(path);
  }
  if (Array.isArray(value)) {
    return value.map((part, index) => decrypted(`${path}-${index}`, part));
  }
  return isMap<Value>(value)
    ? Object.fromEntries(Object.entries(value).map(([key, part]) => [key, decrypted(`${path}-${key}`, part)]))
    : value;
}

/** Go writes JSON with sorted keys, so that is the order in which a program sees them. */
const asText = (value: Value): string => (typeof value === "string" ? value : JSON.stringify(value, sortKeys));

const sortKeys = (_key: string, value: Value): Value =>
  isMap<Value>(value)
    ? Object.fromEntries(
        Object.keys(value)
          .sort()
          .map((key) => [key, value[key]]),
      )
    : value;

function readYaml(file: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = parse(readFileSync(file, "utf8"), { merge: true });
  } catch (error) {
    throw new InvalidInput(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (content !== null && !isMap<unknown>(content)) {
    throw new InvalidInput(`${file}: expected keys and values.`);
  }
  return content ?? {};
}

function stacksIn(project: Project): string {
  const names = readdirSync(project.folder).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
  return names.sort().join(", ") || "none";
}
