import { readFileSync } from "node:fs";
import path from "node:path";
import type { Program } from "../config/program";
import { rules, type Rule } from "./rules";

/** What may stand at a place of a program's configuration. */
export interface Field {
  /** The versions that have it; all of the list where none is given. */
  versions?: readonly string[];
  /**
   * What it is: a block, a list, or a scalar. A duration is one of Go's (`90m`; as a text, no number but 0 is one), a period one of Prometheus' (`90d`),
   * a size one of Loki's (`256KB`), a level that of a log, and anything is what the program reads in a way of its own.
   */
  kind:
    | "block"
    | "list"
    | "bool"
    | "int"
    | "uint"
    | "float"
    | "text"
    | "duration"
    | "durationText"
    | "period"
    | "size"
    | "level"
    | "any";
  /** A block's fields by their keys. */
  keys?: ReadonlyMap<string, Field>;
  /** Of a list its elements, of a block with keys of the user's own their values. */
  each?: Field;
  /** What it must be besides. */
  rule?: Rule;
  /** What it is where only its key is written; none where that leaves the default. */
  zero?: false | 0 | "";
}

/** The fields of a program's configuration, in some of its versions. */
export interface FieldList {
  /** The versions, from the oldest, such as `3.6`. */
  versions: readonly string[];
  root: Field;
}

type Written = string | [Written] | { [key: string]: Written };

/** The flags of a program and what it may be told to run, in some of its versions. */
export interface FlagList {
  /** The versions, from the oldest, such as `3.6`. */
  versions: readonly string[];
  /** By its name without dashes, what a flag takes, and the versions that have it; all of the list where none is given. */
  flags: ReadonlyMap<string, Pick<Field, "kind" | "versions">>;
  /** The same of the targets. */
  targets: ReadonlyMap<string, Pick<Field, "versions">>;
}

// What lab/policy-fields writes.
interface File {
  modules: Record<string, string>;
  /** What `=name` stands for. */
  blocks: Record<string, Written>;
}

const read = new Map<string, FieldList>();
const readFlags = new Map<string, FlagList>();

/** The list of a program, which `npm run policy:fields` makes out of the program's own source. */
export function fieldListOf(program: Program["name"]): FieldList {
  const known = read.get(program);
  if (known) return known;
  const { modules, blocks, fields } = fileOf(program, "fields.json") as File & { fields: Written };
  const versions = Object.keys(modules);
  const list = { versions, root: fieldOf(fields, { all: versions, blocks, program }, []) };
  read.set(program, list);
  return list;
}

/** The flags of a program, from the same source. */
export function flagListOf(program: Program["name"]): FlagList {
  const known = readFlags.get(program);
  if (known) return known;
  const { modules, blocks, ...written } = fileOf(program, "flags.json") as File & { flags: Written; targets: Written };
  const versions = Object.keys(modules);
  // By a flag's name no more is known of its texts.
  const of = (each: Written) => fieldOf(each, { all: versions, blocks }, []);
  const flags = new Map<string, Field>();
  collectFlags(flags, of(written.flags));
  const list = { versions, flags, targets: of(written.targets).keys! };
  readFlags.set(program, list);
  return list;
}

function collectFlags(all: Map<string, Field>, { keys, versions }: Field, around?: string): void {
  for (const [part, own] of keys ?? []) {
    // A flag that is also the beginning of others.
    const name = part === "." ? around : around === undefined ? part : `${around}.${part}`;
    const field = { ...own, versions: own.versions ?? versions };
    if (field.keys) collectFlags(all, field, name);
    else all.set(name!, field);
  }
}

function fileOf(program: Program["name"], name: string): File {
  return JSON.parse(readFileSync(path.join(__dirname, "..", program.toLowerCase(), name), "utf8")) as File;
}

interface List extends Pick<File, "blocks"> {
  all: string[];
  /** Whose fields they are, where texts have rules. */
  program?: Program["name"];
}

function fieldOf(written: Written, list: List, place: readonly string[], versions?: string[]): Field {
  if (typeof written === "string" && written.startsWith("="))
    return fieldOf(list.blocks[written.slice(1)], list, place, versions);
  if (typeof written === "string") {
    // yaml.v2, with which Loki reads, takes a number for nanoseconds; yaml.v3 takes none but 0.
    const kind = written === "duration" && list.program === "Mimir" ? "durationText" : (written as Field["kind"]);
    return { versions, kind, rule: ruleOf(place, list), zero: list.program === "Loki" ? zeros[kind] : undefined };
  }
  if (Array.isArray(written)) {
    const each = fieldOf(written[0], list, [...place, "*"]);
    return { versions, kind: "list", each, rule: ruleOf(place, list) };
  }
  // Of a few thousand fields a configuration has a hundred: a block's are made when one asks for them.
  let inside: Pick<Field, "keys" | "each"> | undefined;
  const made = () => (inside ??= insideOf(written, list, place));
  return {
    ...{ versions, kind: "block", rule: ruleOf(place, list) },
    get keys() {
      return made().keys;
    },
    get each() {
      return made().each;
    },
  };
}

// yaml.v2 sets Go's zero where yaml.v3, with which Mimir reads, sets nothing.
const zeros: Partial<Record<Field["kind"], Field["zero"]>> = {
  ...{ bool: false, int: 0, uint: 0, float: 0, duration: 0, period: 0, size: 0, text: "" },
};

function insideOf(
  block: { [key: string]: Written },
  list: List,
  place: readonly string[],
): Pick<Field, "keys" | "each"> {
  const keys = new Map<string, Field>();
  let each: Field | undefined;
  for (const [key, inner] of Object.entries(block)) {
    const [name, runs] = key.split("@");
    const own = runs === undefined ? undefined : versionsOf(runs, list.all);
    const field = fieldOf(inner, list, [...place, name], own);
    if (name === "*") each = field;
    else keys.set(name, field);
  }
  return { keys, each };
}

function ruleOf(place: readonly string[], { program }: List): Rule | undefined {
  const own = program && rules[program];
  return own?.[place.join(".")] ?? own?.[place.slice(-2).join(".")] ?? own?.[`*.${place.at(-1)}`];
}

// 2.9,3.1-3.3
function versionsOf(runs: string, all: readonly string[]): string[] {
  return runs.split(",").flatMap((run) => {
    const [first, last = first] = run.split("-");
    return all.slice(all.indexOf(first), all.indexOf(last) + 1);
  });
}
