import { chartOf } from "./lib/charts/release";
import type { Config } from "./lib/config/config";
import { settingsOf } from "./lib/config/find";
import { matches } from "./lib/glob";
import { misnamedIn, misplacedIn } from "./lib/loki/misplaced";
import { loki } from "./lib/loki/program";
import { removedFlags, removedSettings, type RemovedSetting } from "./lib/loki/removed";
import { inner } from "./lib/paths";
import { definePolicy, type Finding } from "./lib/policy";
import { at, isBlock } from "./lib/unknown";

/**
 * Refuses settings that Loki 3 no longer has, with which it doesn't start, and blocks that a chart drops without a word: those that stand
 * beside the value `loki` rather than in it, and those that the chart knows by another name.
 *
 * A removed setting is an error of the parser, which hides every other: a store that is missing as well shows only after it is gone. This
 * and `retention-requires-delete-request-store` report both.
 */
export const lokiConfigHasNoRemovedFields = definePolicy({
  name: "loki-config-has-no-removed-fields",
  description: "A Loki configuration has no setting that Loki 3 no longer knows, and none that the chart would drop.",
  url: "https://grafana.com/docs/loki/latest/setup/upgrade/",
  severity: "critical",
  *check(resource) {
    const { configs, arguments: lists } = settingsOf(resource, loki);
    for (const config of configs) yield* removed(config);
    for (const { path, words } of lists) {
      const names = words.flatMap((word) => word.split(/\s+/)).flatMap((word) => /^--?([\w.-]+)/.exec(word)?.[1] ?? []);
      for (const name of new Set(names)) yield* removedFlag(path, name);
    }
    const dropped = [...misplacedIn(configs, chartOf(resource)), ...misnamedIn(configs)];
    for (const { path, wanted } of dropped) {
      const fix = `The chart drops it without a word, and Loki runs on its defaults. Move it to ${wanted}.`;
      yield { path, found: "where the chart doesn't look for it", wanted: `at ${wanted}`, fix };
    }
  },
});

function* removed(config: Config): Iterable<Finding> {
  for (const setting of removedSettings) {
    for (const keys of placesOf(setting, config.content)) {
      const [block, ...rest] = keys;
      yield {
        path: rest.reduce((path, key) => inner(path, key), config.pathOf(block)),
        found: "a setting that Loki 3 doesn't know",
        wanted: "no such key",
        fix: `Loki refuses to start: "field ${keys.at(-1)} not found". Remove it (${setting.instead}; upgrade notes of ${setting.since}).`,
      };
    }
  }
}

function* removedFlag(path: string, name: string): Iterable<Finding> {
  const gone = removedFlags.find(({ flag }) => matches(flag, name));
  if (!gone) return;
  yield {
    path: `${path}: -${name}`,
    found: "a flag that Loki 3 doesn't know",
    wanted: "no such argument",
    fix: `Loki refuses to start: "flag provided but not defined". Remove it (${gone.instead}; upgrade notes of ${gone.since}).`,
  };
}

// Each place as the keys that lead to it.
function placesOf({ path }: RemovedSetting, content: unknown): string[][] {
  if (!path.startsWith("**.")) return at(content, path) === undefined ? [] : [path.split(".")];
  const name = path.slice(3);
  const search = (value: unknown, keys: string[]): string[][] => {
    if (!isBlock(value)) return [];
    return Object.entries(value).flatMap(([key, each]) =>
      key === name ? [[...keys, key]] : search(each, [...keys, key]),
    );
  };
  return search(content, []);
}
