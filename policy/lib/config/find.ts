import { chartOf } from "../charts/release";
import { inner } from "../paths";
import type { Resource } from "../resource";
import { isBlock, Unknown, type Block } from "../unknown";
import type { Arguments, Config, ProgramSettings, Unreadable } from "./config";
import { environmentOf, expandArgument } from "./environment";
import { overlaid } from "./overlay";
import type { ChartContext, Program } from "./program";
import { expandValues, readYaml } from "./yaml";

const files = /^(ConfigMap|Secret)(Patch)?$/;

// A check of the whole stack asks for a file's settings, and for those of who mounts it, again and again.
const remembered = new WeakMap<Resource, Map<Program, ProgramSettings>>();

/** What a walk through a resource carries along. */
interface Walk extends Pick<ChartContext, "chart" | "environment"> {
  program: Program;
  found: ProgramSettings;
}

/**
 * Finds every configuration of a program in a Kubernetes resource, wherever it is: text under any key of a ConfigMap, of a Secret (also in
 * base64) or of a custom resource; chart values, structured or as text, of the program's own charts or of a chart that has one as a
 * sub-chart; files of settings by tenant; and every list of arguments, as a flag overrides the file.
 */
export function settingsOf(resource: Resource, program: Program): ProgramSettings {
  const known = remembered.get(resource) ?? new Map<Program, ProgramSettings>();
  remembered.set(resource, known);
  const settings = known.get(program) ?? searched(resource, program);
  known.set(program, settings);
  return settings;
}

function searched(resource: Resource, program: Program): ProgramSettings {
  const found: ProgramSettings = { configs: [], overrides: [], unreadable: [], arguments: [] };
  if (!resource.type.startsWith("kubernetes:")) return found;
  const isSecret = resource.kind.startsWith("Secret");
  const chart = chartOf(resource);
  const props = chart ? { values: chart.values } : resource.props;
  const walk: Walk = { program, found, chart, environment: environmentOf(props) };
  if (chart?.name?.includes(program.key)) found.unreadable.push(...chart.unreadable);
  for (const [key, value] of Object.entries(props)) {
    const isEncoded = key === "binaryData" || (isSecret && key === "data");
    visit(walk, isEncoded ? decoded(value) : value, { path: key, key });
  }
  if (files.test(resource.kind)) found.unreadable.push(...unknownFiles(resource, isSecret, program));
  return chart
    ? { ...found, configs: found.configs.map((config) => withArguments(config, found.arguments, program)) }
    : found;
}

// A chart's values show both: the file that it writes, and the arguments over it.
function withArguments(config: Config, lists: readonly Arguments[], program: Program): Config {
  const around = config.chart?.path ?? "values";
  return lists
    .filter(({ path }) => path.startsWith(`${around}.`))
    .reduce((under, list) => overlaid(under, list, program), config);
}

/** Where a walk is. */
interface Place {
  path: string;
  key: string;
  /** What it is in, and the path of that. */
  around?: { values: Block; path: string };
}

function visit(walk: Walk, value: unknown, place: Place): void {
  const { path, key } = place;
  if (typeof value === "string") visitText(walk, value, path);
  else if (Array.isArray(value)) visitList(walk, value, path);
  else if (isBlock(value)) visitBlock(walk, value, place);
  else if (value instanceof Unknown && (key === "values" || key === walk.program.key))
    walk.found.unreadable.push({ path, problem: value });
}

function visitList(walk: Walk, list: unknown[], path: string): void {
  const words = list.filter((word) => typeof word === "string");
  if (words.length > 0) {
    walk.found.arguments.push({ path, words: words.map((word) => expandArgument(word, walk.environment)) });
  }
  list.forEach((each, index) => visit(walk, each, { path: inner(path, index), key: "" }));
}

function visitBlock(walk: Walk, block: Block, { path, key, around }: Place): void {
  const { program, found, chart, environment } = walk;
  const context = { path, values: around?.values ?? {}, valuesPath: around?.path ?? "", chart, environment };
  const made = key === program.key ? program.ofChart(block, context) : undefined;
  if (made) {
    found.unreadable.push(...made.unreadable);
    if (made.config) found.configs.push(made.config);
    if (made.overrides) visitOverrides(walk, made.overrides.content, made.overrides.path);
  } else if (program.isConfig(block as unknown)) {
    const content = expandValues(block, program, environment);
    found.configs.push({ content, path, pathOf: (name) => inner(path, name) });
  } else if (chart && key === "extraArgs") {
    visitList(walk, wordsOf(block), path);
  } else {
    visitOverrides(walk, block.overrides, inner(path, "overrides"));
    for (const [name, value] of Object.entries(block)) {
      visit(walk, value, { path: inner(path, name), key: name, around: { values: block, path } });
    }
  }
}

// mimir-distributed writes `key: value` of its extraArgs as -key=value.
function wordsOf(flags: Block): unknown[] {
  return Object.entries(flags).map(([flag, value]) => (value instanceof Unknown ? value : `-${flag}=${String(value)}`));
}

function visitText(walk: Walk, text: string, path: string): void {
  const { program, found, environment } = walk;
  if (!mentions(program).test(text)) return;
  const { content, problem, isSound, ignored } = readYaml(text, program, environment);
  const isOwn = program.isConfig(content);
  if (problem && (isOwn || isAbout(text, program))) found.unreadable.push({ path, problem });
  if (!isSound) return;
  if (isOwn) found.configs.push({ content, path, pathOf: (name) => `${path}: ${name}` });
  else visit(walk, content, { path: `${path}: `, key: "" });
  if (ignored.some((each) => (isOwn ? each !== null : program.isConfig(each)))) {
    const followed = `followed by another YAML document, and ${program.name} reads only the first`;
    found.unreadable.push({ path, problem: followed });
  }
}

const mentioned = new Map<Program, RegExp>();

// A sign of the program, or a setting of a tenant, as a key. Every text of a stack is asked for it, so the expression is made once.
function mentions(program: Program): RegExp {
  const names = [...program.signs, ...program.tenantSettings].join("|");
  const expression = mentioned.get(program) ?? new RegExp(`(?:^|[\\s"'{,])(?:${names})["']?\\s*:`);
  mentioned.set(program, expression);
  return expression;
}

// What a text says at its left margin, or as keys of JSON, is what it is about, even where it doesn't parse.
function isAbout(text: string, { signs }: Program): boolean {
  const names = signs.join("|");
  return (
    new RegExp(`^["']?(?:${names})["']?\\s*:`, "m").test(text) ||
    new RegExp(`^\\s*\\{[^]*"(?:${names})"\\s*:\\s*\\{`).test(text)
  );
}

function visitOverrides({ program, found }: Walk, tenants: unknown, path: string): void {
  if (!isBlock(tenants)) return;
  const isOwn = Object.values(tenants).some(
    (tenant) => isBlock(tenant) && program.tenantSettings.some((each) => each in tenant),
  );
  if (isOwn) found.overrides.push({ path, tenants });
}

function decoded(data: unknown): unknown {
  if (!isBlock(data)) return data;
  const decode = (value: unknown) =>
    typeof value === "string" ? Buffer.from(value, "base64").toString("utf8") : value;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, decode(value)]));
}

// A Secret is full of generated passwords that a preview can't know: only a key that may be a configuration is worth a word. The update
// knows them all, and asks again before it creates the Secret.
function unknownFiles(resource: Resource, isSecret: boolean, program: Program): Unreadable[] {
  const mayBeConfig = (key: string) => !isSecret || key.includes(program.key) || /\.ya?ml$/i.test(key);
  return ["data", "stringData", "binaryData"].flatMap((field) => {
    const content = resource.props[field];
    if (content instanceof Unknown) return isSecret ? [] : [{ path: field, problem: content }];
    if (!isBlock(content)) return [];
    return Object.entries(content)
      .filter(([key, value]) => value instanceof Unknown && mayBeConfig(key))
      .map(([key, value]) => ({ path: inner(field, key), problem: value as Unknown }));
  });
}
