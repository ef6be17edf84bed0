import { inner } from "../paths";
import { isBlock, Unknown } from "../unknown";
import {
  credentialBy,
  holdsCredentials,
  isAboutCredentials,
  isLiteral,
  isNameOfKey,
  namesOwner,
  wordOfKeys,
} from "./names";
import { credentialIn, signs } from "./patterns";

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
  /(?:^[ \t]*(?:-[ \t]+)*(?:(?:export|set)[ \t]+)?(?:--?)?|(?<!\$)[{,][ \t]*|[ \t]--?)(["']?)([A-Za-z_][\w.-]*)\1[ \t]*[:=][ \t]*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s,}#;"'[{][^,}#;]*|\{\{[^}]*|\$[^,;]*))/g;
// A flag with its value behind a space.
const flag = /(?:^|[ \t])--?([A-Za-z][\w.-]*)[ \t]+(?:"([^"]*)"|'([^']*)'|([^\s"'-]\S*))/g;
const comment = /^\s*(?:#|;|\/\/)/;
// Without any of these a text has no credential. Most texts of a stack have none, and are read no further.
const any = new RegExp(`${wordOfKeys.source}|${signs.source}`, "i");
// Kubernetes takes no ConfigMap larger than this.
const longest = 1024 * 1024;
// Of more nobody reads the messages.
const most = 50;

/**
 * Credentials in clear anywhere in a value: by the key that they stand under, by the name of an environment variable or a flag, within
 * texts of any format line by line, and by their form; the first fifty.
 *
 * @param value properties of a resource, or chart values
 * @param path where they are
 */
export function credentialsIn(value: unknown, path: string, key = ""): Credential[] {
  const found: Credential[] = [];
  search(found, value, path, key);
  return found;
}

function search(found: Credential[], value: unknown, path: string, key: string): void {
  if (found.length >= most) return;
  if (typeof value === "string") inText(found, value, path, key);
  else if (typeof value === "number") {
    if (/passw/i.test(key) && credentialBy(key)) found.push({ path, what: named(key) });
  } else if (value instanceof Unknown) {
    if (credentialBy(key) === "certain") found.push({ path, what: value });
  } else if (Array.isArray(value)) inList(found, value, path, key);
  else if (isBlock(value)) {
    const isHolder = holdsCredentials(key);
    const hasOwner = namesOwner(value);
    const variable = typeof value.name === "string" && "value" in value ? value.name : undefined;
    // Labels and annotations are for names and checksums: only a form counts there.
    const isOwn = key !== "annotations" && key !== "labels";
    for (const name of Object.keys(value)) {
      const each = value[name];
      const by = variable && name === "value" ? variable : isOwn ? name : "";
      if (!isHolder && !hasOwner && !mayHold(each, by)) continue;
      const isPlain =
        (isHolder && isOne(each) && !isAboutCredentials(name)) ||
        (isOwn && hasOwner && credentialBy(name) === "likely" && isOne(each) && !isNameOfKey(each));
      if (isPlain) found.push({ path: inner(path, name), what: named(isHolder ? key : name) });
      else search(found, each, inner(path, name), by);
    }
  }
}

// Most of a stack is names, numbers and switches: nothing is made on the way to them.
const mayHold = (value: unknown, key: string): boolean =>
  typeof value === "string"
    ? credentialBy(key) !== undefined || any.test(value)
    : typeof value === "number" || typeof value === "object";

const isOne = (value: unknown): value is string =>
  typeof value === "string" && !value.includes("\n") && isLiteral(value, "certain");

// A flag and its value may be two arguments.
function inList(found: Credential[], list: unknown[], path: string, key: string): void {
  for (const [index, each] of list.entries()) {
    if (holdsCredentials(key) && isOne(each)) {
      found.push({ path: inner(path, index), what: named(key) });
      continue;
    }
    const before: unknown = list[index - 1];
    const flag = typeof before === "string" ? /^--?([A-Za-z][\w.-]*)$/.exec(before)?.[1] : undefined;
    const isValue = typeof each !== "string" || !each.startsWith("-");
    search(found, each, inner(path, index), flag && isValue ? flag : "");
  }
}

function inText(found: Credential[], text: string, path: string, key: string): void {
  const by = credentialBy(key);
  const isLine = !text.includes("\n");
  if (by && isLine && isLiteral(text, by)) found.push({ path, what: named(key) });
  else if (any.test(text)) {
    const lines = text.split("\n");
    for (const [index, line] of lines.entries()) {
      if (found.length >= most) return;
      if (!any.test(line)) continue;
      const what = credentialIn(line.slice(0, longest)) ?? pairIn(line.slice(0, longest), lines[index + 1]);
      if (what) found.push({ path: isLine ? path : `${path}, line ${index + 1},`, what });
    }
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
