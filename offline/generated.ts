import { randomInt } from "node:crypto";
import { Properties } from "./values";

/** Makes the values that `@pulumi/random` would make, each once. */
export interface Generator {
  /**
   * The value for a resource: the one that was made before under that name, or a new one.
   *
   * @param name what it is kept under: the resource's URN and what `keepers` it has, so that a rotation makes a new one
   */
  value(name: string, make: () => string): string;
}

/** Stands in for generated values where nobody keeps them: readable, and the same in every run. */
export const placeholders: Generator = { value: (name) => `placeholder-for-${name.replace(/[^A-Za-z0-9]+/g, "-")}` };

/** Makes each value once. */
export class KeptValues implements Generator {
  /** @param values those that earlier runs made, by name; new ones are added, none is removed: a stage may come back */
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
 * A random string as RandomPassword and RandomString make it: of every alphabet that is not switched off, at least
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
