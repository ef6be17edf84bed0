import { placeholderMistakes, placeholderMistakesInCharts } from "./lib/config/expansion";
import { settingsOf } from "./lib/config/find";
import { unreadableByReader, unreadableIn, type UnreadablePlace } from "./lib/config/unreadable";
import type { Refusal } from "./lib/finding";
import * as ofLoki from "./lib/loki/chart-refusals";
import { loki } from "./lib/loki/program";
import * as ofMimir from "./lib/mimir/chart-refusals";
import { mimir } from "./lib/mimir/program";
import { definePolicy } from "./lib/policy";
import { Unknown } from "./lib/unknown";

/**
 * Refuses a configuration of Loki or Mimir that can't be read, because no other policy could check it: text that is not YAML, a duplicate key
 * or a second document (a lenient parser accepts both, Loki and Mimir don't), text that is too large or never ends, values in a file
 * that a policy doesn't see, variables that nobody expands, placeholders that Loki can't read, backslashes that it halves, and values of which the
 * charts `loki` and `mimir-distributed` make none, as they refuse to render them. The other policies check what can be read of it, with variables expanded.
 */
export const configurationsCanBeRead = definePolicy({
  name: "configurations-can-be-read",
  description:
    "A configuration of Loki or Mimir is one YAML document that the program accepts and the other policies can read.",
  url: "https://grafana.com/docs/loki/latest/configure/",
  severity: "critical",
  *check(resource) {
    for (const each of unreadableIn(resource)) yield each instanceof Unknown ? each : refusalOf(each);
    yield* placeholderMistakesInCharts(resource);
    for (const { program, refusals } of charts) {
      const { configs, unreadable } = settingsOf(resource, program);
      if (unreadable.length === 0) for (const { chart } of configs) yield* refusals(chart);
    }
  },
  *checkRead(read) {
    for (const { resource, ...place } of unreadableByReader(read)) yield { ...refusalOf(place), resource };
    yield* placeholderMistakes(read);
  },
});

const charts = [
  { program: loki, refusals: ofLoki.chartRefusals },
  { program: mimir, refusals: ofMimir.chartRefusals },
];

function refusalOf({ kind, path, problem, program }: UnreadablePlace): Refusal {
  return {
    configuration: {
      path,
      found: `a ${program.name} configuration that can't be read (${problem})`,
      wanted: `one YAML document that ${program.name} accepts`,
      why: "Its settings can't be checked.",
      fix: `Correct it; \`${program.validation}\` shows the mistake.`,
    },
    values: {
      path,
      found: `values for Helm that can't be read (${problem})`,
      wanted: "a mapping in YAML",
      why: "Their settings for Loki and Mimir can't be checked.",
      fix: problem.startsWith("a file")
        ? "Pass them as `values` of the resource, or as a StringAsset."
        : "Correct it: Helm can't read it either.",
    },
    uncertain: {
      path: path || "a property",
      found: `something that can't be read (${problem})`,
      wanted: "text that can be read",
      why: "It may contain a configuration of Loki or Mimir, which can't be checked.",
      fix: "If it contains none, list the resource in this policy's parameter exclude.",
    },
  }[kind];
}
