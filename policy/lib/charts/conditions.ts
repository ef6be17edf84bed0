import { actionsIn } from "../config/placeholders";
import { at, isBlock, Unknown, type Block } from "../unknown";

/** A block of a template: from `if`, `with` or `range` to its `end`. */
interface Branches {
  /** Whether its condition is known; of any other both branches stay. */
  isTold: boolean;
  /** Whether what follows is left in. */
  isLive: boolean;
  /** Whether a branch has been. */
  isTaken: boolean;
  /** Whether what is around it is left in; asked of each block again, the time would grow with the square of an unclosed text. */
  isAroundLive: boolean;
}

/**
 * Takes out of a template of Helm's what its values leave out: `{{- if .Values.minio.enabled }}` and what follows, where that is false. A condition
 * that asks for anything else, or for a value that isn't given, leaves both branches in; Grafana Enterprise is off unless the values say so. A value
 * that is asked for by its path alone, and given, is put in its place: `{{ .Values.bucket }}`.
 *
 * @param text the template
 * @param values the chart's values
 */
export function decided(text: string, values: Block): string {
  const around: Branches[] = [];
  const kept: string[] = [];
  let done = 0;
  for (const { from, to, words } of actionsIn(text)) {
    if (isLive(around)) kept.push(text.slice(done, from));
    done = to;
    if (!followed(words, around, values) && isLive(around)) kept.push(given(words, values) ?? text.slice(from, to));
  }
  if (isLive(around)) kept.push(text.slice(done));
  return kept.join("");
}

// A value that is a template itself is run once more, in a scope of its own.
function given(words: string, values: Block): string | undefined {
  const [, path, quoted] = /^\$?\.Values\.([\w.]+)(\s*\|\s*quote)?$/.exec(words) ?? [];
  const value = path === undefined ? undefined : at(values, path);
  if (!["string", "number", "boolean"].includes(typeof value)) return undefined;
  const text = String(value);
  return text.includes("{{") ? undefined : quoted ? JSON.stringify(text) : text;
}

function isLive(around: readonly Branches[]): boolean {
  const last = around.at(-1);
  return !last || (last.isAroundLive && last.isLive);
}

/** Follows an action that opens, turns or closes a block. @returns whether it was decided, and so needn't stay */
function followed(words: string, around: Branches[], values: Block): boolean {
  const [, keyword, condition] = /^(if|else if|else|with|range|define|block|end)\b\s*(.*)$/s.exec(words) ?? [];
  if (keyword === undefined) return false;
  if (keyword === "end") return around.pop()?.isTold ?? false;
  const current = around.at(-1);
  if (keyword === "else" || keyword === "else if") {
    if (!current?.isTold) return false;
    const holds = keyword === "else" ? true : truthOf(condition, values);
    current.isLive = !current.isTaken && holds !== false;
    // A branch that may or may not be taken leaves those after it in.
    current.isTaken ||= holds === true;
    return true;
  }
  const holds = ["if", "with"].includes(keyword) ? truthOf(condition, values) : undefined;
  around.push({
    isTold: holds !== undefined,
    isLive: holds !== false,
    isTaken: holds === true,
    isAroundLive: isLive(around),
  });
  return holds !== undefined;
}

// What every version of the charts has off by default, and the templates ask for that people copy.
const off = new Set(["enterprise.enabled"]);

// What a template of Go takes for false: false, 0, nothing, and what is empty.
function truthOf(condition: string, values: Block): boolean | undefined {
  const [, not, path, keys] =
    /^(not\s+)?(?:\$?\.Values\.([\w.]+)|index \$?\.Values((?:\s+"[^"]+")+))$/.exec(condition) ?? [];
  const given = path === undefined ? inside(values, keys) : at(values, path);
  const found = given === undefined && off.has(path) ? false : given;
  if (found === undefined || found instanceof Unknown) return undefined;
  const isEmpty = typeof found === "object" && found !== null && Object.keys(found).length === 0;
  return (Boolean(found) && !isEmpty) !== Boolean(not);
}

function inside(values: Block, keys = ""): unknown {
  const names = [...keys.matchAll(/"([^"]+)"/g)].map(([, name]) => name);
  if (names.length === 0) return undefined;
  return names.reduce<unknown>((value, name) => (isBlock(value) ? value[name] : undefined), values);
}
