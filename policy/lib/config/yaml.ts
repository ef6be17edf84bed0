import { isScalar, LineCounter, parseAllDocuments, visit, type Document, type YAMLError } from "yaml";
import { isBlock, type Block } from "../unknown";
import type { Environment } from "./environment";
import { withoutTemplates } from "./placeholders";
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

// Five times the size of all of Loki's settings with their documentation.
const largest = 256 * 1024;
// No configuration comes near it; a few thousand levels exhaust the parser's stack, which ends the process.
const deepest = 100;
// Every policy about a resource reads the same few texts.
const remembered = new Map<string, ReadText>();
const mostRemembered = 8;

/**
 * Reads a YAML text as Loki 3 and Mimir do: YAML 1.1 (`yes` and `on` are true), a key given twice is an error, only the first document
 * counts, environment placeholders expanded before. Follows `pkg/util/cfg/files.go` of Loki with gopkg.in/yaml.v2, and `LoadConfig` in
 * cmd/mimir/main.go of Mimir with yaml.v3.
 *
 * Never throws: an alias bomb, a nesting without end or a text too large is a problem. A problem never quotes the text, which may be secret.
 */
export function readYaml(text: string, program: Reader, environment: Environment): ReadText {
  if (text.length > largest) return unreadableText(`larger than ${largest} characters, too large to be read`);
  const expanded = program.expand(text, environment);
  const key = `${program.name} ${expanded}`;
  const known = remembered.get(key);
  if (known) return known;
  const read = parse(expanded, program.name);
  if (remembered.size >= mostRemembered) remembered.delete([...remembered.keys()][0]);
  remembered.set(key, read);
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

function parse(text: string, reader: string): ReadText {
  if (isDeep(text)) return unreadableText("nested too deeply");
  const plain = read(text, reader);
  // A chart's value may be a template; what stands between its actions is read. Text that is YAML as it stands is none.
  return plain.problem && text.includes("{{") ? read(withoutTemplates(text), reader, "a template") : plain;
}

function read(text: string, reader: string, kind?: "a template"): ReadText {
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
      // Go reads a date into a text as it stands.
      customTags: (tags) => tags.filter((tag) => typeof tag === "string" || tag.tag !== "tag:yaml.org,2002:timestamp"),
    });
    if (!Array.isArray(documents)) return { content: undefined, ignored: [], isSound: true };
    const [first, ...others] = documents as Document.Parsed[];
    // A template's alternatives may give the same key: one of them stays.
    const errors = [...first.errors, ...(kind === "a template" ? [] : repeatedKeys(first))];
    return {
      content: first.toJS({ maxAliasCount: 100 }),
      ignored: others.map((each) => (each.errors.length > 0 ? undefined : each.toJS({ maxAliasCount: 100 }))),
      isSound: errors.every(({ code }) => code === "DUPLICATE_KEY"),
      ...(errors.length > 0 && { problem: describe(errors, lines, reader) }),
    };
  } catch (error) {
    // The one exception that the library documents: an alias without its anchor, or aliases that multiply without bound.
    return unreadableText(
      error instanceof ReferenceError ? "aliases that have no anchor or multiply without bound" : "not YAML",
    );
  }
}

type Mistake = Pick<YAMLError, "code" | "pos">;

function repeatedKeys(document: Document.Parsed): Mistake[] {
  const mistakes: Mistake[] = [];
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

// One mistake often makes several errors: the first of each line, and of those three, are enough.
function describe(errors: Mistake[], lines: LineCounter, reader: string): string {
  const byLine = new Map<number, string>();
  for (const { code, pos } of errors) {
    const { line } = lines.linePos(pos[0]);
    const what = code === "DUPLICATE_KEY" ? `a key given twice, which ${reader} refuses` : `not YAML (${code})`;
    if (!byLine.has(line)) byLine.set(line, `line ${line}: ${what}`);
  }
  return [...byLine.values()].slice(0, 3).join("; ");
}

// Brackets, indentation and "- - -" are what nests in YAML. Those within quotes or comments count too: such a text is no configuration.
function isDeep(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth = Math.max(0, depth + (bracket === "[" || bracket === "{" ? 1 : -1));
    if (depth > deepest) return true;
  }
  return new RegExp(`^(?: {${4 * deepest}}|[ \\t]*(?:[-?][ \\t]+){${deepest}})`, "m").test(text);
}

function unreadableText(problem: string): ReadText {
  return { content: undefined, problem, ignored: [], isSound: false };
}
