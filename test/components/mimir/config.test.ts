import assert from "node:assert/strict";
import { mimirConfig, type MimirConfig } from "../../../components/mimir/config";
import { settingsSchema } from "../../../config/schema";

function configOf(
  raw: object = {},
  connection: Partial<{ endpoint: string; forcePathStyle: boolean }> = {},
): MimirConfig {
  return mimirConfig({
    settings: settingsSchema.parse({ mimir: raw }).mimir,
    storage: {
      connection: { endpoint: "http://minio:9000", region: "eu-1", forcePathStyle: true, ...connection },
      buckets: { mimirBlocks: "blocks", mimirRuler: "ruler", mimirAlertmanager: "alertmanager" },
    },
    alertmanagerUrl: "http://alertmanager:9093",
    evaluates: false,
    evaluationInterval: "2m",
  });
}

describe("Mimir's configuration", () => {
  it("keeps blocks, rules and the Alertmanager's state in buckets of their own", () => {
    const { blocks_storage, ruler_storage, alertmanager_storage } = configOf();
    assert.deepEqual(
      [blocks_storage, ruler_storage, alertmanager_storage].map(({ s3 }) => s3.bucket_name),
      ["blocks", "ruler", "alertmanager"],
    );
  });

  it("reaches the store by host and port, with TLS and bucket names as the connection says", () => {
    const s3 = (connection: object) => configOf({}, connection).common.storage.s3;
    assert.deepEqual(s3({}), { endpoint: "minio:9000", region: "eu-1", bucket_lookup_type: "path", insecure: true });
    const amazon = s3({ endpoint: "https://s3.eu-central-1.amazonaws.com", forcePathStyle: false });
    assert.deepEqual(
      [amazon.endpoint, amazon.insecure, amazon.bucket_lookup_type],
      ["s3.eu-central-1.amazonaws.com", false, "auto"],
    );
  });

  it("evaluates as often as Prometheus did", () => {
    assert.equal(configOf().ruler.evaluation_interval, "120s");
  });

  it("takes what a kube-prometheus-stack of hundreds of thousands of series sends, and catches up after an hour", () => {
    const { limits } = configOf();
    assert(limits.max_global_series_per_user >= 400_000);
    // 400,000 series every 30 s for an hour, sent again within half an hour beside what goes on coming.
    assert(limits.ingestion_rate >= (400_000 / 30) * 3);
    assert(limits.max_label_names_per_series > 30);
  });

  it("has the settings' retention in a unit that Mimir reads, and their window for late samples", () => {
    const { limits } = configOf({ retention: "1y", outOfOrderWindow: "0s" });
    assert.equal(limits.compactor_blocks_retention_period, "31536000s");
    assert.equal(limits.out_of_order_time_window, "0s");
  });

  it("gives every ring one member that it reaches, whatever the pod's address", () => {
    const text = JSON.stringify(configOf());
    assert.equal(text.match(/"store":"inmemory"/g)?.length, text.match(/"kvstore"/g)?.length);
    assert.equal(text.match(/"kvstore"/g)?.length, 7);
    assert.doesNotMatch(text, /memberlist|consul|\$\{/);
    const { ingester, store_gateway } = configOf();
    assert.deepEqual([ingester.ring.replication_factor, store_gateway.sharding_ring.replication_factor], [1, 1]);
  });

  it("bounds caches by the memory limit", () => {
    const caches = (memory: string) => {
      const { bucket_store } = configOf({ resources: { limits: { memory } } }).blocks_storage;
      return bucket_store.index_cache.inmemory.max_size_bytes + bucket_store.series_hash_cache_max_size_bytes;
    };
    assert.equal(caches("4Gi"), 2 * caches("2Gi"));
    assert(caches("2Gi") < 2 ** 31 / 8);
  });
});
