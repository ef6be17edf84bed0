import { compareVersions } from "../charts/app-versions";
import { unreadable } from "../config/placeholders";
import { durationSeconds } from "../duration";
import { isBlock, Unknown, type Block } from "../unknown";
import { goDuration } from "./go";
import type { Field } from "./list";
import type { Rule } from "./rules";

/** Something in a configuration that the program refuses when it reads the file. */
export interface Misfit {
  /** The keys that lead to it; numbers are places in a list. */
  keys: (string | number)[];
  /** What stands there. */
  value: unknown;
  /** What the program takes there; undefined where it has no such key. */
  field?: Field;
  /** The block in which it has no such key. */
  block?: Field;
  /** The versions of the list that do have the key. */
  versions: readonly string[];
}

// What github.com/c2h5oh/datasize takes.
const size = /^\d+ *(b|bytes?|[kmgtpe]b?|(kilo|mega|giga|tera|peta|exa)(bytes?)?)?$|^$/i;
// Nobody mends more of them at once, and each is compared with all keys that may have been meant.
const most = 50;

const isText = (value: unknown): value is string => typeof value === "string";
const isScalar = (value: unknown): boolean => typeof value !== "object";

/** What the two readers of YAML (yaml.v2 of Loki, yaml.v3 of Mimir) put into a Go variable of each kind. */
export const takes: Readonly<Record<Field["kind"], (value: unknown) => boolean>> = {
  block: isBlock,
  list: Array.isArray,
  bool: (value) => typeof value === "boolean",
  int: (value) => (typeof value === "number" && Math.abs(value) <= 2 ** 63) || typeof value === "bigint",
  uint: (value) => (typeof value === "number" && value >= 0 && value < 2 ** 64) || typeof value === "bigint",
  float: (value) => typeof value === "number" || typeof value === "bigint",
  text: isScalar,
  duration: (value) => Number.isFinite(value) || (isText(value) && goDuration.test(value)),
  durationText: (value) => value === 0 || (isText(value) && goDuration.test(value)),
  period: (value) => value === 0 || (isText(value) && durationSeconds(value) !== undefined),
  size: (value) => isScalar(value) && size.test(String(value)),
  level: (value) => isText(value) && ["debug", "info", "warn", "error"].includes(value),
  any: () => true,
};

/**
 * What a version of a program refuses in a configuration: keys that it doesn't have, and values of another kind than it takes. Both programs
 * read strictly, so one is enough for them not to start. What isn't known (a variable, a template) is passed over, and so is what follows many of them.
 *
 * @param content a configuration, or a part of one
 * @param field what may stand there
 * @param version a version of the list
 */
export function misfits(content: Block, field: Field, version: string): Misfit[] {
  const found: Misfit[] = [];
  visit(content, field, []);
  return found;

  function visit(value: unknown, field: Field, keys: (string | number)[]): void {
    const read = value === null ? field.zero : value;
    if (read === undefined || read instanceof Unknown || unreadable(read)) return;
    if (found.length === most) return;
    if (!takes[field.kind](read) || (field.rule && isChecked(field.rule) && !field.rule.takes(read, content)))
      found.push({ keys, value, field, versions: [] });
    else if (Array.isArray(value) && field.each) {
      for (const [index, element] of value.entries()) visit(element, field.each, [...keys, index]);
    } else if (isBlock(value) && field.kind === "block") visitBlock(value, field, keys);
  }

  function isChecked({ before, since }: Rule): boolean {
    const isBefore = before === undefined || compareVersions(version, before) < 0;
    return isBefore && (since === undefined || compareVersions(version, since) >= 0);
  }

  function visitBlock(block: Block, field: Field, keys: (string | number)[]): void {
    for (const [key, value] of Object.entries(block)) {
      if (unreadable(key)) continue;
      const own = field.keys?.get(key);
      const known = own && (own.versions?.includes(version) ?? true) ? own : field.each;
      if (known) visit(value, known, [...keys, key]);
      else if (found.length < most)
        found.push({ keys: [...keys, key], value, block: field, versions: own?.versions ?? [] });
    }
  }
}
