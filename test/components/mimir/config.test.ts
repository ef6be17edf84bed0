import assert from "node:assert/strict";
import { mimirConfig, type MimirConfig } from "../../../components/mimir/config";
import type { MimirStorage } from "../../../components/object-storage/types";
import { settingsSchema } from "../../../settings/schema";

function configOf(
  raw: object = {},
  connection: Partial<{ endpoint: string; forcePathStyle: boolean }> = {},
  more: Partial<Pick<MimirStorage, "prefixes" | "own">> = {},
): MimirConfig {
  return mimirConfig({
    environment: { namespace: "e2e", dnsDomain: "invalid" },
    settings: settingsSchema.parse({ mimir: raw }).mimir,
    storage: {
      connection: { endpoint: "http://minio:9000", region: "eu-1", forcePathStyle: true, ...connection },
      buckets: { mimirBlocks: "blocks", mimirRuler: "ruler", mimirAlertmanager: "alertmanager" },
      ...more,
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

  it("is alone on the loopback, or a member of every ring in which samples, blocks and rules are shared out", () => {
    const rings = ({ distributor, ingester, store_gateway, compactor, ruler }: MimirConfig) => [
      ...[distributor.ring, ingester.ring, ruler.ring],
      ...[store_gateway.sharding_ring, compactor.sharding_ring],
    ];
    for (const ring of rings(configOf()))
      assert.deepEqual([ring.instance_addr, ring.kvstore.store], ["127.0.0.1", "inmemory"]);
    assert.equal("memberlist" in configOf(), false);
    const three = configOf({ replicas: 3, replicationFactor: 3 });
    for (const ring of rings(three))
      assert.deepEqual([ring.instance_addr, ring.kvstore.store], ["${POD_IP}", "memberlist"]);
    assert.equal(three.ingester.ring.replication_factor, 3);
    assert.equal(three.store_gateway.sharding_ring.replication_factor, 3);
  });

  it("asks the bucket for the newest hours too where a replica may be new, and uploads before one goes", () => {
    const { querier, blocks_storage } = configOf({ replicas: 3, replicationFactor: 3 });
    assert.equal(querier.query_store_after, "0s");
    assert.equal(blocks_storage.bucket_store.ignore_blocks_within, "0s");
    assert.equal(blocks_storage.tsdb.flush_blocks_on_shutdown, true);
    assert.equal("query_store_after" in configOf().querier, false);
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

  it("takes nobody else's prefix in the blocks' bucket for a tenant", () => {
    const { blocks_storage, ruler_storage, compactor, store_gateway } = configOf(
      {},
      {},
      { prefixes: { mimirRuler: "ruler" } },
    );
    assert.equal("storage_prefix" in blocks_storage, false);
    assert.equal(ruler_storage.storage_prefix, "ruler");
    for (const part of [compactor, store_gateway]) assert.equal(part.enabled_tenants, "anonymous");
    for (const part of [configOf().compactor, configOf().store_gateway]) assert.equal("enabled_tenants" in part, false);
  });

  it("reaches each bucket where its own claim says that it is, with its own key", () => {
    const own = (use: string) => ({
      ...{ endpoint: `https://\${${use}_HOST}:\${${use}_PORT}`, region: `\${${use}_REGION:x}` },
      ...{ accessKey: `\${${use}_KEY}`, secretKey: `\${${use}_SECRET}` },
    });
    const all = { mimirBlocks: own("BLOCKS"), mimirRuler: own("RULER"), mimirAlertmanager: own("ALERTS") };
    const { common, ruler_storage } = configOf({}, { endpoint: "https://somewhere" }, { own: all });
    assert.deepEqual(common.storage.s3, { bucket_lookup_type: "path", insecure: false });
    assert.deepEqual(ruler_storage.s3, {
      ...{ endpoint: "${RULER_HOST}:${RULER_PORT}", region: "${RULER_REGION:x}", bucket_name: "ruler" },
      ...{ access_key_id: "${RULER_KEY}", secret_access_key: "${RULER_SECRET}" },
    });
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

  it("takes blocks of Prometheus's history only where the settings say so", () => {
    assert.equal(configOf().limits.compactor_block_upload_enabled, false);
    assert.equal(configOf({ blockUpload: true }).limits.compactor_block_upload_enabled, true);
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
