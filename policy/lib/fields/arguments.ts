import type { Config } from "../config/config";
import { environmentOf, expandArgument } from "../config/environment";
import { settingsOf } from "../config/find";
import { unreadable } from "../config/placeholders";
import type { Program } from "../config/program";
import { isRemovedFlag } from "../loki/removal";
import { minorOf } from "../config/version";
import type { Refusal } from "../finding";
import { nearest } from "../nearest";
import { once } from "../once";
import { along, inner } from "../paths";
import { podsOf } from "../pods/find";
import { versionOf } from "../programs";
import { parseReference } from "../reference";
import type { Resource } from "../resource";
import { at, isBlock, Unknown, type Block } from "../unknown";
import { certaintyOf, judgedBy, plain, whichHas } from "./judged";
import { flagListOf, type Field } from "./list";
import { takes } from "./misfits";

/** How a program is started. */
interface Started {
  words: readonly Word[];
  /** Its minor version, where something names it. */
  version?: string;
}

/** One argument, and the list that it is in. */
interface Word {
  path: string;
  word: unknown;
}

// Where charts have the arguments of parts that run the program itself, and not a proxy or a cache; of the oldest at the top.
const parts: Readonly<Record<Program["name"], readonly string[]>> = {
  Loki: (
    "global singleBinary write read backend ingester distributor querier queryFrontend queryScheduler indexGateway compactor ruler " +
    "bloomGateway bloomPlanner bloomBuilder patternIngester overridesExporter tableManager"
  ).split(" "),
  Mimir: (
    "alertmanager compactor distributor ingester overrides_exporter querier query_frontend query_scheduler ruler " +
    "ruler_querier ruler_query_frontend ruler_query_scheduler store_gateway"
  ).split(" "),
};

// What isn't known until the program starts: a variable, a template of a chart.
const open = /\$[({]|\{\{/;

/** What a program refuses when it is started: flags that its version doesn't have, values that they don't take, and targets that it doesn't run. */
export function* refusedArguments(resource: Resource, program: Program): Iterable<Refusal> {
  for (const each of startsOf(resource, program)) yield* refusedIn(each, program);
}

/** Flags that a program never reads, as a word before them belongs to none. */
export function* ignoredArguments(resource: Resource, program: Program): Iterable<Refusal> {
  for (const { words } of startsOf(resource, program)) {
    const rest = readBy(words, program).rest;
    const flag = rest.slice(1).find(({ word }) => typeof word === "string" && /^-./.test(word));
    if (!flag || typeof rest[0].word !== "string" || open.test(rest[0].word)) continue;
    yield {
      path: rest[0].path,
      found: `a word that belongs to no flag, before -${nameIn(flag.word as string)}`,
      wanted: "flags only, those of true or false with their value behind “=”",
      why: `${program.name} ignores every flag after such a word, without an error.`,
      fix: "Remove the word, or write -flag=value.",
    };
  }
}

// Two policies ask.
const starts = once((program: Program) => once((resource: Resource) => [...started(resource, program)]));

function startsOf(resource: Resource, program: Program): readonly Started[] {
  return settingsOf(resource, program).arguments.length === 0 ? [] : starts(program)(resource);
}

function* started(resource: Resource, program: Program): Iterable<Started> {
  const { configs } = settingsOf(resource, program);
  for (const config of configs) yield* startedByChart(config, program);
  for (const pods of podsOf(resource)) {
    if (pods instanceof Unknown || pods.ofOperator) continue;
    for (const { path, fields } of pods.containers) {
      const started = fields instanceof Unknown ? undefined : startedBy(fields, path, program);
      if (started) yield started;
    }
  }
}

// A container that runs the program itself: by its image, and its command where it has one.
function startedBy(container: Block, path: string, { key }: Program): Started | undefined {
  const { image, command, args } = container;
  const { repository, tag } = parseReference(typeof image === "string" ? image : "");
  const [called, ...rest] = listOf(command);
  if (called !== undefined && (typeof called !== "string" || called.split("/").at(-1) !== key)) return undefined;
  const isNamed = new RegExp(`/(?:grafana-)?${key}$`).test(repository);
  if (!isNamed && called === undefined) return undefined;
  const environment = environmentOf(container);
  const words = [
    ...rest.map((word) => ({ path: inner(path, "command"), word })),
    ...listOf(args).map((word) => ({ path: inner(path, "args"), word })),
  ].map(({ path, word }) => ({ path, word: typeof word === "string" ? expandArgument(word, environment) : word }));
  // Others have programs of that name, too.
  const isGrafanas = new RegExp(`/grafana[/-]${key}$`).test(repository) || words.some(({ word }) => isUsual(word));
  return isGrafanas ? { words, version: isNamed ? minorOf(tag) : undefined } : undefined;
}

const isUsual = (word: unknown) => typeof word === "string" && /^--?(config\.(file|expand-env)|target)(=|$)/.test(word);

function* startedByChart({ chart, version }: Config, { name }: Program): Iterable<Started> {
  // Grafana Enterprise Logs and Metrics have flags of their own.
  if (!chart || (at(chart.values, "enterprise.enabled") ?? false) !== false) return;
  const at_ = (place: string) => ({ path: along(chart.path, place), given: at(chart.values, place) });
  const lists = parts[name].map((part) => at_(`${part}.extraArgs`));
  const top = at_("extraArgs");
  for (const { path, given } of isBlock(top.given) && name === "Loki" ? [...lists, top] : lists) {
    const words = isBlock(given) ? Object.entries(given).map(asWord) : listOf(given);
    if (words.length > 0) yield { words: words.map((word) => ({ path, word })), version };
  }
}

// Of an empty value charts make different things.
function asWord([flag, value]: [string, unknown]): unknown {
  if (value instanceof Unknown) return value;
  return `-${flag}=${value === null || value === "" ? "{{}}" : String(value)}`;
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

/** A flag as it is given. */
interface Given {
  path: string;
  name: string;
  /** Without one, the flag ends the list. */
  value?: unknown;
}

// As Go's package flag reads them: https://pkg.go.dev/flag#hdr-Command_line_flag_syntax
function readBy(words: readonly Word[], { name: program }: Program): { flags: Given[]; rest: readonly Word[] } {
  const known = flagListOf(program).flags;
  const flags: Given[] = [];
  for (let index = 0; index < words.length; index++) {
    const { path, word } = words[index];
    if (typeof word === "string" && (!/^-./s.test(word) || word === "--")) return { flags, rest: words.slice(index) };
    if (typeof word !== "string" || open.test(word.split("=")[0])) break;
    const [, name = "", value] = /^--?(?![-=])([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (["h", "help"].includes(name)) break;
    const kind = known.get(name)?.kind;
    if (value !== undefined) flags.push({ path, name, value });
    else if (kind === "bool") flags.push({ path, name, value: "true" });
    else flags.push({ path, name, value: words[++index]?.word });
    // Whether the next word is its value isn't known.
    if (value === undefined && kind === undefined) break;
  }
  return { flags, rest: [] };
}

const nameIn = (word: string) => plain(word.replace(/^--?/, "").split("=")[0]);

function* refusedIn({ words, version }: Started, program: Program): Iterable<Refusal> {
  const list = flagListOf(program.name);
  const judged = judgedBy(list, version);
  for (const { path, name, value } of readBy(words, program).flags) {
    const place = `${path}: -${plain(name)}`;
    const known = list.flags.get(name);
    if (!known || !has(known, judged.version)) {
      const isElsewhere = program.name === "Loki" && isRemovedFlag(name);
      const named = isElsewhere ? undefined : refusing(known, version, program);
      if (named !== undefined) yield unknownFlag(place, name, known?.versions, named, program);
      // What it takes, and whether the next word is its value, is that of another version.
      continue;
    }
    if (value === undefined) yield withoutValue(place, program);
    else if (typeof value === "string" && !open.test(value)) {
      yield* unfitValue(place, value, known.kind, program);
      if (name === "target") yield* unknownTargets(place, value, version, program);
    }
  }
}

type Listed = Pick<Field, "versions">;

const has = ({ versions }: Listed, version: string) => versions?.includes(version) ?? true;

/** The version that surely refuses what is missing in the list, or in the version's part of it; undefined where none surely does. */
function refusing(known: Listed | undefined, version: string | undefined, { name }: Program): string | undefined {
  // Mimir 2.9 to 2.16 have no list, so what no list has may be theirs.
  if (version === undefined && name === "Mimir") return undefined;
  const list = flagListOf(name);
  const certainty = certaintyOf(known ? (known.versions ?? list.versions) : [], version, judgedBy(list, version));
  return certainty.isSure ? certainty.version : undefined;
}

function unknownFlag(
  path: string,
  name: string,
  versions: readonly string[] | undefined,
  version: string,
  program: Program,
): Refusal {
  const { flags } = flagListOf(program.name);
  const { version: own } = judgedBy(flagListOf(program.name), version);
  const having = [...flags].filter(([, each]) => has(each, own));
  const meant = nearest(
    name,
    having.map(([flag]) => flag),
  );
  return {
    path,
    found: `a flag that ${program.name} ${version} doesn't know`,
    wanted: meant === undefined ? "the flag removed" : `-${meant}, or the flag removed`,
    why: `${program.name} refuses to start: "flag provided but not defined".`,
    fix: [
      /\s/.test(name) ? "Write the flag and its value as two words, or with “=”." : "Correct the flag, or remove it.",
      ...(versions ? [whichHas(versions, version, program.name)] : []),
    ].join(" "),
  };
}

function withoutValue(path: string, { name }: Program): Refusal {
  return {
    path,
    found: "a flag without a value",
    wanted: "-flag=value",
    why: `${name} refuses to start: "flag needs an argument".`,
    fix: "Write the value.",
  };
}

const whole = /^[+-]?(0x[\da-f_]+|0b[01_]+|0o?[0-7_]*|[1-9][\d_]*)$/i;
const float = /^[+-]?(inf(inity)?|nan|0x[\da-f_.]+p[+-]?\d+|(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(e[+-]?[\d_]+)?)$/i;

// What a flag takes for its value, by what it is; of others it can't be told.
const values: Partial<Record<Field["kind"], { wanted: string; takes(value: string): boolean }>> = {
  bool: { wanted: "true or false", takes: (value) => /^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(value) },
  int: { wanted: "a whole number", takes: (value) => whole.test(value) },
  uint: { wanted: "a whole number, 0 or more", takes: (value) => whole.test(value) && !/^[+-]/.test(value) },
  float: { wanted: "a number", takes: (value) => float.test(value) },
  duration: { wanted: "a duration with its unit, such as 30s or 36h (Go's, which has no days)", takes: takes.duration },
  period: { wanted: "a duration such as 30d", takes: takes.period },
  size: { wanted: "a size without a fraction, such as 256KB or 4MB (not KiB or MiB)", takes: takes.size },
  level: { wanted: "debug, info, warn or error", takes: takes.level },
};

function* unfitValue(path: string, value: string, kind: Field["kind"], { name }: Program): Iterable<Refusal> {
  const fits = values[kind];
  if (!fits || fits.takes(value)) return;
  yield {
    path,
    found: /^[\w.-]{0,40}$/.test(value) ? JSON.stringify(value) : `a text of ${value.length} characters`,
    wanted: fits.wanted,
    why: `${name} refuses to start: "invalid value".`,
    fix: "Correct the value.",
  };
}

/** What a program refuses of the targets that a file names. */
export function* refusedTargets(config: Config, program: Program): Iterable<Refusal> {
  const { target } = config.content;
  if (typeof target !== "string" || unreadable(target) || config.flags?.has("target") || config.isGuess) return;
  yield* unknownTargets(config.pathOf("target"), target, versionOf(config, program), program);
}

function* unknownTargets(
  path: string,
  value: string,
  version: string | undefined,
  program: Program,
): Iterable<Refusal> {
  const { name } = program;
  const list = flagListOf(name);
  const judged = judgedBy(list, version);
  for (const target of value.split(",")) {
    const known = list.targets.get(target);
    const named = known && has(known, judged.version) ? undefined : refusing(known, version, program);
    if (named === undefined) continue;
    const own = [...list.targets].filter(([, each]) => has(each, judged.version)).map(([each]) => each);
    const meant = nearest(target.trim(), own);
    yield {
      path,
      found: `${JSON.stringify(/^ *[\w.-]{0,60} *$/.test(target) ? target : "…")}, which is no target of ${name} ${named}`,
      wanted: meant === undefined ? "a target that it has" : meant,
      why: `${name} ends as soon as it starts.`,
      fix: `Correct it: targets are separated by commas, without spaces. \`${name === "Loki" ? "loki -list-targets" : "mimir -modules"}\` lists them.`,
    };
  }
}
