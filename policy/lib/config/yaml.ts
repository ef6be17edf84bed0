import { isScalar, LineCounter, parseAllDocuments, visit, type Document, type Range, type YAMLError } from "yaml";
import { isBlock, type Block } from "../unknown";
import type { Environment } from "./environment";
import { withoutTemplates, withUnknowns } from "./placeholders";
import type { Program } from "./program";

/** Who reads a text: a program's name, and how it expands placeholders. */
export type Reader = Pick<Program, "expand"> & { name: string };

/** A YAML text as a program reads it. */
export interface ReadText {
  /** The first document's content. */
  content: unknown;
  /** Why the program refuses the text, or why it can't be read here. */
  problem?: string;
  /** Whether the content is nevertheless what stands in the text: a key given twice leaves no doubt about the others. */
  isSound: boolean;
  /** Documents after the first, which the program ignores. */
  ignored: unknown[];
}

// The values of Loki's chart with all their comments, which people copy, have 304,000.
const largest = 512 * 1024;
// As many lines and values cost the parser a fifth of a second. The values of Loki's chart have 18,000.
const mostSigns = 30_000;
// No configuration comes near it; a few thousand levels exhaust the parser's stack, which ends the process.
const deepest = 100;
// Aliases make much of little, and walking through it is what costs: how often one may stand for something, and what may come of all.
const mostAliases = 250;
const mostValues = 200_000;
// The library looks through the whole document for what an alias stands for: their number times the characters of the text. A second's work.
const mostSearched = 20_000_000;
const alias = /(?:^|[\s,[{:-])\*[^\s,\]}]/g;
// Every policy about a resource reads the same few texts, and the checks of the stack read them again: the latest of them, by their length together.
const remembered = new Map<string, Parsed>();
const mostRemembered = 2 * 1024 * 1024;
let length = 0;

/** What is wrong with a text, and where; of a template without the column. */
interface Mistake {
  code: string;
  line: number;
  column?: number;
}

/** A YAML text as it stands, whoever reads it. */
interface Parsed extends Pick<ReadText, "content" | "isSound" | "ignored"> {
  /** What is wrong with it. */
  mistakes: Mistake[];
  /** Why it can't be read at all. */
  failure?: string;
}

/**
 * Reads a YAML text as Loki 3 and Mimir do: YAML 1.1 (`yes` and `on` are true), a key given twice is an error, only the first document
 * counts, environment placeholders expanded before. Follows `pkg/util/cfg/files.go` of Loki with gopkg.in/yaml.v2, and `LoadConfig` in
 * cmd/mimir/main.go of Mimir with yaml.v3.
 *
 * Never throws: an alias bomb, a nesting without end or a text too large is a problem. A problem never quotes the text, which may be secret.
 * A text is parsed once, however many policies read it; none of them changes the content.
 */
export function readYaml(text: string, reader: Reader, environment: Environment): ReadText {
  const expanded = text.length > largest || !text.includes("$") ? text : reader.expand(text, environment);
  const { content: raw, ignored, isSound, mistakes, failure } = parsed(expanded);
  const problem = failure ?? describe(mistakes, reader.name, expanded === text);
  const content = expanded === text ? raw : withUnknowns(raw, environment);
  return { content, ignored, isSound, ...(problem && { problem }) };
}

/**
 * How a text that is a mapping reads with other variables.
 *
 * @param content what it was read as, for where it is no mapping with them
 */
export function readAnew(text: string, program: Program, content: Block): (environment: Environment) => Block {
  return (environment) => {
    const { content: anew } = readYaml(text, program, environment);
    return isBlock(anew) ? anew : content;
  };
}

function parsed(text: string): Parsed {
  const known = remembered.get(text);
  if (known) return known;
  const read = parse(text);
  if (text.length > largest) return read;
  remembered.set(text, read);
  length += text.length;
  for (const oldest of remembered.keys()) {
    if (length <= mostRemembered) break;
    remembered.delete(oldest);
    length -= oldest.length;
  }
  return read;
}

/** Expands the placeholders of structured values as a program will, once a chart has written them into its file. */
export function expandValues(values: Block, program: Program, environment: Environment): Block {
  const expand = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(expand);
    if (isBlock(value)) return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, expand(each)]));
    if (typeof value !== "string" || !value.includes("$")) return value;
    const expanded = program.expand(value, environment);
    return expanded === value ? value : readYaml(value, program, environment).content;
  };
  return expand(values) as Block;
}

function parse(text: string): Parsed {
  if (text.length > largest) return failed(`larger than ${largest} characters, too large to be read`);
  if (isDeep(text)) return failed("nested too deeply");
  if (signsIn(text) > mostSigns) return failed("of too many lines and values to be read");
  if (text.includes("*") && [...text.matchAll(alias)].length * text.length > mostSearched) return failed(boundless);
  // A chart's value may be a template, and so may what a Secret is made from; what stands between its actions is read.
  if (isTemplate(text)) return read(withoutTemplates(text), "a template");
  const plain = read(text);
  // Text that is YAML as it stands is none.
  const isPlain = plain.failure === undefined && plain.mistakes.length === 0;
  return isPlain || !text.includes("{{") ? plain : read(withoutTemplates(text), "a template");
}

// An action in the place of a value, without quotes: to YAML that is a mapping whose key is a mapping, which is never meant.
function isTemplate(text: string): boolean {
  if (!text.includes("{{")) return false;
  return text.split("\n").some((line) => {
    const { index = Infinity } = /(?:^[ \t]*|[:,-][ \t]+|\[)\{\{/.exec(line) ?? {};
    return index < line.lastIndexOf("}}");
  });
}

// Go's readers take what a bracket or a quote opens on lines with less indentation, too.
function read(text: string, kind?: "a template"): Parsed {
  const written = text.replace(otherBreaks, "\n");
  const plain = readAsItIs(written, kind);
  if (!plain.mistakes.some(({ code }) => ofIndentation.has(code))) return plain;
  const deeper = readAsItIs(withDeeperFlow(written), kind);
  return deeper.failure === undefined && deeper.mistakes.length === 0 ? deeper : plain;
}

// What ends a line to Go's readers beside "\n" and "\r": https://yaml.org/spec/1.1/#id871856
const otherBreaks = /[\u0085\u2028\u2029]/g;
const ofIndentation: ReadonlySet<string> = new Set(["BAD_INDENT", "MISSING_CHAR"]);

function withDeeperFlow(text: string): string {
  let [depth, quote] = [0, ""];
  const lines = text.split("\n").map((line) => {
    const isInside = depth > 0 || quote !== "";
    // The sign before, and whether there is a blank between.
    let [before, isApart] = ["", true];
    for (let at = 0; at < line.length; at++) {
      const sign = line[at];
      if (quote !== "") {
        if (sign === "\\" && quote === '"') at++;
        else if (sign === quote) quote = "";
      } else if (sign === " " || sign === "\t") {
        isApart = true;
        continue;
      } else if (sign === "#" && isApart) break;
      else if (sign === "]" || sign === "}") depth = Math.max(0, depth - 1);
      else if (before === "" || ",[{:-?".includes(before)) {
        if (sign === "[" || sign === "{") depth++;
        else if (sign === '"' || sign === "'") quote = sign;
      }
      [before, isApart] = [sign, false];
    }
    return isInside ? " ".repeat(deepest) + line : line;
  });
  return lines.join("\n");
}

function readAsItIs(text: string, kind?: "a template"): Parsed {
  try {
    const lines = new LineCounter();
    const documents = parseAllDocuments(text, {
      version: "1.1",
      merge: true,
      prettyErrors: false,
      lineCounter: lines,
      logLevel: "silent",
      // The parser would compare each key with every other: seconds, for a few thousand.
      uniqueKeys: false,
      customTags: (tags) => [...tags.filter((tag) => typeof tag === "string" || !isLeft(tag)), "intOct"],
    });
    // A text of nothing, or of comments, has no document.
    if (!Array.isArray(documents) || documents.length === 0)
      return { content: undefined, ignored: [], isSound: true, mistakes: [] };
    const [first, ...others] = documents as Document.Parsed[];
    // A template's alternatives may give the same key: one of them stays.
    const errors = [...first.errors, ...unclosedIn(text, first), ...(kind === "a template" ? [] : repeatedKeys(first))];
    const strict = [...controlsIn(text), ...tabsIn(text, first), ...directivesIn(text)];
    const content = valueOf(first);
    const excess = excessOf(content);
    if (excess) return failed(excess);
    return {
      content,
      ignored: others.map((each) => (each.errors.length > 0 ? undefined : valueOf(each))),
      isSound: errors.every(({ code }) => code === "DUPLICATE_KEY"),
      mistakes: [...errors, ...strict]
        .sort((one, other) => one.pos[0] - other.pos[0])
        .map(({ code, pos }) => {
          const { line, col } = lines.linePos(pos[0]);
          return { code, line, ...(kind !== "a template" && { column: col }) };
        }),
    };
  } catch (error) {
    // What the library documents is an alias without its anchor; a reader of hostile texts doesn't count on there being nothing else.
    return failed(error instanceof ReferenceError ? boundless : "not YAML");
  }
}

// Go reads a date, or minutes and seconds (1:30), or what is in base64, into a text as it stands, and takes an octal number of YAML 1.2 (0o17) beside
// those of 1.1 (017).
const isLeft = ({ tag, format }: { tag: string; format?: string }): boolean =>
  format === "TIME" || ["tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:binary"].includes(tag);

const boundless = "aliases that have no anchor or multiply without bound";

function valueOf(document: Document.Parsed): unknown {
  return document.toJS({ maxAliasCount: mostAliases });
}

// How much it is to walk through, aliases followed. They are references to what they stand for, so that each part is counted once.
function excessOf(content: unknown): string | undefined {
  const sizes = new Map<object, number>();
  const on = new Set<object>();
  const sizeOf = (value: unknown): number => {
    if (typeof value !== "object" || value === null) return 1;
    const known = sizes.get(value);
    if (known !== undefined) return known;
    if (on.has(value) || on.size > deepest) return Infinity;
    on.add(value);
    let size = 1;
    for (const each of Object.values(value)) size += sizeOf(each);
    on.delete(value);
    sizes.set(value, size);
    return size;
  };
  return sizeOf(content) > mostValues ? boundless : undefined;
}

const controlCharacter = "CONTROL_CHARACTER";
const directive = "DIRECTIVE";
type Found = Pick<YAMLError, "pos"> & { code: YAMLError["code"] | typeof controlCharacter | typeof directive };

function repeatedKeys(document: Document.Parsed): Found[] {
  const mistakes: Found[] = [];
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key) || key.source === "<<") continue;
        if (seen.has(key.value)) mistakes.push({ code: "DUPLICATE_KEY", pos: [key.range?.[0] ?? 0, 0] });
        seen.add(key.value);
      }
    },
  });
  return mistakes;
}

// Go's readers of YAML take no such character, not even in a comment.
const control = /[\0-\x08\x0B\x0C\x0E-\x1F\x7F-\x84\x86-\x9F\uFFFE\uFFFF]/;

function controlsIn(text: string): Found[] {
  const { index } = control.exec(text) ?? {};
  return index === undefined ? [] : [{ code: controlCharacter, pos: [index, index] }];
}

// Go's readers take no tab before anything that isn't within a scalar or brackets, and so none on a line of nothing else.
function tabsIn(text: string, document: Document.Parsed): Found[] {
  const tabs = [...text.matchAll(/^ *\t/gm)].map(({ index }) => index);
  if (tabs.length === 0) return [];
  const ranges: (readonly [number, number])[] = [];
  const note = (_: unknown, { range, flow }: { range?: Range | null; flow?: boolean }) => {
    if (range && flow !== false) ranges.push([range[0], range[1]]);
  };
  visit(document, {
    Scalar: note,
    Map: (key, map) => note(key, { ...map, flow: map.flow ?? false }),
    Seq: (key, list) => note(key, { ...list, flow: list.flow ?? false }),
  });
  const first = tabs.find((tab) => !ranges.some(([from, to]) => from < tab && tab < to));
  return first === undefined ? [] : [{ code: "TAB_AS_INDENT", pos: [first, first] }];
}

// The library takes an escaped quote at the end of a line for the closing one where the next line has no more indentation.
function unclosedIn(text: string, document: Document.Parsed): Found[] {
  const mistakes: Found[] = [];
  if (!/\\"|''/.test(text)) return mistakes;
  visit(document, {
    Scalar: (_, { type, range }) => {
      const closed = type === "QUOTE_DOUBLE" ? inDouble : type === "QUOTE_SINGLE" ? inSingle : undefined;
      if (!closed || !range || closed.test(text.slice(range[0], range[1]))) return;
      mistakes.push({ code: "MISSING_CHAR", pos: [range[0], range[1]] });
    },
  });
  return mistakes;
}

const inDouble = /^"(?:[^"\\]|\\[^])*"$/;
const inSingle = /^'(?:[^']|'')*'$/;

// They know one, of the version that they read.
function directivesIn(text: string): Found[] {
  const [before] = /^(?:[ \t]*(?:#.*)?\n)*%(?!YAML 1\.1\s|TAG\s)/.exec(text) ?? [];
  return before === undefined ? [] : [{ code: directive, pos: [before.length - 1, before.length - 1] }];
}

// What the parser's codes are to a person: https://eemeli.org/yaml/#errors
const words: Readonly<Record<string, string>> = {
  [controlCharacter]: "a control character",
  [directive]: "a directive other than %YAML 1.1",
  BAD_DQ_ESCAPE: "a backslash with a character that it doesn't escape",
  BAD_INDENT: "wrong indentation, or a bracket before it that isn't closed",
  BAD_SCALAR_START: "a character that needs quotes",
  BLOCK_AS_IMPLICIT_KEY: "a second colon in a line, or wrong indentation",
  MISSING_CHAR: "a colon, comma, quote or bracket is missing",
  MULTILINE_IMPLICIT_KEY: "a line without a colon",
  TAB_AS_INDENT: "a tab in the indentation",
  TAG_RESOLVE_FAILED: "a value that its tag (!…) doesn't fit",
  UNEXPECTED_TOKEN: "something that can't stand there",
};

// One mistake often makes several errors: the first of each line, and of those three, are enough. Placeholders that were expanded move columns.
function describe(mistakes: readonly Mistake[], reader: string, isAsWritten: boolean): string | undefined {
  const byLine = new Map<number, string>();
  for (const { line, column, code } of mistakes) {
    const place = isAsWritten && column !== undefined ? `line ${line}, column ${column}` : `line ${line}`;
    const what =
      code === "DUPLICATE_KEY" ? `a key given twice, which ${reader} refuses` : `not YAML: ${words[code] ?? code}`;
    if (!byLine.has(line)) byLine.set(line, `${place}: ${what}`);
  }
  return [...byLine.values()].slice(0, 3).join("; ") || undefined;
}

// What begins something in YAML: a line, a key, an element, an anchor.
function signsIn(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index++) if (signs.has(text.charCodeAt(index))) count++;
  return count;
}

const signs = new Set([..."\n,:[]{}&!?"].map((sign) => sign.charCodeAt(0)));

// Brackets, indentation and "- - -" are what nests in YAML. Those within quotes or comments count too: such a text is no configuration.
function isDeep(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth = Math.max(0, depth + (bracket === "[" || bracket === "{" ? 1 : -1));
    if (depth > deepest) return true;
  }
  return new RegExp(`^(?: {${4 * deepest}}|[ \\t]*(?:[-?][ \\t]+){${deepest}})`, "m").test(text);
}

function failed(failure: string): Parsed {
  return { content: undefined, failure, ignored: [], isSound: false, mistakes: [] };
}
