import { randomInt } from "node:crypto";
import { Properties } from "./values";

/** Generates the values that `@pulumi/random` would generate, each once. */
export interface Generator {
  /**
   * The value for a resource: the earlier one with that name, or a new one.
   *
   * @param name its key: the resource's URN and its `keepers`, so that a rotation generates a new one
   */
  value(name: string, make: () => string): string;
}

/** Placeholders for generated values that are not kept: readable, and the same in every run. */
export const placeholders: Generator = { value: (name) => `placeholder-for-${name.replace(/[^A-Za-z0-9]+/g, "-")}` };

/** Generates each value once. */
export class KeptValues implements Generator {
  /** @param values values of earlier runs, by name; new ones are added and none is removed, because a stage may come back */
  constructor(readonly values: Record<string, string>) {}

  value(name: string, make: () => string): string {
    return (this.values[name] ??= make());
  }
}

const alphabets = {
  lower: "abcdefghijklmnopqrstuvwxyz",
  upper: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  numeric: "0123456789",
  special: "!@#$%&*()-_=+[]{}<>:?",
};

/**
 * A random string as from RandomPassword and RandomString: from every alphabet that is not turned off, at least
 * `minLower`, `minUpper`, `minNumeric`, `minSpecial` of each, from the operating system's random numbers.
 *
 * @param inputs the resource's inputs; `length` in characters
 */
export function randomText(inputs: Properties): string {
  const sets = (Object.keys(alphabets) as (keyof typeof alphabets)[])
    .filter((name) => inputs[name] !== false)
    .map((name) => ({
      characters: name === "special" ? String(inputs.overrideSpecial ?? alphabets.special) : alphabets[name],
      least: Number(inputs[`min${name[0].toUpperCase()}${name.slice(1)}`] ?? 0),
    }));
  const pick = (characters: string): string => characters[randomInt(characters.length)];
  const required = sets.flatMap(({ characters, least }) => Array.from({ length: least }, () => pick(characters)));
  const all = sets.map(({ characters }) => characters).join("");
  const free = Array.from({ length: Math.max(0, Number(inputs.length) - required.length) }, () => pick(all));
  return shuffled([...required, ...free]).join("");
}

function shuffled(characters: string[]): string[] {
  const result: string[] = [];
  for (const character of characters) {
    result.splice(randomInt(result.length + 1), 0, character);
  }
  return result;
}
