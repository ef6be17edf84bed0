import assert from "node:assert/strict";
import { parseSettings } from "../../config/load";
import { stackSettings } from "./support";

const settingsOf = (stack: string) => parseSettings(stackSettings(stack), { stack }).settings;

describe("stack files", () => {
  it("an empty stack file gives a stack that works: single binary on an object store inside the cluster", () => {
    const { settings, secretValues } = parseSettings({}, { stack: "empty" });
    assert.equal(settings.stage, "loki");
    assert.equal(settings.loki.mode, "single-binary");
    assert.equal(settings.objectStore.kind, "embedded");
    assert.equal(settings.secrets.provider, "config");
    assert.deepEqual(secretValues, {});
  });

  it("staging is seed 004's staging: 3/3/3, factor 1, seven days, an object store inside the cluster", () => {
    const { stage, cluster, loki, objectStore, logs } = settingsOf("staging");
    assert.equal(stage, "loki");
    assert.equal(cluster.name, "staging");
    assert.equal(loki.mode, "simple-scalable");
    assert.deepEqual([loki.write.replicas, loki.read.replicas, loki.backend.replicas], [3, 3, 3]);
    assert.equal(loki.replicationFactor, 1);
    assert.equal(loki.retention, "7d");
    assert.equal(objectStore.kind, "embedded");
    assert.ok(loki.canary && loki.volume && loki.structuredMetadata && logs.events && logs.journal);
  });

  it("production is seed 004's production: 3/3/3, factor 2, thirty days, MinIO on the NAS", () => {
    const { stage, cluster, loki, objectStore, buckets } = settingsOf("production");
    assert.equal(stage, "loki");
    assert.equal(cluster.name, "production");
    assert.equal(loki.mode, "simple-scalable");
    assert.deepEqual([loki.write.replicas, loki.read.replicas, loki.backend.replicas], [3, 3, 3]);
    assert.equal(loki.replicationFactor, 2);
    assert.equal(loki.retention, "30d");
    assert.equal(buckets.loki, "loki-production");
    assert.deepEqual(objectStore, {
      kind: "minio",
      endpoint: "http://10.0.40.10:9000",
      providerAddress: "10.0.40.10:9000",
      providerTls: false,
      region: "us-east-1",
      forcePathStyle: true,
      metrics: true,
      importBuckets: [],
    });
  });

  it("production's Prometheus is seed 000's: fourteen days and 70 GB on openebs-hostpath", () => {
    const { kps } = settingsOf("production");
    assert.ok(kps.enabled);
    assert.deepEqual([kps.retention, kps.storage, kps.storageClass], ["14d", "70Gi", "openebs-hostpath"]);
  });

  it("staging and production keep their secrets in 1Password and notify by Pushover and heartbeat", () => {
    for (const stack of ["staging", "production"]) {
      const { secrets, alertmanager } = settingsOf(stack);
      assert.equal(secrets.provider, "onepassword", stack);
      assert.ok(alertmanager.pushover && alertmanager.heartbeat, stack);
    }
  });

  it("production has Raspberry Pis among its nodes", () => {
    assert.ok(settingsOf("production").cluster.nodes.some(({ arch, count }) => arch === "arm64" && count > 1));
  });

  it("the sandbox needs nothing that a person would have to give", () => {
    const { settings, secretValues } = parseSettings(stackSettings("sandbox"), { stack: "sandbox" });
    assert.equal(settings.secrets.provider, "config");
    assert.equal(settings.objectStore.kind, "embedded");
    assert.equal(settings.loki.mode, "single-binary");
    assert.ok(!settings.alertmanager.pushover && !settings.alertmanager.heartbeat);
    assert.deepEqual(secretValues, {});
  });
});
