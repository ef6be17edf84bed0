import { programs } from "../programs";
import type { Resource } from "../resource";
import { Unknown } from "../unknown";
import type { Unreadable } from "./config";
import { settingsOf } from "./find";
import type { Program } from "./program";

/** What can't be read in a resource, of any program; a place that may be of two programs is reported for the first. */
export function* unreadableIn(resource: Resource): Iterable<Unreadable & { program: Program }> {
  const seen = new Map<string, Program>();
  for (const program of programs) {
    for (const each of settingsOf(resource, program).unreadable) {
      const first = seen.get(each.path);
      if (each.problem instanceof Unknown) yield { ...each, program };
      else if (first === undefined || (first === program && !each.isUncertain)) {
        seen.set(each.path, program);
        yield { ...each, program };
      }
    }
  }
}
