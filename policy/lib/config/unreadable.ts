import { programs } from "../programs";
import type { Resource } from "../resource";
import { Unknown } from "../unknown";
import { settingsOf } from "./find";
import type { Program } from "./program";

/** A place that can't be read. */
export interface UnreadablePlace {
  path: string;
  problem: string;
  program: Program;
  /** What stands there: a configuration, values for Helm of which one would be made, or what may as well be something else. */
  kind: "configuration" | "values" | "uncertain";
}

/** What can't be read in a resource, of any program; a place that may be of two programs is reported for the first. */
export function* unreadableIn(resource: Resource): Iterable<UnreadablePlace | Unknown> {
  const seen = new Map<string, Program>();
  for (const program of programs) {
    for (const { path, problem, isUncertain, isValues } of settingsOf(resource, program).unreadable) {
      const first = seen.get(path);
      if (problem instanceof Unknown) yield problem;
      else if (first === undefined || (first === program && !isUncertain)) {
        seen.set(path, program);
        yield { path, problem, program, kind: isUncertain ? "uncertain" : isValues ? "values" : "configuration" };
      }
    }
  }
}
