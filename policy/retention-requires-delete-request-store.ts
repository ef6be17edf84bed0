import { z } from "zod";
import { placeOf, type Arguments, type Config } from "./lib/config/config";
import { settingsOf } from "./lib/config/find";
import { flagOf, isFalse } from "./lib/config/flags";
import { argumentsAlone, eachOverridden } from "./lib/config/in-force";
import { flag, text, type Setting } from "./lib/config/read";
import { reasons, show } from "./lib/config/show";
import { loki } from "./lib/loki/program";
import { listStores, storesOf, uses, type Stores } from "./lib/loki/stores";
import { definePolicy, type Finding, type Refusal } from "./lib/policy";
import { isBlock, Unknown } from "./lib/unknown";

const refusal =
  "CONFIG ERROR: invalid compactor config: compactor.delete-request-store should be configured when retention is enabled";

/**
 * Refuses a Loki whose retention is on without a store for its delete requests, which crash-loops, or with one that no period of the
 * schema uses, which Loki's own -verify-config lets through; and a retention period that no compactor carries out.
 *
 * Follows `Validate` in pkg/compactor/config.go and `initCompactor` in pkg/loki/modules.go of Loki 3.6.
 */
export const retentionRequiresDeleteRequestStore = definePolicy({
  name: "retention-requires-delete-request-store",
  description: "Loki's retention names a store for delete requests: present, not empty, and one that the schema uses.",
  url: "https://grafana.com/docs/loki/latest/operations/storage/retention/",
  severity: "critical",
  parameters: {
    requireDeletion: z
      .boolean()
      .default(true)
      .describe(
        "also refuse a retention period in limits_config that no compactor carries out; false where the bucket's own rules delete",
      ),
  },
  *check(resource, { requireDeletion }) {
    const { configs, arguments: lists } = settingsOf(resource, loki);
    for (const config of configs) yield* retention(config, requireDeletion);
    for (const list of lists) yield* emptied(list);
  },
  *checkStack(resources, { requireDeletion }) {
    yield* eachOverridden(resources, loki, (config) => retention(config, requireDeletion));
    for (const { list, resource } of argumentsAlone(resources, loki)) {
      for (const refusal of alone(list)) yield { ...refusal, resource };
    }
  },
});

function* retention(config: Config, requireDeletion: boolean): Iterable<Finding> {
  for (const block of ["compactor", "limits_config"]) {
    if (config.content[block] === null) yield emptyBlock(config.pathOf(block));
  }
  const { compactor } = config.content;
  const place = (setting: string) => placeOf(config, `compactor.${setting}`);
  const enabled = flag(compactor, "retention_enabled");
  if ("missing" in enabled || ("value" in enabled && !enabled.value)) {
    if (requireDeletion) yield* undeleted(config, place("retention_enabled"), show(enabled));
    return;
  }
  const store = text(compactor, "delete_request_store");
  const stores = storesOf(config.content);
  if ("isRefused" in enabled) yield refusedSwitch(place("retention_enabled"), show(enabled));
  if ("value" in store && uses(stores, store.value)) return;
  const unknown = [...reasons(store), ...reasons(enabled), ...stores.unreadable].find(
    (each) => each instanceof Unknown,
  );
  yield unknown ?? unfitStore(place("delete_request_store"), store, enabled, stores);
}

function unfitStore(path: string, store: Setting<string>, enabled: Setting<boolean>, stores: Stores): Finding {
  const doubt =
    "value" in enabled || "isRefused" in enabled
      ? ""
      : ` Whether retention is on can't be told: retention_enabled is ${show(enabled)}.`;
  return {
    path,
    found: show(store),
    wanted: listStores(stores),
    fix: `${whyUnfit(store, stores)}${doubt} ${write(stores)}`,
  };
}

function whyUnfit(store: Setting<string>, { names }: Stores): string {
  if (!("value" in store)) return `With retention on, Loki refuses to start without a store ("${refusal}").`;
  if (names.length === 0) return "Whether the schema uses that store can't be told.";
  return "No period of the schema uses that store, so the compactor would look for its delete requests where nothing is.";
}

function write({ names: [name] }: Stores): string {
  return name
    ? `Write delete_request_store: ${name} there.`
    : "Write the same plain name as object_store in schema_config and as delete_request_store there.";
}

function* undeleted(config: Config, path: string, found: string): Iterable<Finding> {
  const { content, pathOf } = config;
  const limits = content.limits_config;
  const period = text(limits, "retention_period");
  const streams = isBlock(limits) ? limits.retention_stream : undefined;
  const isSet = "unreadable" in period || ("value" in period && /[1-9]/.test(period.value));
  if (!isSet && !(Array.isArray(streams) && streams.length > 0)) return;
  const unknown = reasons(period).find((each) => each instanceof Unknown);
  const set = isSet
    ? `retention_period in ${pathOf("limits_config")} is ${show(period)}`
    : `${pathOf("limits_config")} has retention_stream`;
  yield (
    unknown ?? {
      path,
      found,
      wanted: "true",
      fix: `${set}, but only a compactor with retention on deletes anything: the bucket would grow for ever. Write retention_enabled: true there. ${write(storesOf(content))} Where the bucket's own rules delete, set requireDeletion: false for this policy.`,
    }
  );
}

function emptyBlock(path: string): Finding {
  return {
    path,
    found: "empty",
    wanted: "a block of settings, or no such key",
    fix: "An empty block zeroes all of its defaults, and Loki refuses to start. Remove the key, or write the settings there.",
  };
}

function refusedSwitch(path: string, found: string): Finding {
  return { path, found, wanted: "true or false", fix: "Loki refuses to start. Write the bare word." };
}

function* emptied({ path, words }: Arguments): Iterable<Refusal> {
  const store = flagOf(words, "compactor.delete-request-store");
  if ("missing" in store && store.missing === "empty" && mayBeOn(words)) yield inFile(path, store);
}

// Where the stack doesn't show the file, a store can't be held against its schema.
function* alone({ path, words }: Arguments): Iterable<Refusal> {
  const store = flagOf(words, "compactor.delete-request-store");
  const isSet = [store, flagOf(words, "compactor.retention-enabled", true)].some((each) => isGiven(each));
  if (isSet && !("missing" in store && store.missing === "empty") && mayBeOn(words)) yield inFile(path, store);
}

function isGiven(setting: Setting<string>): boolean {
  return !("missing" in setting) || setting.missing !== "missing";
}

function mayBeOn(words: readonly string[]): boolean {
  const enabled = flagOf(words, "compactor.retention-enabled", true);
  return !("value" in enabled && isFalse(enabled.value));
}

function inFile(path: string, store: Setting<string>): Refusal {
  return {
    path: `${path}: -compactor.delete-request-store`,
    found: show(store),
    wanted: "no argument, but compactor.delete_request_store in the configuration file, beside schema_config",
    fix:
      "missing" in store
        ? `An argument overrides the file. With retention on, Loki refuses to start without a store ("${refusal}"). Move retention_enabled and delete_request_store into the file.`
        : "An argument overrides the file, and whether the schema uses that store can't be told from here. Move retention_enabled and delete_request_store into the file.",
  };
}
