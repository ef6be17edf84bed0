import assert from "node:assert/strict";
import { parse } from "yaml";
import { vectorDashboard } from "../../../components/dashboards/vector";
import { image } from "../../../components/images";
import { environment as describeEnvironment } from "../../../components/kubernetes/environment";
import type { VectorConfig } from "../../../components/vector/config";
import { vectorRules } from "../../../components/vector/rules";
import { Vector } from "../../../components/vector/vector";
import { settingsSchema } from "../../../settings/schema";
import { mockPulumi, settled, type Registered } from "../../support/mocks";
import { metricsIn } from "../dashboards/exported";
import { panelsOf } from "../dashboards/queries";

async function vector(logs: object = {}): Promise<Registered[]> {
  const settings = settingsSchema.parse({ logs, cluster: { name: "home" } });
  const recorded = mockPulumi();
  new Vector(
    "vector",
    {
      environment: describeEnvironment(settings),
      settings: settings.logs,
      limits: settings.loki.limits,
      images: { vector: image("vector") },
      pushUrl: "http://loki.monitoring.svc:3100/loki/api/v1/push",
    },
    {},
  );
  await settled();
  return recorded.resources;
}

const inputs = (resources: Registered[], kind: string) => {
  const found = resources.filter(({ type }) => type.endsWith(`:${kind}`));
  assert.equal(found.length, 1, kind);
  return found[0].inputs;
};
const configOf = async (logs: object = {}) =>
  parse(inputs(await vector(logs), "ConfigMap").data["vector.yaml"]) as VectorConfig;
const podOf = async (logs: object = {}) => inputs(await vector(logs), "DaemonSet").spec.template;

describe("Vector", () => {
  it("reads each node's pods and journal, and sends them to Loki alone, as text, by a buffer on the disk", async () => {
    const { sources, sinks } = await configOf();
    assert.deepEqual(
      Object.values(sources).map(({ type }) => type),
      ["kubernetes_logs", "journald", "internal_metrics"],
    );
    const { loki } = sinks;
    assert.deepEqual([loki.endpoint, loki.path], ["http://loki.monitoring.svc:3100", "/loki/api/v1/push"]);
    assert.deepEqual([loki.encoding, loki.acknowledgements], [{ codec: "text" }, { enabled: true }]);
    assert.deepEqual(loki.buffer, { type: "disk", max_size: 512 * 1024 * 1024, when_full: "block" });
  });

  it("names only inputs that are there, with and without its options", async () => {
    for (const logs of [{}, { journal: false }, { vector: { hostMetrics: true } }]) {
      const { sources, transforms, sinks } = await configOf(logs);
      const there = [...Object.keys(sources), ...Object.keys(transforms)];
      const named = [...Object.values(transforms), ...Object.values(sinks)].flatMap((each) => each.inputs ?? []);
      assert.deepEqual(
        [...new Set(named)].sort(),
        there
          .filter((name) => name !== "lines")
          .concat("lines")
          .sort(),
      );
    }
  });

  it("reads the files of namespaces that are asked for, the one rotated last too, and none that begins like one that is left out", async () => {
    const files = async (logs: object) => {
      const { include_paths_glob_patterns, exclude_paths_glob_patterns } = (await configOf(logs)).sources.pods;
      return [include_paths_glob_patterns, exclude_paths_glob_patterns];
    };
    const compressed = ["**/*.gz", "**/*.tmp"];
    assert.deepEqual(await files({}), [["/var/log/pods/*_*/*/*.log*"], compressed]);
    assert.deepEqual(await files({ includeNamespaces: ["shop"] }), [["/var/log/pods/shop_*/*/*.log*"], compressed]);
    assert.deepEqual(await files({ excludeNamespaces: ["dev"] }), [
      ["/var/log/pods/*_*/*/*.log*"],
      ["/var/log/pods/dev_*/*/*.log*", ...compressed],
    ]);
  });

  it("makes metadata of keys only where a rule asks for it", async () => {
    const metadata = async (lines: object[]) => (await configOf({ lines })).sinks.loki.structured_metadata;
    assert.equal(await metadata([{ selector: '{app="a"}', drop: "x" }]), undefined);
    assert.deepEqual(await metadata([{ selector: '{app="a"}', metadata: ["id"] }]), { "*": "{{ metadata }}" });
  });

  it("is root without capabilities, and writes to its own folder of the node alone, where a new pod finds it", async () => {
    const { spec } = await podOf();
    const [container] = spec.containers;
    assert.equal(spec.securityContext.runAsUser, 0);
    assert.deepEqual(container.securityContext.capabilities, { drop: ["ALL"] });
    assert.equal(container.securityContext.readOnlyRootFilesystem, true);
    const paths = spec.volumes.flatMap(({ hostPath }: { hostPath?: { path: string } }) => hostPath?.path ?? []);
    assert.deepEqual(paths, ["/var/lib/observability/monitoring/vector", "/var/log/pods", "/var/log"]);
    const writable = container.volumeMounts.filter((mount: { readOnly?: boolean }) => !mount.readOnly);
    assert.deepEqual(
      writable.map(({ name }: { name: string }) => name),
      ["state", "tmp"],
    );
    assert.equal((await configOf()).data_dir, writable[0].mountPath);
  });

  it("has the image with journalctl in it, on every node that it runs on", async () => {
    const { spec } = await podOf();
    assert.match(spec.containers[0].image, /:[\d.]+-debian(@|$)/);
    assert.deepEqual(spec.tolerations, [{ operator: "Exists" }]);
  });

  it("may watch pods and nodes, and nothing else of the cluster", async () => {
    assert.deepEqual(inputs(await vector(), "ClusterRole").rules, [
      { apiGroups: [""], resources: ["pods", "nodes"], verbs: ["list", "watch"] },
    ]);
  });

  it("goes on showing metrics that don't change, by which alerts know a full buffer and lost lines", async () => {
    const { expire_metrics_per_metric_set: sets, sinks } = await configOf();
    const [{ name, expire_secs }] = sets as { name: { pattern: string }; expire_secs: number }[];
    assert.ok(expire_secs > 86_400);
    const alerts = vectorRules({ namespace: "monitoring" }).flatMap(({ rules }) => rules.map(({ expr }) => expr));
    const own = [...new Set(alerts.flatMap(metricsIn))].filter((metric) => metric.startsWith("vector_"));
    // Vector keeps this one by itself.
    const lasting = own.filter((metric) => metric !== "vector_component_sent_events_total");
    assert.ok(lasting.length > 2);
    for (const metric of lasting) assert.match(metric.replace("vector_", ""), new RegExp(name.pattern));
    assert.equal(sinks.metrics.suppress_timestamp, true);
  });

  it("restarts when its configuration changes, and only then", async () => {
    const checksum = async (logs: object) => (await podOf(logs)).metadata.annotations["checksum/config"];
    assert.equal(await checksum({ resources: { requests: { cpu: "1" } } }), await checksum({}));
    assert.notEqual(await checksum({ redact: ["jwt"] }), await checksum({}));
  });

  it("asks in alerts and dashboard for metrics that Vector documents", () => {
    // https://vector.dev/docs/reference/configuration/sources/internal_metrics/, and those of every target and container.
    const documented = [
      ...["buffer_size_bytes", "buffer_size_events", "component_discarded_events_total", "component_errors_total"],
      ...["component_sent_events_total", "http_client_responses_total"],
    ].map((name) => `vector_${name}`);
    const others = ["up", "container_cpu_usage_seconds_total", "container_memory_working_set_bytes"];
    const queries = panelsOf(vectorDashboard()).flatMap(({ source, queries }) =>
      source === "loki" ? [] : queries.map(({ expr }) => expr),
    );
    const alerts = vectorRules({ namespace: "monitoring" }).flatMap(({ rules }) => rules.map(({ expr }) => expr));
    const named = [...new Set([...queries, ...alerts].flatMap(metricsIn))].sort();
    assert.deepEqual(named, [...documented, ...others].sort());
  });
});
