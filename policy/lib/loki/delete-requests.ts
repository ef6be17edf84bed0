import { placeOf, type Arguments, type Config } from "../config/config";
import { flagOf, isFalse } from "../config/flags";
import { flag, text, type Setting } from "../config/read";
import { reasons, show } from "../config/show";
import { imageVersion } from "../config/version";
import type { Finding, Refusal } from "../finding";
import { inner } from "../paths";
import type { Resource } from "../resource";
import { at, Unknown } from "../unknown";
import { isLokiCompactor, loki } from "./program";
import { listStores, storesOf, uses, type Stores } from "./stores";
import { isLoki2, lokiVersionOf } from "./version";

const refusal =
  "CONFIG ERROR: invalid compactor config: compactor.delete-request-store should be configured when retention is enabled";

/** Whether a workload runs Loki 2, which takes the store of the newest period of its schema. */
export function needsNoStore(workload: Resource): boolean {
  return isLoki2(imageVersion(workload, loki) ?? "");
}

/**
 * What is wrong with the retention of a configuration, and with its store for delete requests.
 *
 * @param requireDeletion whether a retention period must be carried out by a compactor
 */
export function* retentionMistakes(config: Config, requireDeletion: boolean): Iterable<Finding> {
  const place = placeOf(config, "compactor.retention_enabled");
  const enabled = flag(config.content.compactor, "retention_enabled");
  const isOff = "missing" in enabled || ("value" in enabled && !enabled.value);
  if (!isOff) {
    if ("isRefused" in enabled) yield refusedSwitch(place, show(enabled));
    yield* storeMistakes(config, enabled);
  } else if (requireDeletion) {
    yield* undeleted(config, place, show(enabled));
  }
}

/** An argument that sets the store to nothing, over whatever the file says. */
export function* emptiedStore({ path, words }: Arguments): Iterable<Refusal> {
  const store = storeIn(words);
  if (isEmpty(store) && mayBeOn(words)) yield inFile(path, store);
}

/** A store, or retention, in arguments beside a file that the stack doesn't show: the store can't be compared with the schema. */
export function* storeInArguments({ path, words }: Arguments): Iterable<Refusal> {
  const store = storeIn(words);
  const enabled = flagOf(words, "compactor.retention-enabled", true);
  const isSet = isGiven(store) || isGiven(enabled);
  if (isSet && !isEmpty(store) && mayBeOn(words)) yield inFile(path, store);
}

function* storeMistakes(config: Config, enabled: Setting<boolean>): Iterable<Finding> {
  const store = text(config.content.compactor, "delete_request_store");
  const stores = storesOf(config.content);
  if ("value" in store && (uses(stores, store.value) || isWithoutPeriod(config))) return;
  // An argument that empties it is reported as such.
  if (isEmpty(store) && config.flags?.has("compactor.delete_request_store")) return;
  // `schema-is-tsdb-v13` refuses the schema's, of which this one only differs in its letters.
  if ("value" in store && stores.names.some((name) => name.toLowerCase() === store.value)) return;
  const version = lokiVersionOf(config);
  if (version === undefined || isLoki2(version)) return;
  const unread = [...reasons(store), ...reasons(enabled), ...stores.unreadable];
  const unknown = unread.find((each) => each instanceof Unknown);
  yield unknown ?? unfitStore(placeOf(config, "compactor.delete_request_store"), store, enabled, stores);
}

// `schema-is-tsdb-v13` reports that. The chart itself refuses to render without a schema.
function isWithoutPeriod({ content: { schema_config: schema }, chart }: Config): boolean {
  if (schema === undefined) return !chart;
  const periods = at(schema, "configs");
  if (periods instanceof Unknown) return false;
  return !Array.isArray(periods) || periods.length === 0;
}

function unfitStore(path: string, store: Setting<string>, enabled: Setting<boolean>, stores: Stores): Refusal {
  const isKnown = "value" in enabled || "isRefused" in enabled;
  const doubt = ` Retention may be on: retention_enabled is ${show(enabled)}.`;
  return {
    path,
    found: show(store),
    wanted: listStores(stores),
    why: `${whyUnfit(store, stores)}${isKnown ? "" : doubt}`,
    fix: write(stores),
  };
}

function whyUnfit(store: Setting<string>, { names }: Stores): string {
  if (!("value" in store)) return `With retention on, Loki refuses to start without a store ("${refusal}").`;
  if (names.length === 0) return "The schema may not use that store.";
  return "No period of the schema uses that store, so the compactor would look for its delete requests in the wrong place.";
}

function write({ names: [name] }: Stores): string {
  if (name) return `Write delete_request_store: ${name} there.`;
  return "Write the same plain name as object_store in schema_config and as delete_request_store there.";
}

function* undeleted(config: Config, path: string, found: string): Iterable<Finding> {
  const limits = config.content.limits_config;
  const period = text(limits, "retention_period");
  const hasPeriod = "unreadable" in period || ("value" in period && /[1-9]/.test(period.value));
  const streams = at(limits, "retention_stream");
  const hasStreams = Array.isArray(streams) && streams.length > 0;
  if (!hasPeriod && !hasStreams) return;
  const place = config.pathOf("limits_config");
  const set = hasPeriod ? `retention_period in ${place} is ${show(period)}` : `${place} has retention_stream`;
  const unknown = reasons(period).find((each) => each instanceof Unknown);
  yield (
    unknown ?? {
      path,
      found,
      wanted: "true",
      why: `${set}, but only a compactor with retention on deletes anything, so the bucket would grow forever.`,
      fix: `${switchOn(config)} If the bucket's lifecycle rules delete the data, set requireDeletion: false for this policy.`,
    }
  );
}

// A compactor beside the chart's value `loki` is dropped: `settings-take-effect` reports that, too.
function switchOn({ content, pathOf, chart }: Config): string {
  const isDropped = chart && isLokiCompactor(chart.values.compactor);
  if (isDropped) return `Move ${inner(chart.path, "compactor")} to ${pathOf("compactor")}.`;
  return `Write retention_enabled: true there. ${write(storesOf(content))}`;
}

function refusedSwitch(path: string, found: string): Refusal {
  return { path, found, wanted: "true or false", why: "Loki refuses to start.", fix: "Write it without quotes." };
}

function inFile(path: string, store: Setting<string>): Refusal {
  return {
    path: `${path}: -compactor.delete-request-store`,
    found: show(store),
    wanted: "no argument, but compactor.delete_request_store in the configuration file, beside schema_config",
    why:
      "missing" in store
        ? `An argument overrides the file. With retention on, Loki refuses to start without a store ("${refusal}").`
        : "An argument overrides the file, and the schema isn't visible here.",
    fix: "Move retention_enabled and delete_request_store into the file.",
  };
}

function storeIn(words: readonly string[]): Setting<string> {
  return flagOf(words, "compactor.delete-request-store");
}

function isEmpty(setting: Setting<string>): boolean {
  return "missing" in setting && setting.missing === "empty";
}

function isGiven(setting: Setting<string>): boolean {
  return !("missing" in setting) || setting.missing !== "missing";
}

function mayBeOn(words: readonly string[]): boolean {
  const enabled = flagOf(words, "compactor.retention-enabled", true);
  return !("value" in enabled && isFalse(enabled.value));
}
