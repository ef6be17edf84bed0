import { readersOf } from "../pods/readers";
import { programs } from "../programs";
import type { Read } from "../registered";
import type { Resource } from "../resource";
import { Unknown } from "../unknown";
import { unreadableReadBy } from "./by-reader";
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

/** Files that a container of a program reads as its configuration, which it can't, and of which nothing else shows whose they are. */
export function* unreadableByReader({ files, resources }: Read): Iterable<UnreadablePlace & { resource: Resource }> {
  for (const resource of files) {
    for (const program of programs) {
      const { configs, unreadable } = settingsOf(resource, program);
      const known = [...configs, ...unreadable].map(({ path }) => path);
      for (const reader of readersOf(resource, resources)) {
        for (const { path, problem } of unreadableReadBy(resource, reader, program)) {
          if (!known.includes(path)) yield { path, problem, program, kind: "configuration", resource };
        }
      }
    }
  }
}
