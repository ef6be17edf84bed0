import { settingsOf } from "./lib/config/find";
import type { Program } from "./lib/config/program";
import { loki } from "./lib/loki/program";
import { mimir } from "./lib/mimir/program";
import { definePolicy } from "./lib/policy";
import { Unknown } from "./lib/unknown";

// A text that doesn't parse may look like both programs' own: Mimir's signs are nobody else's, a compactor is either's.
const programs = [mimir, loki];

/**
 * Refuses a configuration of Loki or Mimir that can't be read, so that no policy passes over it in silence: text that is not YAML, a key given
 * twice and a second document (which a lenient parser accepts, and Loki and Mimir don't), one that is too large or never ends, and values
 * in a file that a policy doesn't see. The policies about single settings say what they can of what can be read.
 */
export const configurationsCanBeRead = definePolicy({
  name: "configurations-can-be-read",
  description:
    "A configuration of Loki or Mimir is one YAML document that the program accepts and the other policies can read.",
  url: "https://grafana.com/docs/loki/latest/configure/",
  severity: "critical",
  *check(resource) {
    const told = new Map<string, Program>();
    for (const program of programs) {
      for (const { path, problem } of settingsOf(resource, program).unreadable) {
        if (problem instanceof Unknown) yield problem;
        else if (told.get(path) === undefined || told.get(path) === program) {
          told.set(path, program);
          yield {
            path,
            found: `a ${program.name} configuration that can't be read (${problem})`,
            wanted: `one YAML document that ${program.name} accepts`,
            fix: `What its settings are can't be told. Correct it; \`${program.validation}\` says where ${program.name} stumbles.`,
          };
        }
      }
    }
  },
});
