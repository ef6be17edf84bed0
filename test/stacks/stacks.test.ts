import assert from "node:assert/strict";
import { parseSettings } from "../../settings/load";
import { loadStackSettings } from "../../commands/shared/settings";
import { stackSettings } from "../settings/support";
import { checkedPreviewOf } from "../program/support/previews";
import { workloads } from "../program/support/workloads";
import { testStack, testStacks } from "./stacks";

const settingsOf = (stack: string) => loadStackSettings(testStack(stack)).settings;

describe("The stacks of the tests' own", () => {
  it("an empty stack file gives a stack that works: single binary on an object store inside the cluster", () => {
    const { settings, secretValues } = parseSettings({}, { stack: "empty" });
    assert.equal(settings.stage, "loki");
    assert.equal(settings.loki.mode, "single-binary");
    assert.equal(settings.objectStore.kind, "embedded");
    assert.equal(settings.secrets.provider, "config");
    assert.deepEqual(secretValues, {});
  });

  it("staging is 3/3/3, factor 1, seven days, an object store inside the cluster", () => {
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

  it("the staging stack to copy is on local-path, with a host of its own, and in the modes of production's", () => {
    const [staging, production] = [settingsOf("homelab-staging"), settingsOf("homelab")];
    assert.deepEqual([staging.cluster.name, staging.cluster.storageClass], ["staging", "local-path"]);
    assert.equal(staging.grafana.ingress?.host, "grafana.staging.example.org");
    assert.deepEqual([staging.loki.retention, production.loki.retention], ["7d", "30d"]);
    assert.deepEqual([staging.loki.replicationFactor, production.loki.replicationFactor], [1, 2]);
    assert.deepEqual([staging.objectStore.kind, production.objectStore.kind], ["embedded", "existing"]);
    for (const { loki, logs } of [staging, production]) {
      assert.deepEqual([loki.mode, logs.nodeFiles], ["simple-scalable", ["/var/log/syslog"]]);
      assert.deepEqual([loki.write.replicas, loki.read.replicas, loki.backend.replicas], [3, 3, 3]);
    }
  });

  it("production is 3/3/3, factor 2, thirty days, MinIO on the NAS", () => {
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

  it("production's Prometheus has fourteen days and 70 GB on openebs-hostpath", () => {
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
    const { secrets, objectStore, loki, alertmanager } = settingsOf("sandbox");
    assert.equal(secrets.provider, "config");
    assert.equal(objectStore.kind, "embedded");
    assert.equal(loki.mode, "single-binary");
    assert.ok(!alertmanager.pushover && !alertmanager.heartbeat);
    assert.equal(stackSettings("sandbox").secretValues, undefined);
  });

  it("the home cluster keeps its Prometheus, its Grafana and its MinIO, with keys that an operator writes", () => {
    const { loki, kps, adopt, grafana, objectStore, secrets } = settingsOf("home");
    assert.deepEqual([loki.mode, kps.retention, kps.storage], ["simple-scalable", "14d", "70Gi"]);
    assert.deepEqual([adopt.kps?.release, grafana.create], ["monitoring/kube-prometheus-stack", false]);
    assert.ok(objectStore.kind === "existing");
    assert.equal(objectStore.endpoint, "http://minio.storage.svc.cluster.local:9000");
    assert.equal(secrets.existing.lokiObjectStore?.name, "loki-secret");
  });

  it("the cluster of Raspberry Pis has nothing else, one Loki, and fourteen days of either", () => {
    const { cluster, loki, kps, alertmanager } = settingsOf("arm64");
    assert.deepEqual([...new Set(cluster.nodes.map(({ arch }) => arch))], ["arm64"]);
    assert.deepEqual([loki.mode, loki.retention, kps.retention], ["single-binary", "14d", "14d"]);
    assert.ok(alertmanager.pushover);
  });

  it("the cluster of Raspberry Pis with VictoriaMetrics is as its seed says: fourteen days, on a local disk", () => {
    const { stage, metrics, victoriaMetrics, cluster, buckets, alertmanager } = settingsOf("pi");
    assert.deepEqual([stage, metrics.backend, victoriaMetrics.retention], ["dual-write", "victoria-metrics", "14d"]);
    assert.deepEqual([cluster.storageClass, buckets.loki], ["local-path", "loki-data"]);
    assert.ok(alertmanager.pushover && cluster.nodes.every(({ arch }) => arch === "arm64"));
  });

  it("the clusters with Ceph have 3/3/2 and factor 3, and a single binary of 720 hours with its pattern ingester", () => {
    const [large, small] = [settingsOf("ceph-large").loki, settingsOf("ceph-small").loki];
    assert.deepEqual([large.write.replicas, large.read.replicas, large.backend.replicas], [3, 3, 2]);
    assert.deepEqual([large.replicationFactor, large.retention], [3, "30d"]);
    const { chunks, results } = large.caches;
    assert.deepEqual([chunks?.size, chunks?.replicas, results?.size, results?.replicas], ["4Gi", 2, "2Gi", 1]);
    assert.deepEqual([small.mode, small.retention, small.patternIngester], ["single-binary", "720h", true]);
    const resources = { requests: { cpu: "100m", memory: "256Mi" }, limits: { cpu: "1", memory: "1Gi" } };
    assert.deepEqual([small.storage, small.singleBinary.resources], ["10Gi", resources]);
    for (const stack of ["ceph-large", "ceph-small"]) assert.ok(settingsOf(stack).adopt.kps?.keepGrafana, stack);
  });

  it("the large cluster with Ceph requests for Loki what its plan has", () => {
    const { write, read, backend, caches } = settingsOf("ceph-large").loki;
    assert.deepEqual([write.resources.requests, read.resources.requests], Array(2).fill({ cpu: "1", memory: "2Gi" }));
    assert.deepEqual(backend.resources.requests, { cpu: "500m", memory: "1Gi" });
    assert.deepEqual([caches.chunks?.size, caches.chunks?.replicas, caches.results?.size], ["4Gi", 2, "2Gi"]);
  });

  for (const stack of testStacks) {
    it(`${stack} breaks no policy, fits its nodes, and names ports as the API server takes them`, async () => {
      const preview = await checkedPreviewOf(stack);
      const { violations, fit } = preview;
      assert.deepEqual(
        violations.filter(({ level }) => level === "mandatory"),
        [],
      );
      assert.deepEqual([fit.fits, fit.missing], ["yes", []]);
      // The API server refuses the pod otherwise: https://www.rfc-editor.org/rfc/rfc6335#section-5.1
      for (const { called, initContainers, containers } of workloads(preview))
        for (const { ports } of [...initContainers, ...containers])
          for (const { name } of ports ?? [])
            assert.match(name, /^(?=.*[a-z])[a-z0-9](?:[a-z0-9-]{0,13}[a-z0-9])?$/, called);
    });
  }
});
