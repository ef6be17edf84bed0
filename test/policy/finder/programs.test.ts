import assert from "node:assert/strict";
import { stringify } from "yaml";
import { kindOf } from "../../../policy/lib/config/recognise";
import { settingsOf } from "../../../policy/lib/config/find";
import { programs } from "../../../policy/lib/programs";
import { policies } from "../../../policy/index";
import { resourceOf } from "../../../policy/lib/resource";
import { changed, goodLoki, goodMimir, type Values } from "../fixtures";
import { configMap, findings, type TestResource } from "../support";

const s3 = { backend: "s3", s3: { bucket_name: "blocks", endpoint: "minio:9000" } };
const server = { http_listen_port: 3200 };
const memberlist = { join_members: ["gossip"] };

/** Configurations of the relatives, each with blocks that Loki or Mimir has too, and with settings that look like theirs. */
const relatives: Readonly<Record<string, Values>> = {
  Tempo: {
    multitenancy_enabled: true,
    server,
    memberlist,
    distributor: { receivers: { otlp: { protocols: { grpc: {} } } } },
    ingester: { max_block_duration: "5m" },
    compactor: { compaction: { block_retention: "1h" }, retention_enabled: true },
    storage: { trace: { backend: "s3", s3: { bucket: "tempo" } } },
    metrics_generator: { storage: { path: "/data" } },
    overrides: { defaults: { metrics_generator: { processors: ["service-graphs"] } } },
  },
  "Tempo's least": { multitenancy_enabled: false, server, storage: { trace: { backend: "local" } } },
  Pyroscope: {
    multitenancy_enabled: true,
    memberlist,
    storage: s3,
    compactor: { data_dir: "/data" },
    store_gateway: { sharding_ring: {} },
    pyroscopedb: { max_block_duration: "1h" },
    limits: { max_query_lookback: "0" },
  },
  Cortex: {
    auth_enabled: false,
    server,
    distributor: { shard_by_all_labels: true, pool: {} },
    ingester: { lifecycler: { ring: { replication_factor: 3 } } },
    storage: { engine: "blocks" },
    blocks_storage: s3,
    ruler_storage: s3,
    alertmanager_storage: s3,
    compactor: { data_dir: "/data", sharding_enabled: true },
    limits: { compactor_blocks_retention_period: "1h" },
    query_range: { cache_results: true },
  },
  Promtail: {
    server: { http_listen_port: 9080 },
    clients: [{ url: "http://loki:3100/loki/api/v1/push" }],
    positions: { filename: "/run/positions.yaml" },
    limits_config: { readline_rate: 100, retention_period: "1h" },
    scrape_configs: [],
  },
  Prometheus: { global: { scrape_interval: "30s" }, scrape_configs: [], remote_write: [], storage: { tsdb: {} } },
  "the agent": {
    server: {},
    metrics: { configs: [] },
    logs: {
      configs: [
        { name: "a", clients: [], positions: {}, scrape_configs: [], limits_config: { retention_period: "1h" } },
      ],
    },
  },
  Thanos: { type: "S3", config: { bucket: "thanos", endpoint: "minio:9000" } },
};

describe("whose a configuration is", () => {
  for (const [name, config] of Object.entries(relatives)) {
    it(`is told of ${name}, of which nothing is judged as Loki's or Mimir's`, async () => {
      for (const file of [stringify(config), JSON.stringify(config)]) {
        for (const policy of policies.filter(({ validateResource }) => validateResource)) {
          assert.deepEqual(await findings(policy, configMap(file)), [], policy.name);
        }
        assert.deepEqual(of(configMap(file)), []);
      }
    });
  }

  const foreign = { retention_enabled: true, delete_request_store: "" };
  const mixtures: [what: string, config: Values, expected: string][] = [
    [
      "Mimir's with a compactor as Loki has it",
      { multitenancy_enabled: false, blocks_storage: s3, compactor: foreign },
      "Mimir",
    ],
    [
      "Mimir's with all of Loki's limits",
      { ...goodMimir, limits_config: { retention_period: "30d" }, compactor: foreign },
      "Mimir",
    ],
    ["Mimir's with Loki's and Cortex' switch", { ...goodMimir, auth_enabled: false }, "Mimir"],
    [
      "Mimir's that only has its limits",
      { limits: { compactor_blocks_retention_period: "30d" }, compactor: foreign },
      "Mimir",
    ],
    ["Mimir's without any block that is only its own", { common: { storage: s3 }, ruler_storage: s3 }, "Mimir"],
    ["Loki's with a block of Mimir's", { ...goodLoki, blocks_storage: s3 }, "Loki"],
    ["Loki's with a receiver of Tempo's", { ...goodLoki, distributor: { receivers: {} } }, "Loki"],
    ["Loki's with a scrape configuration", { ...goodLoki, scrape_configs: [] }, "Loki"],
    ["Loki's with a single block that is its own", { schema_config: { configs: [] } }, "Loki"],
    [
      "Loki's without its schema",
      { auth_enabled: false, common: { path_prefix: "/loki", replication_factor: 1 } },
      "Loki",
    ],
  ];
  for (const [what, config, expected] of mixtures) {
    it(`is told of ${what}`, () => {
      assert.equal(kindOf(config), expected);
      assert.deepEqual(of(configMap(stringify(config))), [expected]);
    });
  }

  it("is nobody's of a set of pods, of values and of prose", () => {
    const pods = { replicas: 2, resources: {}, persistence: { enabled: true } };
    for (const block of [
      { store_gateway: pods, compactor: pods, ingester: pods, alertmanager: pods, ruler: pods },
      { limits_config: "see the wiki", blocks_storage: "a bucket" },
      { multitenancy_enabled: "true" },
      changed({ limits_config: {} }, "limits_config", null),
    ]) {
      assert.equal(kindOf(block), undefined, JSON.stringify(block));
    }
  });

  it("is told of a text that doesn't parse", async () => {
    const broken = (config: Values) => configMap(`${stringify(config)}server: [\n`);
    assert.deepEqual(unreadable(broken({ ...goodMimir, compactor: foreign })), ["Mimir"]);
    assert.deepEqual(unreadable(broken(goodLoki)), ["Loki"]);
    assert.deepEqual(unreadable(broken(relatives.Tempo)), []);
    assert.deepEqual(unreadable(broken(relatives.Promtail)), []);
  });
});

function settings({ type, name, props }: TestResource) {
  const resource = resourceOf({ type, name, props, urn: `urn:pulumi:dev::p::${type}::${name}` } as never);
  return programs.map((program) => ({ program: program.name, ...settingsOf(resource, program) }));
}

const of = (resource: TestResource) => settings(resource).flatMap(({ program, configs }) => configs.map(() => program));
const unreadable = (resource: TestResource) =>
  settings(resource).flatMap((each) => each.unreadable.map(() => each.program));
