import { droppedValues } from "./lib/charts/dropped";
import { isFile, settingsOf } from "./lib/config/find";
import { eachOverridden, overridesInForce } from "./lib/config/in-force";
import { ignoredArguments } from "./lib/fields/arguments";
import { doubtfulFields, doubtfulTenantFields } from "./lib/fields/refused";
import { definePolicy } from "./lib/policy";
import { programs } from "./lib/programs";

/**
 * Reports settings without effect, or whose effect is unknown: blocks that a chart ignores because they are beside the value `loki`, or have
 * another name or no place in it; misspelt chart values; flags after a word that isn't one; and settings that a version without a list may not know. None of them stops a
 * program.
 */
export const settingsTakeEffect = definePolicy({
  name: "settings-take-effect",
  description: "No chart ignores a setting or a misspelt value, and every setting is known to exist in its version.",
  url: "https://github.com/grafana-community/helm-charts/tree/main/charts/loki",
  severity: "medium",
  level: "advisory",
  *check(resource) {
    for (const { path, wanted, program, refused } of droppedValues(resource)) {
      if (program) {
        const would = `${program} would refuse ${refused.join(", ")}.`;
        yield {
          path,
          found: "where the chart doesn't look for it",
          wanted: `at ${wanted}`,
          why: `The chart ignores it without an error, and ${program} uses its defaults.`,
          fix:
            refused.length > 0
              ? `Remove it, or move the settings that ${program} knows to ${wanted}. ${would}`
              : `Move it to ${wanted}.`,
        };
      } else {
        yield {
          path,
          found: "a value that the chart doesn't have there",
          wanted,
          why: "The chart ignores it without an error, and uses its default.",
          fix: "Correct it, or list the release in this policy's parameter exclude.",
        };
      }
    }
    for (const program of programs) {
      const { configs, overrides } = settingsOf(resource, program);
      for (const config of configs) yield* doubtfulFields(config, program);
      yield* ignoredArguments(resource, program);
      // The workload that mounts a file of them shows the version.
      if (isFile(resource)) continue;
      for (const each of overrides) yield* doubtfulTenantFields(each, program, configs[0]?.version);
    }
  },
  *checkRead(read) {
    for (const program of programs) yield* eachOverridden(read, program, (config) => doubtfulFields(config, program));
  },
  *checkStack(resources) {
    for (const program of programs) {
      for (const { overrides, version, resource } of overridesInForce(resources, program)) {
        for (const each of doubtfulTenantFields(overrides, program, version)) yield { ...each, resource };
      }
    }
  },
});
