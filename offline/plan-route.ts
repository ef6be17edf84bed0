import type { StageName } from "../config/sections/migration";
import { stages } from "../migration/stages";
import { InvalidInput } from "./errors";

const inOrder = Object.keys(stages) as StageName[];

/**
 * The stages from one to another, both included.
 *
 * @throws {InvalidInput} for a name that is no stage
 */
export function routeBetween(from: string, to: string): StageName[] {
  const problems = Object.entries({ from, to })
    .filter(([, stage]) => !inOrder.includes(stage as StageName))
    .map(([option, stage]) => `--${option} ${stage}: there is no such stage. Allowed: ${inOrder.join(", ")}.`);
  if (problems.length > 0) {
    throw new InvalidInput(problems.join("\n"));
  }
  const [start, end] = [from, to].map((stage) => inOrder.indexOf(stage as StageName));
  return start <= end ? inOrder.slice(start, end + 1) : inOrder.slice(end, start + 1).reverse();
}
