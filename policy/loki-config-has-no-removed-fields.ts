import type { Config } from "./lib/config/config";
import { settingsOf } from "./lib/config/find";
import { eachOverridden } from "./lib/config/in-force";
import type { Finding } from "./lib/finding";
import { loki } from "./lib/loki/program";
import { removedFlagsIn, removedSettingsIn, type Removal } from "./lib/loki/removal";
import { definePolicy } from "./lib/policy";

/**
 * Refuses settings that the running version of Loki has removed: Loki doesn't start with them. The version is that of the image or the chart,
 * or the newest known version if neither names one.
 *
 * A removed setting is a parser error, which hides every other error: a missing store only shows once the setting is gone. This policy and
 * `retention-requires-delete-request-store` report both.
 */
export const lokiConfigHasNoRemovedFields = definePolicy({
  name: "loki-config-has-no-removed-fields",
  description: "A Loki configuration has no settings that its version of Loki has removed.",
  url: "https://grafana.com/docs/loki/latest/setup/upgrade/",
  severity: "critical",
  *check(resource) {
    const { configs, arguments: lists } = settingsOf(resource, loki);
    for (const config of configs) yield* removed(config);
    for (const { path, words } of lists) {
      for (const { name, version, removal } of removedFlagsIn(words, resource)) {
        yield {
          path: `${path}: -${name}`,
          found: `a flag that Loki ${version} doesn't know`,
          wanted: "the argument removed",
          why: `Loki refuses to start: "flag provided but not defined".`,
          fix: remedy(removal),
        };
      }
    }
  },
  *checkRead(read) {
    yield* eachOverridden(read, loki, removed);
  },
});

function* removed(config: Config): Iterable<Finding> {
  for (const { path, key, version, removal } of removedSettingsIn(config)) {
    yield {
      path,
      found: `a setting that Loki ${version} doesn't know`,
      wanted: "the key removed",
      why: `Loki refuses to start: "field ${key} not found".`,
      fix: remedy(removal),
    };
  }
}

function remedy({ instead, since }: Removal): string {
  return `Remove it (${instead}; see the upgrade notes of ${since}).`;
}
