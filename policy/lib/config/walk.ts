import { installedBy } from "../charts/installed";
import { layoutOf, type Layout } from "../charts/layouts";
import type { Chart } from "../charts/release";
import { inner, joined } from "../paths";
import { programs } from "../programs";
import { brief } from "../errors";
import { at as atPath, isBlock, Unknown, type Block } from "../unknown";
import { calledAs } from "./called";
import type { AroundChart, Config, ProgramSettings } from "./config";
import { awaited, environmentOf, expandArgument, noEnvironment, type Environment } from "./environment";
import type { ChartContext, Program } from "./program";
import { foreignPlaceholderIn, variableIn, withHalvedBackslashes } from "./placeholders";
import { heredocsIn } from "./scripts";
import { kindOf, mentioned, outlineOf, type Kind } from "./recognise";
import { expandValues, readAnew, readYaml, type Reader } from "./yaml";

/** What a resource says about each program. */
export type Found = Map<Program, ProgramSettings>;

/** What a walk through a resource carries along. */
interface Walk {
  found: Found;
  /** The variables that the resource shows; looked for when a text has a placeholder. */
  readonly environment: Environment;
  /** Whether it is a file, whose variables are those of who reads it. */
  readonly isAwaited: boolean;
  /** The name of the object that is looked through; empty for values. */
  readonly name: string;
  /** Where it is, for the message of what it stumbles over. */
  at: string;
}

/** Where a walk is. */
interface Place {
  path: string;
  /** The key that leads there; none for an item of a list. */
  key: string;
  /** What it is in, and the path of that. */
  around?: { values: Block; path: string };
  /**
   * Whether it is in chart values: of a chart that is known, whose blocks are no configuration but where the layout says; or of one that isn't.
   * Kubernetes objects that values add are not in them.
   */
  values?: "of a known chart" | "of a chart";
  /** How many texts it is in. */
  texts: number;
  /** Whether it is in an object that installs charts, whose values were read: what else is there may be patches. */
  installs?: true;
}

type Values = Omit<Chart, "unreadable"> & Partial<Pick<Chart, "unreadable">> & { around?: AroundChart };

// A text in a ConfigMap may be a manifest, whose text of values holds the text of a configuration.
const mostTexts = 5;
// Of what one script writes.
const mostWritten = 100;

/**
 * Looks through a Kubernetes object for what it says about each program.
 *
 * @param found where it is put
 * @param environment its variables; by default, those that it shows
 */
export function walkThrough(found: Found, object: Block, environment?: Environment): void {
  const walk = walkOf(found, object, environment);
  guarded(walk, () => visit(walk, object, { path: "", key: "", texts: 0 }));
}

/** Looks through the values of a chart. */
export function walkThroughValues(found: Found, chart: Chart, path: string): void {
  const walk = walkOf(found, chart.values);
  untoldValues(walk, chart, "");
  guarded(walk, () => visitValues(walk, chart, { path, key: "", texts: 0 }));
}

function walkOf(found: Found, props: Block, environment?: Environment): Walk {
  const isAwaited = environment === awaited;
  const name = atPath(props, "metadata.name");
  return {
    found,
    isAwaited,
    name: typeof name === "string" ? name : "",
    at: "",
    get environment() {
      return (environment ??= environmentOf(props));
    },
  };
}

// What a reader doesn't foresee is reported where it is, and ends neither the walk nor the policies.
function guarded(walk: Walk, step: () => void): void {
  try {
    step();
  } catch (error) {
    untold(walk, walk.at, brief(error));
  }
}

function untold({ found }: Walk, path: string, problem: string): void {
  for (const { unreadable } of found.values()) unreadable.push({ path, problem, isUncertain: true });
}

// Of charts that are known by their name to run one of the programs, or have a word of it in what can't be read.
function untoldValues({ found }: Walk, { name, unreadable: all }: Chart, around: string): void {
  for (const [{ key }, { unreadable }] of found) {
    for (const { path, problem, text = "" } of all) {
      if (name?.includes(key) || mentions.test(text))
        unreadable.push({ path: joined(around, path), problem, isValues: true });
    }
  }
}

function visit(walk: Walk, value: unknown, place: Place): void {
  walk.at = place.path;
  if (typeof value === "string") guarded(walk, () => visitText(walk, value, place));
  else if (Array.isArray(value)) visitList(walk, value, place);
  else if (isBlock(value)) visitBlock(walk, value, place);
  else if (value instanceof Unknown) {
    const isWords = place.key === "args" || place.key === "command";
    for (const [{ key }, settings] of walk.found) {
      if (isWords) settings.arguments.push({ path: place.path, words: [], unknown: value });
      if (place.key === "values" || place.key === key) settings.unreadable.push({ path: place.path, problem: value });
    }
  }
}

// A word on its own, or a whole command in one.
const hasFlag = /(?:^|\s)-/;

function visitList(walk: Walk, list: unknown[], { path, values, texts, installs }: Place): void {
  const words = list.filter((word) => typeof word === "string");
  if (words.some((word) => hasFlag.test(word))) {
    const environment = words.some((word) => word.includes("$")) ? walk.environment : noEnvironment;
    const expanded = words.map((word) => expandArgument(word, environment));
    const unknown = list.find((word) => word instanceof Unknown);
    for (const settings of walk.found.values())
      settings.arguments.push({ path, words: expanded, environment, unknown });
  }
  for (const [index, each] of list.entries()) {
    if (!mayHold(each)) continue;
    visit(walk, each, { path: inner(path, index), key: "", values, texts, installs });
  }
}

function visitBlock(walk: Walk, block: Block, place: Place): void {
  const { path, key } = place;
  if (isObject(block)) return visitObject(walk, block, place);
  if (isDashboard(block) || isSchema(block)) return;
  if (place.values === "of a known chart") return visitInside(walk, block, place);
  if (place.values && isOff(block)) return;
  const program = programs.find((each) => each.key === key);
  if (program && visitValue(walk, program, block, place)) return;
  const layout = program ? undefined : layoutOf({ name: key, values: block });
  if (layout) return visitValues(walk, { name: key, values: block }, place, layout);
  const kind = whose(block);
  const own = programs.find(({ name }) => name === kind);
  if (!own) return visitInside(walk, block, place);
  const read = (environment: Environment) => expandValues(block, own, environment);
  const guess = place.values && ({ isGuess: true } as const);
  const config = { content: read(walk.environment), path, pathOf: (name: string) => inner(path, name), ...guess };
  walk.found.get(own)?.configs.push({ ...config, ...(walk.isAwaited && { read }) });
}

// By custom a chart leaves out a sub-chart so.
const isOff = (values: unknown): boolean => isBlock(values) && values.enabled === false;

function visitInside(walk: Walk, block: Block, place: Place, except?: ReadonlySet<string>): void {
  const { path, key, values, texts, installs } = place;
  if (values && key === "extraArgs") return visitList(walk, wordsOf(block), place);
  if (block.overrides) visitOverrides(walk, block.overrides, inner(path, "overrides"));
  const around = { values: block, path };
  for (const name of Object.keys(block)) {
    if (except?.has(name) || (installs && ofHelm.has(name))) continue;
    const value = block[name];
    if (isForPeople(name, value)) continue;
    if (mayHold(value) || (typeof value === "string" && calledAs(name, walk.name)))
      visit(walk, value, { path: inner(path, name), key: name, around, values, texts, installs });
  }
}

// What is only read by people may quote a configuration: `README.md`, an alert's annotations.
const isForPeople = (name: string, value: unknown): boolean =>
  name === "annotations" || (typeof value === "string" && (name === "description" || pages.test(name)));

const pages = /\.(md|markdown|rst|adoc|txt|html?|rego)$/i;

// Where objects that install charts have their values.
const ofHelm = new Set(["helm", "values", "valuesContent", "set", "templatePatch"]);

// Objects that install charts, and Secrets, may be anywhere: in a manifest, or among what a chart's values add.
function visitObject(walk: Walk, object: Block, place: Place): void {
  const installed = installedBy(object);
  for (const chart of installed ?? []) {
    untoldValues(walk, chart, place.path);
    visitValues(walk, chart, { ...place, path: joined(place.path, chart.path) });
  }
  const { kind, data, binaryData } = object;
  const inBase64 = binaryData !== undefined || isSecret(kind);
  const shown = inBase64
    ? { ...object, ...(isSecret(kind) && { data: decoded(data) }), binaryData: decoded(binaryData) }
    : object;
  visitInside(walk, shown, { ...place, values: undefined, key: "", installs: installed && true }, ofObject);
}

// What names an object says nothing of a program.
const ofObject = new Set(["metadata"]);

/** What a chart's values say; of an unknown one, what the names in them and their shape show. */
function visitValues(walk: Walk, chart: Values, place: Place, layout: Layout | undefined = layoutOf(chart)): void {
  const { name, version, values, around, isPartial, unreadable = [] } = chart;
  const { path } = place;
  if (!layout) return visitInside(walk, values, { ...place, key: "", values: "of a chart" });
  const program = programs.find(({ key }) => key === layout.program);
  // Without it the chart has its defaults, unless they are in what isn't seen.
  const byDefault = isPartial || unreadable.length > 0 ? undefined : {};
  const value = layout.value === undefined ? values : (values[layout.value] ?? byDefault);
  const ofValue = layout.value === undefined ? path : inner(path, layout.value);
  if (program && isBlock(value)) {
    const chart = { name, version, around, isPartial };
    note(walk, program, value, { path: ofValue, values, valuesPath: path, chart, keys: layout.keys });
  }
  for (const [key, each] of Object.entries(values)) {
    const known = layout.charts?.[key];
    const inside: Place = { ...place, path: inner(path, key), key, values: "of a known chart" };
    const ofThis = name === undefined ? undefined : { name, version };
    if (known && isOff(each)) continue;
    if (known && isBlock(each)) visitValues(walk, { ...known, values: each, around: ofThis, isPartial }, inside);
    else if (mayHold(each) && !(key === layout.value && isBlock(each))) visit(walk, each, inside);
  }
}

// What has a block by which charts call a program is values, whatever stands beside it.
function whose(value: unknown): Kind | undefined {
  if (isBlock(value) && (isDashboard(value) || programs.some(({ key }) => isBlock(value[key])))) return undefined;
  return kindOf(value);
}

// What its panels say of a configuration is for people.
const isDashboard = (block: Block): boolean => Array.isArray(block.panels);

// That of values, or of a custom resource (https://json-schema.org), describes what others may write.
const isSchema = ({ properties, type, $schema }: Block): boolean =>
  isBlock(properties) && (type === "object" || $schema !== undefined);

/** In values, or a file of values, of a chart that isn't known: the value by which the charts that are known call a program, or a sub-chart. */
function visitValue(walk: Walk, program: Program, value: Block, place: Place): boolean {
  const { path, around } = place;
  const within = value[program.key];
  if (isBlock(within) && (program.isValue(within) || !program.isValue(value))) {
    visitValues(
      walk,
      { name: nameOf(value), values: value },
      place,
      layoutOf({ name: ownChart[program.name], repository: "grafana", values: value }),
    );
    return true;
  }
  if (!program.isValue(value)) return false;
  note(walk, program, value, { path, values: around?.values ?? {}, valuesPath: around?.path ?? "" });
  return true;
}

// What no other chart has, nor this one before version 6.
const nameOf = (values: Block): string | undefined => ("deploymentMode" in values ? "loki" : undefined);

const ownChart: Readonly<Record<Program["name"], string>> = { Loki: "loki", Mimir: "mimir-distributed" };

function note(walk: Walk, program: Program, value: Block, context: Omit<ChartContext, "environment">): void {
  const { config, overrides, unreadable } = program.ofChart(value, { ...context, environment: walk.environment });
  const read = (environment: Environment) => program.ofChart(value, { ...context, environment }).config?.content ?? {};
  const settings = walk.found.get(program);
  settings?.unreadable.push(...unreadable);
  if (config) settings?.configs.push({ ...config, ...(walk.isAwaited && { read }) });
  // Known by their place: no setting must show whose they are.
  if (overrides && isBlock(overrides.content))
    settings?.overrides.push({ path: overrides.path, tenants: overrides.content });
}

// mimir-distributed writes `key: value` of its extraArgs as -key=value.
function wordsOf(flags: Block): unknown[] {
  return Object.entries(flags).map(([flag, value]) => (value instanceof Unknown ? value : `-${flag}=${String(value)}`));
}

// Most of a stack is numbers, names and switches: nothing is made on the way to them.
function mayHold(value: unknown): boolean {
  if (typeof value === "string") return value.includes(":") && isOfSeveral(value) && mentions.test(value);
  return typeof value === "object" && value !== null;
}

// One line without brackets holds a single setting, and only switches stand at the top of a configuration.
const isOfSeveral = (text: string): boolean => /[\n{"]|_enabled/.test(text);

function visitText(walk: Walk, text: string, place: Place): void {
  const { path, texts } = place;
  const { program, content, ignored, problem, isSound, ...placeholders } = readFor(walk, text);
  const written = isSound ? [] : heredocsIn(text);
  if (written.length > 0) {
    const telling = written.filter((each) => mayHold(each.text));
    for (const each of telling.slice(0, mostWritten))
      visit(walk, each.text, { path: `${path}: <<${each.word}`, key: "", texts: texts + 1 });
    if (telling.length > mostWritten) untold(walk, path, `a script that writes more than ${mostWritten} such files`);
    return;
  }
  const own = program && walk.found.get(program);
  if (isEncrypted(content)) {
    own?.unreadable.push({ path, problem: "encrypted with sops" });
    return;
  }
  if (problem) own?.unreadable.push({ path, problem });
  const isEmpty = isSound && (content === null || content === undefined);
  const others = programs.filter(({ name }) => ignored.some((each) => kindOf(each) === name));
  const followed = ({ name }: Program) =>
    isEmpty
      ? `after an empty YAML document, and ${name} reads only the first`
      : `followed by another YAML document, and ${name} reads only the first`;
  if (own && isSound) {
    const read = readAnew(text, program, content as Block);
    const config = { content: content as Block, path, pathOf: (name: string) => `${path}: ${name}`, ...placeholders };
    own.configs.push({ ...config, ...(walk.isAwaited && { read }) });
    if (ignored.some((each) => each !== null)) own.unreadable.push({ path, problem: followed(program) });
    return;
  }
  if (!own && !isSound) unlike(walk, text, place, problem);
  if (!isSound || (typeof content !== "object" && !isEmpty)) return;
  if (texts === mostTexts) return untold(walk, path, `in more than ${mostTexts} nested texts`);
  const inside: Place = { path: `${path}: `, key: "", texts: texts + 1 };
  visit(walk, content, inside);
  const first = isEmpty ? ignored.find((each) => each !== null) : content;
  if (isBlock(first) && isObject(first)) return ignored.forEach((each) => visit(walk, each, inside));
  for (const each of others) walk.found.get(each)?.unreadable.push({ path, problem: followed(each) });
}

// A file that isn't YAML, and says by its name what it should be. A template is filled in by whoever reads it.
function unlike(walk: Walk, text: string, { path, key }: Place, problem: string | undefined): void {
  const called = problem && !text.includes("{{") ? calledAs(key, walk.name) : undefined;
  if (!problem || !called) return;
  const { program, isValues, isOwn } = called;
  const outline = outlineOf(text);
  if (isValues) {
    if (!program && !mentions.test(text)) return;
    for (const { unreadable } of walk.found.values()) unreadable.push({ path, problem, isValues });
  } else if (program && kindOf(outline) === undefined && (isOwn || Object.keys(outline).length > 0)) {
    walk.found.get(program)?.unreadable.push({ path, problem });
  }
}

// https://getsops.io/docs/#encrypting-using-age: it leaves the keys as they are, and adds one of its own with a signature.
function isEncrypted(content: unknown): boolean {
  return isBlock(content) && typeof atPath(content, "sops.mac") === "string";
}

interface ReadFor
  extends ReturnType<typeof readYaml>, Pick<Config, "variable" | "foreignPlaceholder" | "brokenByExpansion"> {
  /** Whose configuration it is. */
  program?: Program;
}

// Whose it is shows without its placeholders, unless they are what keeps it from being YAML; each program expands them in its own way.
function readFor(walk: Walk, text: string): ReadFor {
  const readBy = (reader: Reader, written = text) => {
    if (!text.includes("$")) return readYaml(written, reader, noEnvironment);
    const read = readYaml(written, reader, walk.environment);
    // A default may be what makes YAML of it.
    return read.isSound || !walk.isAwaited ? read : readYaml(written, reader, noEnvironment);
  };
  const plain = readBy(asItIs);
  const kind = whose(plain.isSound ? plain.content : outlineOf(text));
  const own = programs.find(({ name }) => name === kind);
  // What isn't YAML before it is expanded has one where it matters, but for comments.
  const source = plain.isSound ? plain.content : text.replace(/(^|\s)#.*$/gm, "");
  const hasAny = own && text.includes("${");
  const variable = hasAny ? variableIn(source) : undefined;
  const isLoki = own?.name === "Loki";
  const foreignPlaceholder = hasAny && isLoki ? foreignPlaceholderIn(text) : undefined;
  const halved = isLoki && plain.isSound && text.includes("\\") && readBy(own, withHalvedBackslashes(text));
  const brokenByExpansion = halved && !plain.problem ? halved.problem : undefined;
  if (own) return { ...readBy(own), program: own, variable, foreignPlaceholder, brokenByExpansion };
  if (plain.isSound || kind) return plain;
  const program = programs.find((each) => readBy(each).isSound && kindOf(readBy(each).content) === each.name);
  return program ? { ...readBy(program), program } : plain;
}

const asItIs = { name: "YAML", expand: (text: string) => text };

// A text is parsed only if it has, as a key, what makes a configuration of a program, or of its tenants, or values of its charts; or is the manifest
// of a Secret, which doesn't show what it holds.
const mentions = new RegExp(
  `(?:^|[\\s"'{,]|\\\\n)(?:${[
    ...mentioned,
    ...programs.flatMap(({ key, tenantSettings }) => [key, ...tenantSettings]),
    "schemaConfig",
    "structuredConfig",
  ].join("|")})(?:["']\\s*:|\\s*:(?:\\s|$|[{[\\\\]))|\\bkind["']?\\s*:\\s*["']?Secret\\b`,
);

function visitOverrides(walk: Walk, tenants: unknown, path: string): void {
  if (!isBlock(tenants)) return;
  for (const [{ tenantSettings }, { overrides }] of walk.found) {
    const isOwn = Object.values(tenants).some(
      (tenant) => isBlock(tenant) && tenantSettings.some((each) => each in tenant),
    );
    if (isOwn && !overrides.some((each) => each.path === path)) overrides.push({ path, tenants });
  }
}

function isSecret(kind: unknown): boolean {
  return kind === "Secret" || kind === "SecretPatch";
}

function decoded(data: unknown): unknown {
  if (!isBlock(data)) return data;
  const decode = (value: unknown) =>
    typeof value === "string" ? Buffer.from(value, "base64").toString("utf8") : value;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, decode(value)]));
}

function isObject({ apiVersion, kind }: Block): boolean {
  return typeof apiVersion === "string" && typeof kind === "string";
}
