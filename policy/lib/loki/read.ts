import { expandEnvironment, unreadable } from "../placeholders";
import { isBlock, Unknown } from "../unknown";
import { readYaml } from "./yaml";

/** A setting, as Loki would read it. */
export type Setting<T> =
  | { value: T }
  /** How it is missing: there is no such key, or it is null or empty, which Loki takes for the same. */
  | { missing: "missing" | "null" | "empty" }
  /** Why it can't be told; an {@link Unknown} where an update will know. Refused: no Loki would accept it. */
  | { unreadable: string | Unknown; isRefused?: true };

/** A setting of true or false: missing and null are false, and Loki refuses a text in quotes. */
export function flag(block: unknown, key: string): Setting<boolean> {
  const scalar = scalarOf(block, key);
  if (!("value" in scalar)) return scalar;
  if (typeof scalar.value === "boolean") return { value: scalar.value };
  return refused(`${quote(scalar.value)}, where Loki accepts only true or false (without quotes)`);
}

/** A text setting: an empty one and null are as good as none. */
export function text(block: unknown, key: string): Setting<string> {
  const scalar = scalarOf(block, key);
  if (!("value" in scalar)) return scalar;
  return scalar.value === "" ? { missing: "empty" } : { value: String(scalar.value) };
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
  return settled(block[key]);
}

function settled(value: unknown): Setting<unknown> {
  if (value instanceof Unknown) return { unreadable: value };
  if (value === undefined) return { missing: "missing" };
  if (value === null) return { missing: "null" };
  if (typeof value === "object")
    return refused(`a ${Array.isArray(value) ? "list" : "block"}, where Loki accepts one value`);
  // Chart values keep their placeholders until Loki reads them, as plain YAML.
  const expanded = typeof value === "string" ? expandEnvironment(value) : value;
  if (expanded !== value) return settled(readYaml(String(expanded)).content);
  const why = unreadable(value);
  return why ? { unreadable: why } : { value };
}

function notABlock(value: unknown): Setting<never> {
  const why = unreadable(value);
  const found = Array.isArray(value) ? "a list" : quote(value);
  return why ? { unreadable: why } : refused(`${found}, where Loki accepts only a block of settings`);
}

function refused(why: string): Setting<never> {
  return { unreadable: why, isRefused: true };
}
