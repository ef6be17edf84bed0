import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parse, parseDocument, type YAMLError } from "yaml";
import { coerce, parsePath, setAt } from "./config-path";
import { InvalidInput } from "./errors";
import { isMap } from "./json";
import { Value } from "./values";

/** The parts of Pulumi.yaml that a preview needs. */
export interface Project {
  name: string;
  /** the folder of Pulumi.yaml */
  folder: string;
  /** the program: a path below `folder`; `.` leaves the choice to package.json's `main` */
  main: string;
  /** arguments for node, like `--require tsx/cjs` */
  nodeArguments: string[];
  /** whether the language runtime loads ts-node (Pulumi's default) */
  tsNode: boolean;
  config: Record<string, unknown>;
}

/** A stack's configuration as the program receives it: text by key, structured values as JSON. */
export interface Configuration {
  values: Record<string, string>;
  /** keys whose value is, or contains, a secret */
  secretKeys: string[];
}

/** Settings that a stack's file may only have encrypted. */
export interface Encrypted {
  /** top-level keys, without the project's prefix */
  keys: readonly string[];
  /** names of fields in them that are no secrets */
  except: readonly string[];
}

/**
 * Reads Pulumi.yaml.
 *
 * @param folder the folder that contains it
 * @throws {InvalidInput} if it is missing or is not a project of the Node.js runtime
 */
export function readProject(folder: string): Project {
  const file = join(folder, "Pulumi.yaml");
  const content = readYaml(file);
  const runtime = isMap<unknown>(content.runtime) ? content.runtime : { name: content.runtime };
  if (typeof content.name !== "string" || runtime.name !== "nodejs") {
    throw new InvalidInput(`${file} must have a 'name' and 'runtime: nodejs'.`);
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
 * A stack's configuration: its file, then `overrides`, then the project's defaults, merged as Pulumi does
 * (`mergeConfig` in pkg/workspace/config.go). A `secure:` value can't be decrypted without the stack's key: a placeholder
 * replaces it, and the key counts as secret.
 *
 * @param overrides `key=value` with Pulumi's path syntax, with or without the project's prefix
 * @param options `configFile`: the stack's file, by default Pulumi.<stack>.yaml of the project; `optional`: a stack without a file
 *   is empty; `encrypted`: what the file may only have encrypted, whatever `overrides` give in plain text
 * @throws {InvalidInput} with every problem: no such stack, a malformed override, a required key without a value, a secret in plain text
 */
export function readConfiguration(
  project: Project,
  stack: string,
  overrides: string[],
  { configFile, optional = false, encrypted }: { configFile?: string; optional?: boolean; encrypted?: Encrypted } = {},
): Configuration {
  const file = configFile ?? stackFile(project.folder, stack);
  const isThere = existsSync(file);
  if (!isThere && !optional && configFile !== undefined) {
    throw new InvalidInput(`--config-file ${configFile}: there is no such file.`);
  }
  if (!isThere && !optional) {
    throw new InvalidInput(`There is no stack '${stack}': ${file} does not exist. Stacks here: ${stacksIn(project)}.`);
  }
  const content = isThere ? readYaml(file) : {};
  const settings: Record<string, Value> = {};
  for (const [key, value] of Object.entries(isMap<Value>(content.config) ? content.config : {})) {
    settings[qualify(project, key)] = value;
  }
  // Pulumi ignores what it doesn't know, and with a misspelt `config:` a stack would have every default.
  const problems = Object.keys(content)
    .filter((key) => !stackFileKeys.includes(key))
    .map((key) => `${basename(file)}: ${key} is not a key of a stack file. Allowed: ${stackFileKeys.join(", ")}.`);
  for (const key of encrypted?.keys.map((name) => qualify(project, name)) ?? []) {
    problems.push(
      ...plainTexts(settings[key], key)
        .filter((path) => !encrypted?.except.some((field) => path.endsWith(`.${field}`)))
        .map(
          (path) =>
            `${basename(file)}: ${path} is in plain text. Encrypt it: npx pulumi config set --secret --path ${path} --stack ${stack}. If others may have seen it, change it first.`,
        ),
    );
  }
  for (const override of overrides) {
    try {
      applyOverride(project, settings, override);
    } catch (error) {
      problems.push(`--config ${override.split("=")[0]}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  problems.push(...applyDefaults(project, settings, basename(file)));
  if (problems.length > 0) {
    throw new InvalidInput(problems.join("\n"));
  }
  return {
    values: Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, asText(decrypted(key, value))])),
    secretKeys: Object.keys(settings).filter((key) => containsSecure(settings[key])),
  };
}

/**
 * What stands at the top of a stack file.
 * @see https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/
 */
const stackFileKeys = ["config", "environment", "secretsprovider", "encryptedkey", "encryptionsalt"];

/** The folder of this repository and its program: the default of every command. */
export const ownProgram = resolve(__dirname, "..");

/**
 * The default file of a stack's settings.
 * @param folder the folder of Pulumi.yaml
 */
export const stackFile = (folder: string, stack: string): string => join(folder, `Pulumi.${stack}.yaml`);

/**
 * The stack that a file belongs to, by the file's name.
 * @param configFile path of a file Pulumi.<stack>.yaml
 * @throws {InvalidInput} if it has another name
 */
export function stackOf(configFile: string): { stack: string; configFile: string } {
  const [, stack] = /^Pulumi\.(.+)\.yaml$/.exec(basename(configFile)) ?? [];
  if (stack === undefined) throw new InvalidInput(`${configFile}: a stack's file must be named Pulumi.<stack>.yaml.`);
  return { stack, configFile };
}

/** The option of every command that reads a stack's settings: its flags and description, for commander. */
export const configFileOption = [
  "--config-file <file>",
  "file of the stack's settings, instead of Pulumi.<name>.yaml; the same as Pulumi's option",
] as const;

/** Sets one `key=value`. Throws an Error that says what is wrong. */
function applyOverride(project: Project, settings: Record<string, Value>, override: string): void {
  const split = override.indexOf("=");
  if (split < 1) {
    throw new Error("expected key=value, for example loki.replicationFactor=2");
  }
  const [top, ...below] = parsePath(override.slice(0, split));
  if (typeof top !== "string" || top === "") {
    throw new Error("a key must start with a name");
  }
  const key = qualify(project, top);
  const text = override.slice(split + 1);
  settings[key] = below.length === 0 ? text : setAt(settings[key], below, coerce(text));
}

/** Sets the project's defaults if the stack has no value; returns what is missing. */
function applyDefaults(project: Project, settings: Record<string, Value>, file: string): string[] {
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
      missing.push(`${file}: '${name}' has no value, and Pulumi.yaml has no default for it.`);
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
    throw new InvalidInput(`'${key}' is not a configuration key: expected <namespace>:<name>.`);
  }
  return key;
}

const isSecure = (value: Value): boolean =>
  isMap<Value>(value) && Object.keys(value).length === 1 && typeof value.secure === "string";

const containsSecure = (value: Value): boolean =>
  isSecure(value) || (typeof value === "object" && value !== null && Object.values(value).some(containsSecure));

/** Paths of what is not encrypted. */
function plainTexts(value: Value | undefined, path: string): string[] {
  if (value === undefined || value === null || value === "" || isSecure(value)) return [];
  if (typeof value !== "object") return [path];
  return Object.entries(value).flatMap(([key, part]) => plainTexts(part as Value, `${path}.${key}`));
}

/** A placeholder for a secret that can't be decrypted: recognisable, and the same in every run. */
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

// Pulumi.yaml takes 15 ms to parse, and a process that makes many previews reads the same few files each time.
const parsedTexts = new Map<string, unknown>();

function parsed(text: string): unknown {
  if (!parsedTexts.has(text)) parsedTexts.set(text, parse(text, { merge: true }));
  return structuredClone(parsedTexts.get(text));
}

function readYaml(file: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = parsed(readFileSync(file, "utf8"));
  } catch (error) {
    throw new InvalidInput(
      `${file}: ${yamlProblems(file) ?? (error instanceof Error ? error.message : String(error))}`,
    );
  }
  if (content !== null && !isMap<unknown>(content)) {
    throw new InvalidInput(`${file}: expected keys and values.`);
  }
  return content ?? {};
}

/** What is wrong with a file's YAML: each key that is there twice, and the first other mistake, as the parser stumbles on after it. */
function yamlProblems(file: string): string | undefined {
  const { errors } = parseDocument(readFileSync(file, "utf8"), { merge: true });
  const first = errors.find(({ code }) => code !== "DUPLICATE_KEY");
  const shown = errors.filter((error) => error === first || error.code === "DUPLICATE_KEY");
  if (shown.length === 0) return undefined;
  const problems = shown.flatMap((error) => {
    // The parser's message is its first line; the others show the place.
    const [message, ...place] = error.message.trimEnd().split("\n");
    return [
      `  line ${error.linePos?.[0].line}: ${yamlAdvice(error) ?? message}`,
      ...place.filter((line) => !["", "^"].includes(line)).map((line) => `      | ${line}`),
    ];
  });
  return ["not valid YAML.", ...problems].join("\n");
}

function yamlAdvice({ code, message }: YAMLError): string | undefined {
  switch (code) {
    case "TAB_AS_INDENT":
      return "begins with a tab; indent it with spaces";
    case "BAD_INDENT":
      return message.startsWith("Flow")
        ? "a { or [ above is not closed, or what is in it is not indented far enough"
        : "is not indented like the keys above it";
    case "MULTILINE_IMPLICIT_KEY":
      return "the key has no value; write `key: value`, with a colon and a space";
    case "BLOCK_AS_IMPLICIT_KEY":
      return "the value contains another key, or the next line is indented too far; quote a value with a colon and a space in it";
    case "DUPLICATE_KEY":
      return "the key is here twice; merge the two";
    case "BAD_SCALAR_START":
      return "the value begins with a character that has a meaning in YAML; quote it";
    default:
      return undefined;
  }
}

function stacksIn(project: Project): string {
  const names = readdirSync(project.folder).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);
  return names.sort().join(", ") || "none";
}
