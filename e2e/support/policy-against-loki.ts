import { parse } from "yaml";
import type { Values } from "../../test/policy/fixtures";

/** Where Loki's module has configurations, and how their files are called. */
export const examples: readonly { under: string; like: RegExp }[] = [
  { under: "cmd/loki", like: /^loki-.*\.yaml$/ },
  { under: "examples/getting-started", like: /^loki-config\.yaml$/ },
  { under: "production/docker/config", like: /^loki\.yaml$/ },
  { under: "production/nomad/loki", like: /^config\.yml$/ },
  { under: "production/nomad/loki-simple", like: /^config\.yml$/ },
  { under: "production/nomad/loki-distributed", like: /^config\.yml$/ },
  { under: "docs/sources/configure/examples/yaml", like: /\.yaml$/ },
  { under: "tools/dev/loki-tsdb-storage-s3/config", like: /^loki\.yaml$/ },
  { under: "tools/dev/kafka", like: /^loki-.*\.yaml$/ },
  { under: "tools/stream-generator", like: /^loki-.*\.yaml$/ },
  { under: "tools/deprecated-config-checker", like: /-config\.yaml$/ },
  { under: "tools/deprecated-config-checker/test-fixtures", like: /^config\.yaml$/ },
];

/** Loki's chart in its module. */
export const chartFolder = "production/helm/loki";

/** Whether a name is that of a file of Loki's module. */
export const isUpstream = (name: string): boolean =>
  name.startsWith(chartFolder) || examples.some(({ under }) => name.startsWith(`${under}/`));

// What the chart's template makes of values, as far as the policies look at it; its test schema is in templates/_helpers.tpl.
const blocks: Readonly<Record<string, string>> = {
  commonConfig: "common",
  schemaConfig: "schema_config",
  storage_config: "storage_config",
  limits_config: "limits_config",
  compactor: "compactor",
  pattern_ingester: "pattern_ingester",
  ingester: "ingester",
  querier: "querier",
};

/** The blocks of a configuration that values of the chart give, laid out as Loki reads them. */
export function configurationOf(text: string): { values: object; config: Values } {
  const values = parse(text) as { loki?: Values; minio?: { enabled?: boolean } };
  const { useTestSchema, structuredConfig, ...given } = values.loki ?? {};
  const config: Values = {};
  for (const [value, block] of Object.entries(blocks)) {
    const content = given[value];
    if (content && Object.keys(content).length > 0) config[block] = content;
  }
  if (useTestSchema) {
    const object_store = values.minio?.enabled ? "s3" : "filesystem";
    const index = { prefix: "index_", period: "24h" };
    config.schema_config = { configs: [{ from: "2024-04-01", store: "tsdb", object_store, schema: "v13", index }] };
  }
  const common = { path_prefix: "/var/loki", ring: { kvstore: { store: "inmemory" }, instance_addr: "127.0.0.1" } };
  return {
    values,
    config: { ...config, common: { ...common, ...(config.common as Values) }, ...(structuredConfig as Values) },
  };
}

/** A change to a good configuration: of one setting, of the text, or of both. */
export interface Mutation {
  what: string;
  path?: string;
  value?: unknown;
  text?: (text: string) => string;
}

/** Mutations of ours, in which people have erred. */
export const mutations: readonly Mutation[] = [
  { what: "nothing is changed" },
  { what: "the store for delete requests is missing", path: "compactor.delete_request_store" },
  { what: "the store for delete requests is empty", path: "compactor.delete_request_store", value: "" },
  { what: "the store for delete requests is null", path: "compactor.delete_request_store", value: null },
  { what: "no period uses the store for delete requests", path: "compactor.delete_request_store", value: "gcs" },
  { what: "the store is a variable that isn't set", path: "compactor.delete_request_store", value: "${STORE}" },
  { what: "the store is a variable with a default", path: "compactor.delete_request_store", value: "${STORE:-s3}" },
  { what: "the compactor is taken out", path: "compactor" },
  { what: "the compactor is an empty block", path: "compactor", value: null },
  { what: "the retention is a number without a unit", path: "limits_config.retention_period", value: 7 },
  {
    what: "single streams are kept for less than a day",
    path: "limits_config.retention_stream",
    value: [{ selector: '{app="a"}', priority: 1, period: "2h" }],
  },
  { what: "the limits are an empty block", path: "limits_config", value: null },
  { what: "retention is yes", text: (text) => text.replace("retention_enabled: true", "retention_enabled: yes") },
  { what: "retention is a string", path: "compactor.retention_enabled", value: "true" },
  { what: "enforce_metric_name is back", path: "limits_config.enforce_metric_name", value: false },
  { what: "shared_store is back", path: "compactor.shared_store", value: "s3" },
  { what: "a setting never existed", path: "compactor.retention", value: true },
  { what: "a key is given twice", text: (text) => `${text}auth_enabled: true\n` },
  { what: "a second document follows", text: (text) => `${text}---\nauth_enabled: true\n` },
  { what: "the schema is v12", path: "schema_config.configs.0.schema", value: "v12" },
  {
    what: "the schema is v12 without structured metadata",
    path: "schema_config.configs.0.schema",
    value: "v12",
    text: (text) => text.replace("limits_config:", "limits_config:\n  allow_structured_metadata: false"),
  },
  { what: "the index is that of Loki 2", path: "schema_config.configs.0.store", value: "boltdb-shipper" },
  { what: "there is no schema", path: "schema_config" },
  { what: "there is no period", path: "schema_config.configs", value: [] },
  { what: "the text is no YAML", text: (text) => `${text}  : [` },
];

/** Where the two differ. */
export interface Difference {
  who: "only the pack refuses" | "only Loki refuses";
  /** Why that is meant, or can't be otherwise: whole sentences. */
  why: string;
}

const docs = "docs/sources/configure/examples/yaml";

const snippet: Difference = {
  who: "only Loki refuses",
  why: "A part of a configuration, without a schema: Loki panics for want of a period. Nothing of what the pack takes for a sign of Loki (schema_config, limits_config, storage_config, compactor with retention) is in it.",
};
const nomad: Difference = {
  who: "only Loki refuses",
  why: "A template that Nomad fills in before Loki reads it. The pack reads what stands between a template's actions, and that is good.",
};

/** Every difference, by the file or mutation. */
export const differences: Readonly<Record<string, Difference>> = {
  "production/nomad/loki/config.yml": nomad,
  "production/nomad/loki-simple/config.yml": nomad,
  "production/nomad/loki-distributed/config.yml": nomad,
  [`${docs}/6-Compactor-Snippet.yaml`]: snippet,
  [`${docs}/15-Memberlist-Ring-Snippet.yaml`]: snippet,
  "tools/stream-generator/loki-local-config.debug.yaml": {
    who: "only Loki refuses",
    why: "It turns ingest limits by Kafka on without a topic, of which no policy speaks: an experiment that nothing here runs.",
  },
  [`${chartFolder}/values.yaml`]: {
    who: "only Loki refuses",
    why: "The chart's defaults have no schema; its own template refuses to render without one, before a Loki could read it.",
  },
  [`${chartFolder}/ci/enterprise.yaml`]: {
    who: "only Loki refuses",
    why: "Values without a schema, as the chart's defaults are.",
  },
  "a setting never existed": {
    who: "only Loki refuses",
    why: "The pack knows the settings that Loki has removed, not all that it has: -verify-config in CI finds the rest.",
  },
  "no period uses the store for delete requests": {
    who: "only the pack refuses",
    why: "Loki's check holds the store against no schema; the compactor then looks for delete requests where nothing is.",
  },
  "the compactor is taken out": {
    who: "only the pack refuses",
    why: "Loki starts, and nothing deletes what its limits call too old: the bucket grows for ever.",
  },
  "the schema is v12 without structured metadata": {
    who: "only the pack refuses",
    why: "Loki starts; the pack wants the schema that is developed further, and that OTLP needs.",
  },
  "a second document follows": {
    who: "only the pack refuses",
    why: "Loki reads the first document and ignores the second without a word, whatever somebody meant by it.",
  },
};
