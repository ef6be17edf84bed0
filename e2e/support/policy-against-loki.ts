import { parse, stringify } from "yaml";
import { changed, type Values } from "../../test/policy/fixtures";

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

/** A setting as people write it, and with a value that it doesn't take. */
interface Tried {
  path: string;
  value: unknown;
  unfit: unknown;
}

const otlp = (regex: string) => ({ log_attributes: [{ action: "drop", regex }] });
const streams = (selector: string) => [{ selector, priority: 1, period: "48h" }];
const written = (min_version: string) => ({ url: "http://mimir:8080", tls_config: { min_version } });
const relabelled = (more: object) => [{ source_labels: ["a"], ...more }];

/** Settings of every kind, whose keys are those of no block above them. */
export const settings: readonly Tried[] = [
  { path: "ingester.index_shards", value: 32, unfit: 0 },
  { path: "ingester.flush_op_timeout", value: "10m", unfit: "0s" },
  { path: "compactor.compactor_ring.num_tokens", value: 1, unfit: 3 },
  { path: "frontend_worker.query_scheduler_grpc_client.grpc_compression", value: "snappy", unfit: "zip" },
  { path: "ingester_client.grpc_client_config.initial_stream_window_size", value: "64KiB", unfit: "large" },
  { path: "ruler_storage.storage_prefix", value: "rules-of-home", unfit: "rules/home" },
  { path: "query_range.index_stats_results_cache.compression", value: "snappy", unfit: "gzip" },
  { path: "limits_config.block_ingestion_until", value: "2024-11-25T10:00:00Z", unfit: "tomorrow" },
  { path: "limits_config.otlp_config", value: otlp("a.*|b"), unfit: otlp("a(") },
  { path: "limits_config.otlp_config", value: otlp("(?P<name>a)"), unfit: otlp("(?=a)") },
  { path: "limits_config.retention_stream", value: streams('{a="b"} # all of b'), unfit: streams('{a=~"b("}') },
  { path: "limits_config.retention_stream", value: streams('{a=~"b|c"}'), unfit: streams('{a="b"} | json') },
  { path: "limits_config.max_query_series", value: 500, unfit: 1e20 },
  { path: "ruler.external_labels", value: { cluster: "home" }, unfit: ["home"] },
  { path: "ruler.external_url", value: "http://loki.home:3100/x?y=%20", unfit: "http://loki home" },
  { path: "ruler.alert_relabel_configs", value: relabelled({ action: "Drop" }), unfit: relabelled({ action: "none" }) },
  {
    path: "ruler.alert_relabel_configs",
    value: relabelled({ action: "keep", regex: "b|c" }),
    unfit: relabelled({ action: "keep", regex: "b{2,1}" }),
  },
  { path: "limits_config.ruler_remote_write_headers", value: { "X-Scope-OrgID": 1 }, unfit: ["X-Scope-OrgID: home"] },
  { path: "ruler.remote_write.clients", value: { a: written("TLS12") }, unfit: { a: written("1.2") } },
  { path: "limits_config.tsdb_max_bytes_per_shard", value: "300MB", unfit: 0 },
  { path: "limits_config.deletion_mode", value: "disabled", unfit: null },
  { path: "compactor.worker_config", value: { num_sub_workers: 2 }, unfit: null },
  { path: "query_scheduler.scheduler_ring.replication_factor", value: 2, unfit: 1 },
  { path: "index_gateway.ring.num_tokens", value: 128, unfit: 1 },
  { path: "pattern_ingester.lifecycler.ring.replication_factor", value: 1, unfit: 3 },
  { path: "pattern_ingester.retain_for", value: "1h", unfit: "30m" },
  { path: "distributor.ingester_writes_enabled", value: true, unfit: null },
  { path: "ingester.flush_op_backoff.max_period", value: "10s", unfit: "5s" },
  { path: "storage_config.bloom_shipper.working_directory", value: "/var/loki/blooms", unfit: "" },
  { path: "common.storage.s3.signature_version", value: "v4", unfit: "v2" },
  { path: "common.storage.s3.storage_class", value: "STANDARD_IA", unfit: "COLD" },
  { path: "common.storage.s3.s3", value: "s3://key:secret@host/loki", unfit: "::host" },
  { path: "ingester.wal.checkpoint_duration", value: "5m", unfit: "0s" },
  {
    path: "ingester.flush_op_backoff",
    value: { min_period: "1s", max_period: "10s" },
    unfit: { min_period: "10s", max_period: "1s" },
  },
  { path: "common.replication_factor", value: 3, unfit: "one" },
  { path: "common.compactor_address", value: "http://loki:3100", unfit: ["http://loki:3100"] },
  { path: "compactor.compaction_interval", value: "10m", unfit: "1d" },
  { path: "compactor.retention_delete_delay", value: "2h", unfit: "soon" },
  { path: "compactor.retention_delete_worker_count", value: 150, unfit: "many" },
  { path: "frontend.max_outstanding_per_tenant", value: 2048, unfit: true },
  { path: "frontend.compress_responses", value: true, unfit: "true" },
  { path: "ingester.chunk_encoding", value: "lz4-1M", unfit: "zip" },
  { path: "ingester.wal.replay_memory_ceiling", value: "4GB", unfit: "4GiB" },
  { path: "limits_config.deletion_mode", value: "filter-only", unfit: "filter" },
  { path: "limits_config.max_line_size", value: "256KB", unfit: "0.5MB" },
  { path: "server.log_level", value: "warn", unfit: "verbose" },
  { path: "ingester.chunk_idle_period", value: "30m", unfit: "1w" },
  { path: "ingester.chunk_target_size", value: 1572864, unfit: "1.5MB" },
  { path: "ingester.wal.enabled", value: true, unfit: "no-thanks" },
  { path: "ingester.wal.dir", value: "/var/loki/wal", unfit: { path: "/var/loki/wal" } },
  { path: "limits_config.reject_old_samples", value: true, unfit: "maybe" },
  { path: "limits_config.reject_old_samples_max_age", value: "1w", unfit: "1 week" },
  { path: "limits_config.ingestion_rate_mb", value: 8, unfit: "8MB" },
  { path: "limits_config.max_global_streams_per_user", value: 5000, unfit: { all: 5000 } },
  { path: "limits_config.split_queries_by_interval", value: "1d", unfit: "a day" },
  { path: "limits_config.retention_stream", value: [], unfit: { a: 1 } },
  { path: "querier.max_concurrent", value: 4, unfit: "four" },
  { path: "query_range.parallelise_shardable_queries", value: true, unfit: "yes, please" },
  { path: "ruler.alertmanager_url", value: "http://alertmanager:9093", unfit: ["http://alertmanager:9093"] },
  { path: "ruler.evaluation_interval", value: "1m", unfit: "1 minute" },
  { path: "server.http_listen_port", value: 3100, unfit: ":3100" },
  { path: "server.grpc_server_max_recv_msg_size", value: 8388608, unfit: "8MiB" },
  { path: "storage_config.tsdb_shipper.cache_ttl", value: "24h", unfit: "1d" },
  { path: "analytics.reporting_enabled", value: false, unfit: "false" },
  { path: "limits_config.tsdb_sharding_strategy", value: "bounded", unfit: "bound" },
  { path: "limits_config.bloom_block_encoding", value: "Snappy", unfit: "zip" },
  { path: "ingester.flush_op_backoff.max_retries", value: 5, unfit: 0 },
  { path: "compactor.max_compaction_parallelism", value: 2, unfit: -1 },
];

const period = {
  from: "2024-04-01",
  store: "tsdb",
  object_store: "s3",
  schema: "v13",
  index: { prefix: "index_", period: "24h" },
};
const withoutMetadata = (text: string) =>
  text.replace("limits_config:", "limits_config:\n  allow_structured_metadata: false");

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
  ...["compactor", "querier", "ruler", "server"].map((block) => ({
    what: `${block} is an empty block`,
    path: block,
    value: null,
  })),
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
    text: withoutMetadata,
  },
  { what: "the index is that of Loki 2", path: "schema_config.configs.0.store", value: "boltdb-shipper" },
  { what: "an empty document stands before it", text: (text) => `---\n---\n${text}` },
  { what: "a line is a tab", text: (text) => text.replace("compactor:\n", "compactor:\n\t\n") },
  { what: "a comment has a control character", text: (text) => `${text}# \u0007\n` },
  ...[
    'memberlist:\n  join_members: [a,\n  b # c]\n  , "d]"\n]\n',
    "server: {\nhttp_listen_port: 3100\n}\n",
    "server: {\nhttp_listen_port: 3100\ntracing: {}\n",
    'memberlist: {node_name: "a\nb"}\n',
    ...['"\\"', "'it''", "'it'''"].map((text) => `memberlist:\n  node_name: ${text}\n  advertise_addr: a\n`),
    "# one\u2028two\n",
    "# one\u0085\n",
    "server: {http_listen_port: 1:30}\n",
    "server: {http_listen_port: 0o17}\n",
    "server: {http_path_prefix: !!binary aGk=}\n",
  ].map((more) => ({ what: `there is ${JSON.stringify(more)}`, text: (text: string) => text + more })),
  ...["1.1", "1.2"].map((version) => ({
    what: `it begins with the directive of YAML ${version}`,
    text: (text: string) => `# a\n%YAML ${version}\n---\n${text}`,
  })),
  { what: "tabs stand in a text", text: (text) => `${text}memberlist:\n  node_name: |\n    a\n    \tb\n` },
  { what: "the retention is empty", path: "limits_config.retention_period", value: "" },
  { what: "the retention can't be counted", path: "limits_config.retention_period", value: "400y" },
  { what: "the day is in no calendar", path: "schema_config.configs.0.from", value: "2024-02-30" },
  { what: "the index's tables hold a number", path: "schema_config.configs.0.index.period", value: 24 },
  { what: "a period is only a dash", path: "schema_config.configs.1", value: null },
  {
    what: "two stores stand in common",
    path: "common.storage",
    value: { filesystem: { chunks_directory: "/a" }, s3: { bucketnames: "b" } },
  },
  {
    what: "the other store in common is empty",
    path: "common.storage",
    value: { filesystem: {}, s3: { bucketnames: "b" } },
  },
  {
    what: "a named store is called s3",
    path: "storage_config.named_stores.aws",
    value: { s3: { bucketnames: "loki" } },
  },
  ...[
    "{}",
    '{a=~".*"}',
    '{a!=""}',
    '{a!="b"}',
    '{a=~"b.*",c!~"d"}',
    '{a="b"} |= "c"',
    "{a=b}",
    "a",
    '{a="b",}',
    '{a=~".+"}',
  ].map((selector) => ({
    what: `single streams are ${selector}`,
    path: "limits_config.retention_stream",
    value: [{ selector, priority: 1, period: "48h" }],
  })),
  ...["gcp", "aws-dynamo", "aws", "cassandra"].map((store) => ({
    what: `chunks are in ${store}`,
    path: "schema_config.configs.0.object_store",
    value: store,
    text: (text: string) => text.replace("delete_request_store: s3", `delete_request_store: ${store}`),
  })),
  ...["/x/", "x", "x/", ""].map((prefix) => ({
    what: `the index is under ${JSON.stringify(prefix)}`,
    path: "schema_config.configs.0.index.path_prefix",
    value: prefix,
  })),
  ...[null, {}].map((s3) => ({
    what: `s3 is ${JSON.stringify(s3)} beside gcs in common`,
    path: "common.storage",
    value: { gcs: { bucket_name: "loki" }, s3 },
    text: (text: string) => text.replaceAll(/(object_store|delete_request_store): s3/g, "$1: gcs"),
  })),
  ...[
    { enabled: true },
    { enabled: true, clients: {} },
    { enabled: true, clients: { a: { url: "http://a" } } },
    { enabled: false, clients: { a: { name: "a" } } },
    { clients: { a: { url: "http://a", oauth2: { token_url: "http://b" } } } },
    { clients: { a: { url: "http://a", oauth2: { client_id: "a", token_url: "http://b" } } } },
  ].map((value) => ({ what: `rules are sent by ${JSON.stringify(value)}`, path: "ruler.remote_write", value })),
  ...[{}, { attributes: ["a"] }, { regex: "a.*" }, { attributes: ["a"], regex: "a.*" }].map((which) => ({
    what: `attributes are dropped by ${JSON.stringify(which)}`,
    path: "limits_config.otlp_config.log_attributes",
    value: [{ action: "drop", ...which }],
  })),
  { what: "there is no schema", path: "schema_config" },
  { what: "there is no period", path: "schema_config.configs", value: [] },
  { what: "the text is no YAML", text: (text) => `${text}  : [` },
  {
    what: "the schema is v11 without structured metadata",
    path: "schema_config.configs.0",
    value: { ...period, store: "boltdb-shipper", schema: "v11" },
    text: withoutMetadata,
  },
  { what: "the schema is v9", path: "schema_config.configs.0.schema", value: "v9", text: withoutMetadata },
  { what: "the schema is v14", path: "schema_config.configs.0.schema", value: "v14" },
  { what: "the schema is a number", path: "schema_config.configs.0.schema", value: 13 },
  { what: "the index's tables hold a week", path: "schema_config.configs.0.index.period", value: "168h" },
  { what: "the index's tables hold a day in days", path: "schema_config.configs.0.index.period", value: "1d" },
  { what: "the index is left out", path: "schema_config.configs.0.index" },
  {
    what: "the shipper's tables hold a week",
    path: "schema_config.configs.0",
    value: { ...period, store: "boltdb-shipper", schema: "v12", index: { prefix: "index_", period: "168h" } },
    text: withoutMetadata,
  },
  { what: "a later period follows", path: "schema_config.configs.1", value: { ...period, from: "2025-01-01" } },
  { what: "an earlier period follows", path: "schema_config.configs.1", value: { ...period, from: "2020-01-01" } },
  { what: "the same day follows", path: "schema_config.configs.1", value: period },
  {
    what: "a period of v12 is over",
    path: "schema_config.configs",
    value: [{ ...period, from: "2020-01-01", schema: "v12" }, period],
  },
  {
    what: "a period of v13 is in the future",
    path: "schema_config.configs",
    value: [
      { ...period, schema: "v12" },
      { ...period, from: "2999-01-01" },
    ],
  },
  { what: "the day is none", path: "schema_config.configs.0.from", value: "yesterday" },
  { what: "the kind of index is none", path: "schema_config.configs.0.store", value: "tsbd" },
  { what: "the kind of store is none", path: "schema_config.configs.0.object_store", value: "minio" },
  {
    what: "the store has a name",
    path: "storage_config.named_stores.aws",
    value: { main: { bucketnames: "loki" } },
    text: (text) => text.replaceAll(/(object_store|delete_request_store): s3/g, "$1: main"),
  },
  {
    what: "the querier asks only ingesters, and only the store",
    path: "querier",
    value: { query_store_only: true, query_ingester_only: true },
  },
  {
    what: "the workers have the addresses of frontend and scheduler",
    path: "frontend_worker",
    value: { frontend_address: "a:9095", scheduler_address: "b:9095" },
  },
  { what: "Kafka has no topic", path: "ingester.kafka_ingestion", value: { enabled: true } },
  { what: "the place of chunks is missing", path: "schema_config.configs.0.object_store" },
  { what: "the place of chunks is empty", path: "schema_config.configs.0.object_store", value: "" },
  {
    what: "an address that Loki never asks is none",
    path: "storage_config.aws.dynamodb.metrics",
    value: { url: "::host" },
  },
  { what: "a port is octal", text: (text) => `${text}server: {http_listen_port: 0o17}\n` },
  { what: "a password is null", path: "ruler", value: { alertmanager_client: { basic_auth_password: null } } },
  {
    what: "all of these settings are given",
    text: (text) =>
      stringify(settings.reduce((all, { path, value }) => changed(all, path, value), parse(text) as Values)),
  },
  ...settings.map(({ path, unfit }) => ({ what: `${path} is ${JSON.stringify(unfit)}`, path, value: unfit })),
  ...settings.map(({ path, value }) => ({ what: `${path} lacks a letter`, path: path.replace(/.$/, ""), value })),
  ...settings.map(({ path, value }) => ({
    what: `${path} stands one block too high`,
    path: path.replace(/^[^.]+\./, ""),
    value,
  })),
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
/** Every difference, by the file or mutation. */
export const differences: Readonly<Record<string, Difference>> = {
  [`${docs}/6-Compactor-Snippet.yaml`]: snippet,
  [`${docs}/15-Memberlist-Ring-Snippet.yaml`]: snippet,
  "tools/stream-generator/loki-local-config.debug.yaml": {
    who: "only Loki refuses",
    why: "It turns ingest limits by Kafka on without a topic, of which no policy speaks: an experiment that nothing here runs.",
  },
  "no period uses the store for delete requests": {
    who: "only the pack refuses",
    why: "Loki's check holds the store against no schema; the compactor then looks for delete requests where nothing is.",
  },
  "the compactor is taken out": {
    who: "only the pack refuses",
    why: "Loki starts, and nothing deletes what its limits call too old: the bucket grows for ever.",
  },
  "a second document follows": {
    who: "only the pack refuses",
    why: "Loki reads the first document and ignores the second without a word, whatever somebody meant by it.",
  },
};
