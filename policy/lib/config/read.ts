import { isBlock, Unknown } from "../unknown";
import { unreadable } from "./placeholders";

/** A setting, as the program would read it. */
export type Setting<T> =
  | { value: T }
  /** How it is missing: there is no such key, or it is null or empty, which is taken for the same. */
  | { missing: "missing" | "null" | "empty" }
  /**
   * Why it is unknown; an {@link Unknown} where an update will know. Refused: the program would not accept it. Raw: what stands there,
   * with marks for what isn't known; not for a message, as it may be secret.
   */
  | { unreadable: string | Unknown; isRefused?: true; raw?: string };

/** A setting of true or false: missing and null are false, and a text in quotes is refused. */
export function flag(block: unknown, key: string): Setting<boolean> {
  const scalar = scalarOf(block, key);
  if (!("value" in scalar)) return scalar;
  if (typeof scalar.value === "boolean") return { value: scalar.value };
  return refused(`${quote(scalar.value)}, where only true or false is accepted (without quotes)`);
}

/** A text setting: an empty one and null are as good as none. */
export function text(block: unknown, key: string): Setting<string> {
  const scalar = scalarOf(block, key);
  if (!("value" in scalar)) return scalar;
  return scalar.value === "" ? { missing: "empty" } : { value: String(scalar.value) };
}

/** A whole number, 0 or more. */
export function count(block: unknown, key: string): Setting<number> {
  const scalar = scalarOf(block, key);
  if (!("value" in scalar)) return scalar;
  const { value } = scalar;
  return /^\d+$/.test(String(value))
    ? { value: Number(value) }
    : refused(`${quote(value)}, which is not a whole number, 0 or more`);
}

/** Shows a value in a message, if it is a plain name or number: what else stands there by mistake may be secret. */
export function quote(value: unknown): string {
  if (typeof value !== "string") return String(value);
  return /^[\w.-]{0,40}$/.test(value) ? JSON.stringify(value) : `a text of ${value.length} characters`;
}

function scalarOf(block: unknown, key: string): Setting<unknown> {
  if (block instanceof Unknown) return { unreadable: block };
  if (block === undefined || block === null) return { missing: "missing" };
  if (!isBlock(block)) return notABlock(block);
  const value = block[key];
  if (value instanceof Unknown) return { unreadable: value };
  if (value === undefined) return { missing: "missing" };
  if (value === null) return { missing: "null" };
  if (typeof value === "object")
    return refused(`a ${Array.isArray(value) ? "list" : "block"}, where one value is accepted`);
  const why = unreadable(value);
  return why ? { unreadable: why, raw: String(value) } : { value };
}

function notABlock(value: unknown): Setting<never> {
  const why = unreadable(value);
  const found = Array.isArray(value) ? "a list" : quote(value);
  return why ? { unreadable: why } : refused(`${found}, where only a block of settings is accepted`);
}

function refused(why: string): Setting<never> {
  return { unreadable: why, isRefused: true };
}
