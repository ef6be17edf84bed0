import { LineCounter, parseAllDocuments, type Document, type YAMLError } from "yaml";
import { expandEnvironment, withoutTemplates } from "../placeholders";

/** A YAML text as Loki reads it. */
export interface ReadText {
  /** The first document's content. */
  content: unknown;
  /** Why Loki refuses the text, or why it can't be read here. */
  problem?: string;
  /** Whether the content is nevertheless what stands in the text: a key given twice leaves no doubt about the others. */
  isSound: boolean;
  /** Documents after the first, which Loki ignores. */
  ignored: unknown[];
}

// Five times the size of all of Loki's settings with their documentation. The parser compares every key of a mapping with every other.
const largest = 256 * 1024;
// No configuration comes near it; a few thousand levels exhaust the parser's stack, which ends the process.
const deepest = 100;

/**
 * Reads a YAML text as Loki 3 does: YAML 1.1 (`yes` and `on` are true), a key given twice is an error, only the first document counts,
 * environment placeholders expanded before. Follows `pkg/util/cfg/files.go` of Loki and gopkg.in/yaml.v2.
 *
 * Never throws: an alias bomb, a nesting without end or a text too large is a problem. A problem never quotes the text, which may be secret.
 */
export function readYaml(text: string): ReadText {
  if (text.length > largest) return unreadableText(`larger than ${largest} characters, too large to be read`);
  const expanded = expandEnvironment(text);
  if (isDeep(expanded)) return unreadableText("nested too deeply");
  const plain = read(expanded);
  // A chart's value may be a template; what stands between its actions is read. Text that is YAML as it stands is none.
  return plain.problem && expanded.includes("{{") ? read(withoutTemplates(expanded), "a template") : plain;
}

function read(text: string, kind?: "a template"): ReadText {
  try {
    const lines = new LineCounter();
    const documents = parseAllDocuments(text, {
      version: "1.1",
      merge: true,
      prettyErrors: false,
      lineCounter: lines,
      logLevel: "silent",
    });
    if (!Array.isArray(documents)) return { content: undefined, ignored: [], isSound: true };
    const [first, ...others] = documents as Document.Parsed[];
    // A template's alternatives may give the same key: one of them stays.
    const errors = first.errors.filter(({ code }) => kind !== "a template" || code !== "DUPLICATE_KEY");
    return {
      content: first.toJS({ maxAliasCount: 100 }),
      ignored: others.map((each) => (each.errors.length > 0 ? undefined : each.toJS({ maxAliasCount: 100 }))),
      isSound: errors.every(({ code }) => code === "DUPLICATE_KEY"),
      ...(errors.length > 0 && { problem: describe(errors, lines) }),
    };
  } catch (error) {
    // The one exception that the library documents: an alias without its anchor, or aliases that multiply without bound.
    return unreadableText(
      error instanceof ReferenceError ? "aliases that have no anchor or multiply without bound" : "not YAML",
    );
  }
}

// One mistake often makes several errors: the first of each line, and of those three, are enough.
function describe(errors: YAMLError[], lines: LineCounter): string {
  const byLine = new Map<number, string>();
  for (const { code, pos } of errors) {
    const { line } = lines.linePos(pos[0]);
    const what = code === "DUPLICATE_KEY" ? "a key given twice, which Loki refuses" : `not YAML (${code})`;
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
