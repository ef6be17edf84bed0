import { once } from "../once";
import type { Setting } from "./read";

/**
 * Reads a flag as Go's package flag does: one or two dashes, `-name=value` or `-name value`, the last one counts.
 *
 * @param words arguments of a container; one that holds a whole command (`sh -c "loki -target=all"`) is split
 * @param name the flag without dashes
 * @param isSwitch whether the flag is one of true or false, which takes no following word
 */
export function flagOf(words: readonly string[], name: string, isSwitch = false): Setting<string> {
  const last = rawFlagOf(words, name, isSwitch);
  if (last === undefined) return { missing: "missing" };
  const variable = /\$[({]([^)}]+)[)}]/.exec(last)?.[1];
  return variable
    ? { unreadable: `taken from the environment variable ${variable}` }
    : last === ""
      ? { missing: "empty" }
      : { value: last };
}

/** The same as it stands, with variables that the kubelet will put in its place; undefined where the flag isn't given. */
export function rawFlagOf(words: readonly string[], name: string, isSwitch = false): string | undefined {
  const given = flagsIn(words).get(name);
  return given && (given.value ?? (isSwitch ? "true" : given.next));
}

/** The value of a flag on its own, and the word after it. */
interface Given {
  value?: string;
  next: string;
}

// Each program asks for twenty flags of every list of words in a stack.
const flagsIn = once(parsed);

function parsed(words: readonly string[]): ReadonlyMap<string, Given> {
  const all = words.flatMap((word) => (/\s-/.test(word) ? word.split(/\s+/) : [word]));
  return new Map(
    all.flatMap((word, index) => {
      const [, name, value] = /^--?([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
      return name === undefined ? [] : [[name, { value, next: all[index + 1] ?? "" }] as const];
    }),
  );
}

/** Whether Go's strconv.ParseBool takes a text for false. */
export function isFalse(value: string): boolean {
  return ["0", "f", "F", "false", "FALSE", "False"].includes(value);
}
