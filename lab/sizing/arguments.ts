import { InvalidArgumentError } from "commander";
import { isDuration } from "../../settings/units";

/** Values of the command line; each is refused with what is allowed in its place. */

/** Numbers of series: `10000,100000`. */
export function numbers(text: string): number[] {
  const all = text.split(",").map(Number);
  if (all.every((n) => Number.isInteger(n) && n > 0)) return all;
  throw new InvalidArgumentError("Give whole numbers above 0, separated by commas: 10000,100000");
}

/** Gigabytes of lines: `1,10,50`, or `0`. */
export function gigabytes(text: string): number[] {
  const all = text.split(",").map((each) => (each.trim() === "" ? NaN : Number(each)));
  if (all.every((n) => n >= 0 && n <= 1000)) return all;
  throw new InvalidArgumentError("Give numbers from 0 to 1000, separated by commas: 1,10,50");
}

/** A number of minutes. */
export function minutes(text: string): number {
  const number = Number(text);
  if (number > 0 && Number.isFinite(number)) return number;
  throw new InvalidArgumentError("Give a number above 0: 12");
}

/** A share: `0.01`. */
export function share(text: string): number {
  const number = Number(text);
  if (text.trim() !== "" && number >= 0 && number <= 1) return number;
  throw new InvalidArgumentError("Give a number from 0 to 1: 0.01");
}

/** A Prometheus duration. */
export function duration(text: string): string {
  if (isDuration(text)) return text;
  throw new InvalidArgumentError("Give a duration: 15s");
}
