import { inner } from "../paths";
import { isBlock, Unknown } from "../unknown";
import { credentialBy, isLiteral } from "./names";
import { credentialIn } from "./patterns";

/** A credential in clear. */
export interface Credential {
  /** Where it is. */
  path: string;
  /** What it is: never the value itself. */
  what: string | Unknown;
}

const named = (key: string) => `a literal, where ${JSON.stringify(key)} says that it is a credential`;
// A key and its value, at the start of a line, in a JSON or YAML flow, as a flag, or exported by a shell.
const pair =
  /(?:^[ \t]*(?:-[ \t]+)*(?:(?:export|set)[ \t]+)?(?:--?)?|[{,][ \t]*|[ \t]--?)(["']?)([A-Za-z_][\w.-]*)\1[ \t]*[:=][ \t]*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s,}#;"'[{][^,}#;]*|\{\{[^}]*|\$[^,;]*))/g;
// A flag with its value behind a space.
const flag = /(?:^|[ \t])--?([A-Za-z][\w.-]*)[ \t]+(?:"([^"]*)"|'([^']*)'|([^\s"'-]\S*))/g;
const comment = /^\s*(?:#|;|\/\/)/;
// Kubernetes takes no ConfigMap larger than this.
const longest = 1024 * 1024;

/**
 * Credentials in clear anywhere in a value: by the key that they stand under, by the name of an environment variable or a flag, within
 * texts of any format line by line, and by their form.
 *
 * @param value properties of a resource, or chart values
 * @param path where they are
 */
export function* credentialsIn(value: unknown, path: string, key = ""): Iterable<Credential> {
  if (typeof value === "string") yield* inText(value, path, key);
  else if (typeof value === "number") {
    if (/passw/i.test(key) && credentialBy(key)) yield { path, what: named(key) };
  } else if (value instanceof Unknown) {
    if (credentialBy(key) === "certain") yield { path, what: value };
  } else if (Array.isArray(value)) yield* inList(value, path);
  else if (isBlock(value)) {
    const variable = typeof value.name === "string" && "value" in value ? value.name : undefined;
    for (const [name, each] of Object.entries(value)) {
      // Labels and annotations are for names and checksums: only a form counts there.
      const isOwn = key !== "annotations" && key !== "labels";
      yield* credentialsIn(each, inner(path, name), variable && name === "value" ? variable : isOwn ? name : "");
    }
  }
}

// A flag and its value may be two arguments.
function* inList(list: unknown[], path: string): Iterable<Credential> {
  for (const [index, each] of list.entries()) {
    const before: unknown = list[index - 1];
    const flag = typeof before === "string" ? /^--?([A-Za-z][\w.-]*)$/.exec(before)?.[1] : undefined;
    const isValue = typeof each !== "string" || !each.startsWith("-");
    yield* credentialsIn(each, inner(path, index), flag && isValue ? flag : "");
  }
}

function* inText(text: string, path: string, key: string): Iterable<Credential> {
  const by = credentialBy(key);
  const lines = text.split("\n");
  if (by && lines.length === 1 && isLiteral(text, by)) return yield { path, what: named(key) };
  for (const [index, line] of lines.entries()) {
    const what = credentialIn(line.slice(0, longest)) ?? pairIn(line.slice(0, longest), lines[index + 1]);
    if (what) yield { path: lines.length > 1 ? `${path}, line ${index + 1},` : path, what };
  }
}

function pairIn(line: string, next = ""): string | undefined {
  if (comment.test(line)) return undefined;
  for (const [, , key, double, single, bare] of line.matchAll(pair)) {
    const by = credentialBy(key);
    const value = double ?? single ?? bare ?? "";
    // A block of YAML: the value is on the lines below.
    const literal = /^[|>][+-]?\d*\s*$/.test(value) ? next : value.replace(/^&\w+\s+/, "");
    if (by && isLiteral(literal, by)) return named(key);
  }
  for (const [, key, double, single, bare] of line.matchAll(flag)) {
    if (credentialBy(key) === "certain" && isLiteral(double ?? single ?? bare, "certain")) return named(key);
  }
  return undefined;
}
