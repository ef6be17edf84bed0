import { isFile, settingsOf } from "./lib/config/find";
import { eachOverridden, overridesInForce } from "./lib/config/in-force";
import { refusedArguments } from "./lib/fields/arguments";
import { refusedFields, refusedTenantFields } from "./lib/fields/refused";
import { secondStores } from "./lib/loki/common-storage";
import { loki } from "./lib/loki/program";
import { definePolicy } from "./lib/policy";
import { programs } from "./lib/programs";

/**
 * Refuses what Loki and Mimir refuse when they read their configuration: a key that they don't have, and a value of another kind than the
 * setting takes, a value or a block that they check when they start (`lib/fields/rules.ts`), a key alone where Loki doesn't take the default for it, and two stores where one is
 * taken; and what they refuse of the arguments of a container that runs them: a flag, a value of another kind, a target. Both programs read strictly: one misspelt key keeps them from starting.
 *
 * Settings and flags of each version come from its source (`npm run policy:fields`). For a version without a list nothing is refused, and if no
 * version is named, only what no version has: `settings-take-effect` covers the rest, and `loki-config-has-no-removed-fields` what Loki removed.
 */
export const configurationFieldsAreKnown = definePolicy({
  name: "configuration-fields-are-known",
  description:
    "A configuration of Loki or Mimir and its arguments have only settings, flags and targets that its version knows, with values that they accept.",
  url: "https://grafana.com/docs/loki/latest/configure/",
  severity: "critical",
  *check(resource) {
    for (const program of programs) {
      const { configs, overrides } = settingsOf(resource, program);
      for (const config of configs) {
        yield* refusedFields(config, program);
        if (program === loki) yield* secondStores(config);
      }
      yield* refusedArguments(resource, program);
      const version = configs[0]?.version;
      const awaitsReader = version === undefined && isFile(resource);
      for (const each of overrides) yield* refusedTenantFields(each, program, version, awaitsReader);
    }
  },
  *checkRead(read) {
    for (const program of programs) yield* eachOverridden(read, program, (config) => refusedFields(config, program));
  },
  *checkStack(resources) {
    for (const program of programs) {
      for (const { overrides, alone, version, resource } of overridesInForce(resources, program)) {
        const refused = [...refusedTenantFields(overrides, program, version, false)];
        const told = [...refusedTenantFields(overrides, program, alone, alone === undefined)].map(({ path }) => path);
        for (const each of refused) if (!told.includes(each.path)) yield { ...each, resource };
      }
    }
  },
});
