import assert from "node:assert/strict";
import { stringify } from "yaml";
import { lokiConfig } from "../../../components/loki/config";
import { gatewayConfig } from "../../../components/loki/gateway-config";
import { settingsSchema } from "../../../settings/schema";
import { quantityValue, seconds, sizeBytes } from "../../../settings/units";

const environment = { namespace: "monitoring", dnsDomain: "cluster.local", nodeSelector: {}, tolerations: [] };
const connection = { endpoint: "http://10.0.40.10:9000", region: "us-east-1", forcePathStyle: true };

const settings = (raw: object) => settingsSchema.parse({ loki: raw }).loki;
const made = (raw: object = {}, { endpoint = connection.endpoint, cluster = undefined as string | undefined } = {}) =>
  lokiConfig({
    environment: { ...environment, cluster },
    settings: settings(raw),
    storage: { connection: { ...connection, endpoint }, buckets: { loki: "loki-production" } },
    alertmanagerUrl: "http://alertmanager.monitoring.svc.cluster.local:9093",
  });
const scalable = { mode: "simple-scalable" };

describe("Loki's configuration", () => {
  it("has seed 000's compactor block whole", () => {
    assert.deepEqual(made({ compactionInterval: "7m" }).compactor, {
      working_directory: "/var/loki/compactor",
      compaction_interval: "7m",
      retention_enabled: true,
      retention_delete_delay: "2h",
      retention_delete_worker_count: 150,
      delete_request_store: "s3",
    });
  });

  it("keeps delete requests where the newest period keeps its chunks", () => {
    const period = (from: string, object_store: string) => ({
      from,
      store: "tsdb",
      object_store,
      schema: "v13",
      index: { prefix: "index_", period: "24h" },
    });
    const { compactor } = made({ schemaConfigs: [period("2023-01-01", "s3"), period("2024-01-01", "aws")] });
    assert.equal(compactor.delete_request_store, "aws");
  });

  it("has one period of tsdb v13 from 2024-04-01, unless the stack has its own", () => {
    assert.deepEqual(made().schema_config.configs, [
      {
        from: "2024-04-01",
        store: "tsdb",
        object_store: "s3",
        schema: "v13",
        index: { prefix: "loki_index_", period: "24h" },
      },
    ]);
  });

  it("passes the stack's own periods on word for word, keys that it doesn't know too", () => {
    const schemaConfigs = [
      {
        from: "2022-06-01",
        store: "boltdb-shipper",
        object_store: "s3",
        schema: "v12",
        index: { prefix: "old_", period: "24h", tags: { a: "b" } },
        row_shards: 32,
      },
    ];
    assert.deepEqual(made({ schemaConfigs, structuredMetadata: false }).schema_config.configs, schemaConfigs);
  });

  it("names region and scheme of the object store, and is insecure only without TLS", () => {
    assert.deepEqual(made().common.storage.s3, {
      endpoint: "http://10.0.40.10:9000",
      region: "us-east-1",
      bucketnames: "loki-production",
      s3forcepathstyle: true,
      insecure: true,
    });
    assert.equal(made({}, { endpoint: "https://s3.example.org" }).common.storage.s3.insecure, false);
  });

  it("has no key of the object store, and one variable: the pod's address", () => {
    const text = stringify(made(scalable));
    assert.doesNotMatch(text, /access_key|secret/i);
    assert.deepEqual(text.match(/\$\{[^}]*\}/g), ["${POD_IP}"]);
  });

  it("has its ruler read the ConfigMaps that pods mount, or the bucket, where Loki's API puts rules", () => {
    assert.deepEqual(made().ruler.storage, { type: "local", local: { directory: "/etc/loki/rules" } });
    assert.deepEqual(made({ logAlerts: false }).ruler.storage, { type: "s3" });
  });

  it("has nothing that Loki 3 no longer knows", () => {
    assert.doesNotMatch(stringify(made(scalable)), /enforce_metric_name|shared_store/);
  });

  it("makes retention, limits and features what the settings say", () => {
    const { limits_config, pattern_ingester } = made({
      retention: "30d",
      structuredMetadata: false,
      volume: false,
      patternIngester: false,
      limits: { ingestionRateMb: 3, maxStreams: 77, maxQueryLength: "31d", rejectOldSamplesMaxAge: "1w" },
    });
    assert.equal(pattern_ingester.enabled, false);
    const { retention_period, allow_structured_metadata, volume_enabled, ingestion_rate_mb } = limits_config;
    assert.deepEqual([retention_period, allow_structured_metadata, volume_enabled], ["30d", false, false]);
    const { max_global_streams_per_user, max_query_length, reject_old_samples_max_age } = limits_config;
    assert.deepEqual(
      [ingestion_rate_mb, max_global_streams_per_user, max_query_length, reject_old_samples_max_age],
      [3, 77, "31d", "1w"],
    );
  });

  it("tells processes apart from one another where the others are, and a single binary nothing of the kind", () => {
    const { common, storage_config, index_gateway } = made(scalable);
    assert.equal(common.compactor_grpc_address, "loki-backend.monitoring.svc.cluster.local:9095");
    assert.equal(
      storage_config?.tsdb_shipper && storage_config.tsdb_shipper.index_gateway_client.server_address,
      "dns+loki-backend-headless.monitoring.svc.cluster.local:9095",
    );
    assert.equal(index_gateway?.mode, "simple");
    const single = made();
    assert.doesNotMatch(stringify(single), /loki-(backend|write|read)/);
    assert.equal(single.storage_config.tsdb_shipper, undefined);
  });

  it("tells components that are apart where the others are", () => {
    const { common, storage_config, frontend, frontend_worker, query_scheduler } = made({ mode: "distributed" });
    const host = (name: string) => `loki-${name}.monitoring.svc.cluster.local`;
    assert.equal(common.compactor_grpc_address, `${host("compactor")}:9095`);
    assert.equal(
      storage_config?.tsdb_shipper && storage_config.tsdb_shipper.index_gateway_client.server_address,
      `dns+${host("index-gateway-headless")}:9095`,
    );
    assert.equal(frontend.tail_proxy_url, `http://${host("querier")}:3100`);
    for (const { scheduler_address } of [frontend, frontend_worker])
      assert.equal(scheduler_address, `${host("query-scheduler-headless")}:9095`);
    // A scheduler that isn't in its ring yet would never answer the frontends that connect to it: grafana/loki#19528.
    assert.equal(query_scheduler.use_scheduler_ring, false);
    for (const raw of [{}, scalable]) assert.ok(!("tail_proxy_url" in made(raw).frontend), JSON.stringify(raw));
  });

  it("keeps the write-ahead log on the volume, and replays it within the writer's memory limit", () => {
    for (const [raw, limit] of [
      [{ singleBinary: { resources: { limits: { memory: "768Mi" } } } }, "768Mi"],
      [{ ...scalable, write: { resources: { limits: { memory: "3Gi" } } } }, "3Gi"],
      [{ mode: "distributed", distributed: { ingester: { resources: { limits: { memory: "3Gi" } } } } }, "3Gi"],
    ] as const) {
      const { wal } = made(raw).ingester;
      assert.match(wal.dir, /^\/var\/loki\//);
      assert.equal(wal.flush_on_shutdown, true);
      const ceiling = sizeBytes(wal.replay_memory_ceiling);
      assert(ceiling > 0 && ceiling < quantityValue(limit) * 0.9, `${wal.replay_memory_ceiling} of ${limit}`);
    }
  });

  it("caches no more than a quarter of the reader's memory", () => {
    const { query_range, chunk_store_config } = made({ singleBinary: { resources: { limits: { memory: "512Mi" } } } });
    // Results of queries, index statistics, volumes, series, labels and instant queries have a cache each, of one configuration.
    const results = 6 * query_range.results_cache.cache.embedded_cache!.max_size_mb;
    const chunks = chunk_store_config.chunk_cache_config.embedded_cache!.max_size_mb;
    assert(results + chunks <= 512 / 4 + 1, `${results} and ${chunks} MB`);
  });

  it("caches in memcached where the settings say so, in every mode, and queues no more for it than it would cache itself", () => {
    const caches = { chunks: {}, results: {} };
    for (const mode of ["single-binary", "simple-scalable", "distributed"]) {
      const { query_range, chunk_store_config } = made({ mode, caches });
      const [results, chunks] = [query_range.results_cache.cache, chunk_store_config.chunk_cache_config];
      for (const [cache, name] of [
        [results, "results"],
        [chunks, "chunks"],
      ] as const) {
        assert.equal(cache.embedded_cache, undefined);
        const host = `loki-${name}-cache.monitoring.svc.cluster.local`;
        assert.equal(cache.memcached_client!.addresses, `dnssrvnoa+_memcached._tcp.${host}`);
      }
      const own = made({ mode });
      assert.equal(
        results.background!.writeback_size_limit,
        `${own.query_range.results_cache.cache.embedded_cache!.max_size_mb}MB`,
      );
    }
    // One of them alone leaves the other as it was.
    const { query_range, chunk_store_config } = made({ caches: { results: {} } });
    assert.ok(query_range.results_cache.cache.memcached_client);
    assert.deepEqual(chunk_store_config, made({}).chunk_store_config);
  });

  it("forgets a dead writer where two are left", () => {
    const forgets = (replicas: number) => made({ ...scalable, write: { replicas } }).ingester.autoforget_unhealthy;
    assert.deepEqual([1, 2, 3].map(forgets), [false, false, true]);
  });

  it("lets a query have its time: neither Loki's server nor the gateway cuts it off before", () => {
    const raw = { limits: { queryTimeout: "1h" } };
    const { server, limits_config } = made(raw);
    const gateway = /proxy_read_timeout (\d+s);/.exec(gatewayConfig({ environment, settings: settings(raw) }))?.[1];
    for (const longest of [server.http_server_read_timeout, server.http_server_write_timeout, gateway]) {
      assert(seconds(longest ?? "0s") > seconds(limits_config.query_timeout), `${longest}`);
    }
  });

  it("gives Go's durations where Loki reads them, which have no days", () => {
    const { server, compactor, memberlist } = made({ limits: { queryTimeout: "1d" } });
    for (const duration of [
      server.http_server_write_timeout,
      compactor.compaction_interval,
      memberlist.rejoin_interval,
    ]) {
      assert.match(duration, /^(\d+h)?(\d+m)?(\d+s)?$/);
    }
  });

  it("labels the ruler's alerts with the cluster where the stack has one", () => {
    const { ruler } = made({}, { cluster: "production" });
    assert.deepEqual(ruler.external_labels, { cluster: "production" });
    assert.equal(ruler.alertmanager_url, "http://alertmanager.monitoring.svc.cluster.local:9093");
    assert.equal(made().ruler.external_labels, undefined);
  });

  it("gossips with its own kind in its own namespace, never with another memberlist", () => {
    const { memberlist, common } = made();
    assert.equal(memberlist.cluster_label, "loki-monitoring");
    assert.deepEqual(memberlist.join_members, ["dns+loki-memberlist.monitoring.svc.cluster.local:7946"]);
    assert.equal(common.ring.kvstore.store, "memberlist");
  });

  it("reports nothing to Grafana Labs, and has one tenant", () => {
    assert.equal(made().analytics.reporting_enabled, false);
    assert.equal(made().auth_enabled, false);
  });
});
