import { durationSeconds } from "../duration";
import { text, type Setting } from "../config/read";
import { show } from "../config/show";
import { inner } from "../paths";
import { commonStores } from "./common-storage";
import type { Refusal } from "../finding";
import { at, isBlock, type Block } from "../unknown";

/** A period of Loki's schema. */
export interface Period {
  path: string;
  from: Setting<string>;
  store: Setting<string>;
  schema: Setting<string>;
  content: unknown;
}

/** The periods of a schema. */
export function periodsOf(list: readonly unknown[], path: string): Period[] {
  return list.map((content, index) => ({
    path: inner(path, index),
    from: text(content, "from"),
    store: text(content, "store"),
    schema: text(content, "schema"),
    content,
  }));
}

/** Whether this is a day as Loki reads it, such as `2024-04-01`. */
export function isDay(value: string): boolean {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(value) ? new Date(`${value}T00:00:00Z`) : undefined;
  // Of a day that no month has, JavaScript makes one of the next.
  return day !== undefined && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(value);
}

/** The day on which a period begins, in a notation whose order is that of the days; that of one that can't be read is the first. */
export function dayOf({ from }: Period): string {
  return "value" in from ? from.value : "";
}

/**
 * The period that counts on a day: the last that has begun.
 *
 * @param periods in the order of their days
 * @param today such as `2024-04-01`
 */
export function activeIndex(periods: readonly Period[], today: string): number {
  const later = periods.findIndex((period) => dayOf(period) > today);
  return later < 0 ? periods.length - 1 : Math.max(0, later - 1);
}

// pkg/storage/types of Loki 3.6, and what tests use.
const deprecated = [
  "aws",
  "aws-dynamo",
  "bigtable",
  "bigtable-hashed",
  "cassandra",
  "gcp",
  "gcp-columnkey",
  "grpc-store",
];
const stores = ["tsdb", "boltdb-shipper", "boltdb", "inmemory", ...deprecated];
const objectStores = ["filesystem", "alibabacloud", "azure", "bos", "cos", "gcs", "s3", "swift", "noop", "inmemory"];
const day = 24 * 3600;

/**
 * What Loki refuses in the periods of a schema, whatever its version: `Validate` in pkg/storage/config/schema_config.go and
 * `validateSchemaValues` in pkg/loki/validation.go.
 *
 * @param config the whole configuration, for the names of its stores
 * @param today such as `2024-04-01`
 */
export function* refusedPeriods(periods: readonly Period[], config: Block, today: string): Iterable<Refusal> {
  const active = activeIndex(periods, today);
  for (const [index, period] of periods.entries()) {
    const before = periods[index - 1];
    if (before && dayOf(before) !== "" && dayOf(period) !== "" && dayOf(before) >= dayOf(period))
      yield unordered(period);
    if (period.content === null) yield empty(period);
    if (!isBlock(period.content)) continue;
    const isCounted = index >= active || ("value" in period.store && period.store.value === "tsdb");
    yield* ofTables(period, isCounted);
    yield* ofNames(period, config);
    yield* ofBuckets(period, config);
  }
}

function empty({ path }: Period): Refusal {
  return {
    path,
    found: "empty",
    wanted: "a period with from, store, object_store, schema and index",
    why: 'Loki refuses to start: "invalid schema version".',
    fix: "Remove the dash, or write the period there.",
  };
}

function unordered({ path, from }: Period): Refusal {
  return {
    path: `${path}.from`,
    found: `${show(from)}, which is not after the previous period`,
    wanted: "periods in ascending order, each with a different day",
    why: `Loki refuses to start: "from time in schemas must be distinct and in increasing order".`,
    fix: "Put the periods in order. Don't change the day of a period that has data.",
  };
}

// Where another kind of store is given for everything, and no bucket for this one. Nothing at all may be given by arguments.
function* ofBuckets({ path, content }: Period, config: Block): Iterable<Refusal> {
  const object = text(content, "object_store");
  if (!("value" in object) || !["s3", "aws"].includes(object.value)) return;
  const given = commonStores(config);
  const own = [at(config, "storage_config.aws"), at(config, "storage_config.object_store")];
  if (given.length === 0 || given.includes("s3") || own.some((each) => each !== undefined)) return;
  yield {
    path: `${path}.object_store`,
    found: `${show(object)}, for which no bucket is named beside ${given.join(" and ")} in common.storage`,
    wanted: `${given[0]}, or a bucket in common.storage.s3`,
    why: 'Loki refuses to start: "at least one bucket name must be specified".',
    fix: "Correct the one that is wrong. Don't change a period that has data.",
  };
}

/** The number of a schema's version: Loki takes the `v` off both ends. */
export function versionOf(schema: string): string {
  return schema.replace(/^v+|v+$/g, "");
}

// One table of the index holds a day, wherever an index is shipped to an object store.
function* ofTables({ path, store, content }: Period, isCounted: boolean): Iterable<Refusal> {
  const isShipped = "value" in store && ["tsdb", "boltdb-shipper"].includes(store.value);
  const length = text(at(content, "index"), "period");
  const seconds = "value" in length ? (durationSeconds(length.value) ?? NaN) : "missing" in length ? 0 : undefined;
  if (seconds === undefined || seconds === day || !(isShipped && isCounted ? true : seconds % day !== 0)) return;
  yield {
    path: `${path}.index.period`,
    found: show(length),
    wanted: isShipped ? "24h" : "a whole number of days",
    why: isShipped
      ? `Loki refuses to start: "${"value" in store ? store.value : "tsdb"} must always have periodic config for index set to 24h".`
      : `Loki refuses to start: "the table period must be a multiple of 24h".`,
    fix: "Write period: 24h there, beside prefix.",
  };
}

function* ofNames({ path, store, schema, content }: Period, config: Block): Iterable<Refusal> {
  if ("value" in store && !stores.includes(store.value)) {
    const why = `Loki refuses to start: "unrecognized store (index) type".`;
    yield { path: `${path}.store`, found: show(store), wanted: '"tsdb"', why, fix: "Correct the name." };
  }
  if ("value" in schema && !/^(9|1[0-3])$/.test(versionOf(schema.value))) {
    const why = `Loki refuses to start: "invalid schema version".`;
    yield { path: `${path}.schema`, found: show(schema), wanted: '"v13"', why, fix: "Correct the version." };
  }
  const object = text(content, "object_store");
  // What is left of them in Loki reads chunks out of tables.
  if ("value" in object && isOfTables(object.value) && !isBlock(at(content, "chunks"))) {
    yield {
      path: `${path}.object_store`,
      found: show(object),
      wanted: object.value.startsWith("gcp") ? '"gcs"' : 'a kind of object store such as "s3"',
      why: `Loki refuses to start: "schema config for chunks is missing the 'prefix' setting".`,
      fix: "Correct the name.",
    };
  }
  if ("missing" in object) {
    yield {
      path: `${path}.object_store`,
      found: show(object),
      wanted: 'a kind of store such as "s3", or filesystem for a folder',
      why: 'Loki refuses to start: "unrecognized `object_store` type".',
      fix: "Write where the chunks of this period are.",
    };
  }
  const isNamed = "value" in object && namedStores(config).some(({ name }) => name === object.value);
  if ("value" in object && !isNamed && !isPredefined(object.value)) {
    yield {
      path: `${path}.object_store`,
      found: show(object),
      wanted: `a kind of store such as "s3", or the name of one in storage_config.named_stores`,
      why: `Loki refuses to start: "unrecognized object_store type, which also does not match any named_stores".`,
      fix: "Correct the name, or name the store there.",
    };
  }
}

const isOfTables = (name: string) => name !== "aws" && deprecated.includes(name);

function isPredefined(name: string): boolean {
  return [...objectStores, ...deprecated].includes(name);
}

function namedStores(config: Block): { name: string; path: string }[] {
  return ["named_stores", "object_store.named_stores"].flatMap((place) => {
    const kinds = at(config, `storage_config.${place}`);
    return Object.entries(isBlock(kinds) ? kinds : {}).flatMap(([kind, stores]) =>
      Object.keys(isBlock(stores) ? stores : {}).map((name) => ({ name, path: `${place}.${kind}.${name}` })),
    );
  });
}

/**
 * Stores of a configuration that are called as a kind of store is.
 *
 * @param path where its block `storage_config` is
 */
export function* misnamedStores(config: Block, path: string): Iterable<Refusal> {
  for (const store of namedStores(config).filter(({ name }) => isPredefined(name))) {
    yield {
      path: `${path}.${store.path}`,
      found: "a store with the name of a kind of store",
      wanted: "a name of its own, such as nas",
      why: 'Loki refuses to start: "named store should not match with the name of a predefined storage type".',
      fix: "Rename it here, and where a period or the compactor names it.",
    };
  }
}
