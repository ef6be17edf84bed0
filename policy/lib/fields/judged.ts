import { compareVersions } from "../charts/app-versions";
import type { Config, Overrides } from "../config/config";
import type { Program } from "../config/program";
import { quote } from "../config/read";
import { nearest } from "../nearest";
import { isDefaulted } from "../loki/emptied";
import { once } from "../once";
import { inner } from "../paths";
import { versionOf } from "../programs";
import type { Refusal } from "../finding";
import { isBlock, Later, type Block } from "../unknown";
import { fieldListOf, type Field, type FieldList } from "./list";
import { misfits, takes, type Misfit } from "./misfits";

type Listed = Pick<Program, "name">;

/** The version of a list by which a configuration is judged. */
export interface Judged {
  /** One of the list. */
  version: string;
  /** Whether it is the version that reads the configuration. Where it is not, the list has none of that minor version. */
  isListed: boolean;
}

/**
 * The version of a list that says most of another one: the same, or else the newest before it, or else the oldest.
 *
 * @param version a minor version; none for the newest of the list
 */
export function judgedBy({ versions }: Pick<FieldList, "versions">, version: string | undefined): Judged {
  if (version === undefined) return { version: versions.at(-1)!, isListed: true };
  const last = versions.findLast((each) => compareVersions(each, version) <= 0);
  return { version: last ?? versions[0], isListed: last === version };
}

/** What a version refuses in a configuration, with what reads it. */
export interface JudgedMisfit extends Misfit {
  path: string;
  /** The minor version that reads it, as it was named or else judged by. */
  version: string;
  /** Whether that version is known to refuse it: it has a list, and is named, or no other version that has a list takes it. */
  isSure: boolean;
  /** Whether a version is named. */
  isNamed: boolean;
}

/** What a program refuses in a configuration when it reads the file; several policies each report some of it. */
export function misfitsOf(config: Config, program: Program): readonly JudgedMisfit[] {
  return known(program)(config);
}

const known = once((program: Program) =>
  once((config: Config) => judgedMisfits(config, program, versionOf(config, program))),
);

function judgedMisfits(config: Config, program: Program, version: string | undefined): JudgedMisfit[] {
  if (config.isGuess || isEnterprise(config.content)) return [];
  const list = fieldListOf(program.name);
  const judged = judgedBy(list, version);
  // An argument gives its value in a form of its own.
  const given = config.flags ? [...config.flags.keys()] : [];
  return misfits(config.content, list.root, judged.version)
    .filter(({ keys, value }) => !given.includes(keys.join(".")) && !(value instanceof Later))
    .filter(({ field }) => !(config.chart && field?.rule?.isOfWhole))
    .map((misfit) => {
      const [block, ...rest] = misfit.keys;
      const path = rest.reduce<string>(inner, config.pathOf(String(block)));
      return { ...misfit, path, ...certaintyOf(misfit.versions, version, judged) };
    })
    .filter(({ value, keys, path }) => !(value === null && isDefaulted(path, String(keys[0]), config.chart)));
}

// Grafana Enterprise Logs and Metrics have settings of their own beside those of Loki and Mimir; there is no list of them.
function isEnterprise(content: Block): boolean {
  return ["license", "admin_api", "admin_client"].some((key) => isBlock(content[key]));
}

/** The same of settings by tenant, which are those of one block. */
export function misfitsOfTenants(
  { path, tenants }: Overrides,
  program: Listed,
  version: string | undefined,
): JudgedMisfit[] {
  const list = fieldListOf(program.name);
  const judged = judgedBy(list, version);
  const limits = list.root.keys?.get(program.name === "Loki" ? "limits_config" : "limits");
  return Object.entries(tenants).flatMap(([tenant, content]) => {
    if (!limits || !isBlock(content)) return [];
    return misfits(content, limits, judged.version).map((misfit) => ({
      ...misfit,
      path: misfit.keys.reduce<string>(inner, inner(path, tenant)),
      ...certaintyOf(misfit.versions, version, judged),
    }));
  });
}

type Certainty = Pick<JudgedMisfit, "version" | "isSure" | "isNamed">;
/**
 * How sure it is that something is refused.
 *
 * @param versions of the list that take it
 * @param named the version that is named
 * @param judged the one by which it is judged
 */
export function certaintyOf(
  versions: readonly string[],
  named: string | undefined,
  { version, isListed }: Judged,
): Certainty {
  const isNamed = named !== undefined;
  return { version: named ?? version, isSure: isNamed ? isListed : versions.length === 0, isNamed };
}

const kinds: Readonly<Record<Field["kind"], string>> = {
  block: "a block of settings",
  list: "a list",
  bool: "true or false, without quotes",
  int: "a whole number, without quotes",
  uint: "a whole number, 0 or more, without quotes",
  float: "a number, without quotes",
  text: "one value",
  duration: "a duration in hours, minutes and seconds such as 36h (Go's, which has no days)",
  durationText: "a duration with its unit, such as 30s or 36h (Go's, which has no days)",
  period: "a duration such as 30d",
  size: "a size without a fraction, such as 256KB or 4MB (not KiB or MiB)",
  level: "debug, info, warn or error",
  any: "another value",
};

/** What a refusal says of a misfit that is no removed setting. */
export function refusalOf(misfit: JudgedMisfit, { name }: Listed): Refusal {
  const { path, value, field, keys, versions, version } = misfit;
  if (field && value === null) {
    const why = `A key without a value isn't the default but ${JSON.stringify(field.zero)}, and ${name} refuses to start with it.`;
    const wanted = field.rule?.wanted ?? kinds[field.kind];
    return {
      path,
      found: "empty",
      wanted: `${wanted}, or the key removed`,
      why,
      fix: "Write a value, or remove the key.",
    };
  }
  if (field) {
    const rule = takes[field.kind](value) ? field.rule : undefined;
    const why = rule ? `${name} refuses to start with it.` : `${name} refuses to start: "cannot unmarshal".`;
    const wanted = rule?.wanted ?? kinds[field.kind];
    return { path, found: rule?.found ?? shown(value), wanted, why, fix: "Correct the value." };
  }
  const last = String(keys.at(-1));
  const meant = meantBy(misfit);
  const places = versions.length > 0 ? [] : placesOf(last, fieldListOf(name)).slice(0, 3);
  return {
    path,
    found: `a setting that ${name} ${version} doesn't know`,
    wanted: meant === undefined ? "the key removed" : `${meant}, or the key removed`,
    why: `${name} refuses to start: "field ${plain(last)} not found".`,
    fix: [
      "Correct the key, or remove it.",
      ...(versions.length > 0 ? [whichHas(versions, version, name)] : []),
      ...(places.length > 0 ? [`A setting of that name is at ${places.join(", ")}.`] : []),
    ].join(" "),
  };
}

/** Says which versions have what another one doesn't know. */
export function whichHas(versions: readonly string[], version: string, name: string): string {
  if (versions.some((each) => compareVersions(each, version) < 0)) return `An earlier ${name} has it.`;
  return `${name} ${versions[0]} is the first that has it.`;
}

function shown(value: unknown): string {
  return Array.isArray(value) ? "a list" : isBlock(value) ? "a block" : quote(value);
}

/** The setting that somebody may have meant who wrote one that isn't known there. */
export function meantBy({ keys, block, version }: JudgedMisfit): string | undefined {
  const known = [...(block?.keys ?? [])].filter(([, { versions }]) => versions?.includes(version) ?? true);
  return nearest(
    String(keys.at(-1)),
    known.map(([key]) => key),
  );
}

/** A name as a message shows it: one of somebody's own may be anything. */
export function plain(key: string): string {
  return /^[\w.-]{1,60}$/.test(key) ? key : "…";
}

const remembered = new WeakMap<FieldList, Map<string, string[]>>();

// Where the newest version has a setting of that name, the shortest places first.
function placesOf(key: string, list: FieldList): string[] {
  let places = remembered.get(list);
  if (!places) {
    places = new Map();
    remembered.set(list, places);
    collect(list.root, [], list.versions.at(-1)!, places);
  }
  return (places.get(key) ?? []).toSorted((a, b) => a.split(".").length - b.split(".").length);
}

function collect(field: Field, keys: readonly string[], newest: string, places: Map<string, string[]>): void {
  if (field.each) collect(field.each, [...keys, "*"], newest, places);
  for (const [key, own] of field.keys ?? []) {
    if (own.versions && !own.versions.includes(newest)) continue;
    places.set(key, [...(places.get(key) ?? []), [...keys, key].join(".")]);
    collect(own, [...keys, key], newest, places);
  }
}
