import { readFileSync } from "node:fs";
import path from "node:path";
import type { Program } from "../config/program";
import { rules, type Rule } from "./rules";

/** What may stand at a place of a program's configuration. */
export interface Field {
  /** The versions that have it; all of the list where none is given. */
  versions?: readonly string[];
  /**
   * What it is: a block, a list, or a scalar. A duration is one of Go's (`90m`; as a text, no number is one), a period one of Prometheus' (`90d`),
   * a size one of Loki's (`256KB`), a level that of a log, and anything is what the program reads in a way of its own.
   */
  kind:
    | "block"
    | "list"
    | "bool"
    | "int"
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
  /** Of a text, what it must be besides. */
  rule?: Rule;
}

/** The fields of a program's configuration, in some of its versions. */
export interface FieldList {
  /** The versions, from the oldest, such as `3.6`. */
  versions: readonly string[];
  root: Field;
}

type Written = string | [Written] | { [key: string]: Written };

// What policy/fields writes.
interface File {
  modules: Record<string, string>;
  /** What `=name` stands for. */
  blocks: Record<string, Written>;
  fields: Written;
}

const read = new Map<string, FieldList>();

/** The list of a program, which `npm run policy:fields` makes out of the program's own source. */
export function fieldListOf(program: Program["name"]): FieldList {
  const known = read.get(program);
  if (known) return known;
  const text = readFileSync(path.join(__dirname, "..", program.toLowerCase(), "fields.json"), "utf8");
  const { modules, blocks, fields } = JSON.parse(text) as File;
  const versions = Object.keys(modules);
  const list = { versions, root: fieldOf(fields, { all: versions, blocks, program }, []) };
  read.set(program, list);
  return list;
}

interface List extends Pick<File, "blocks"> {
  all: string[];
  program: Program["name"];
}

function fieldOf(written: Written, list: List, place: readonly string[], versions?: string[]): Field {
  if (typeof written === "string" && written.startsWith("="))
    return fieldOf(list.blocks[written.slice(1)], list, place, versions);
  if (typeof written === "string") {
    // yaml.v2, with which Loki reads, takes a number for nanoseconds; yaml.v3 takes none.
    const kind = written === "duration" && list.program === "Mimir" ? "durationText" : (written as Field["kind"]);
    const own = rules[list.program];
    return { versions, kind, rule: own[place.join(".")] ?? own[place.slice(-2).join(".")] };
  }
  if (Array.isArray(written)) return { versions, kind: "list", each: fieldOf(written[0], list, [...place, "*"]) };
  const keys = new Map<string, Field>();
  let each: Field | undefined;
  for (const [key, inner] of Object.entries(written)) {
    const [name, runs] = key.split("@");
    const own = runs === undefined ? undefined : versionsOf(runs, list.all);
    const field = fieldOf(inner, list, [...place, name], own);
    if (name === "*") each = field;
    else keys.set(name, field);
  }
  return { versions, kind: "block", keys, each };
}

// 2.9,3.1-3.3
function versionsOf(runs: string, all: readonly string[]): string[] {
  return runs.split(",").flatMap((run) => {
    const [first, last = first] = run.split("-");
    return all.slice(all.indexOf(first), all.indexOf(last) + 1);
  });
}
