import assert from "node:assert/strict";
import { MetricsCollector } from "../../../components/alloy/metrics-collector";
import { image } from "../../../components/images";
import { environment as describeEnvironment } from "../../../components/kubernetes/environment";
import { settingsSchema } from "../../../config/schema";
import { stages } from "../../../migration/stages";
import { mockPulumi, settled, type Registered } from "../../support/mocks";

type StageName = "mimir-default" | "kps-removed";

/** What the collector registers in a stage with these settings. */
async function collector(stage: StageName, metrics: object = {}): Promise<Registered[]> {
  const settings = settingsSchema.parse({ metrics, cluster: { name: "home", storageClass: "local" } });
  const recorded = mockPulumi();
  new MetricsCollector(
    "alloy-metrics",
    {
      environment: describeEnvironment(settings),
      settings: settings.metrics,
      stage: stages[stage],
      images: { alloy: image("alloy") },
      pushUrl: "http://mimir:9009/api/v1/push",
      rulerUrl: "http://mimir:9009",
      targets: { settings: settings.monitors, dropApiserverHistograms: true },
      scrapeInterval: "30s",
    },
    {},
  );
  await settled();
  return recorded.resources;
}

const all = (resources: Registered[], kind: string) => resources.filter(({ type }) => type.endsWith(`:${kind}`));

function one(resources: Registered[], kind: string) {
  const found = all(resources, kind);
  assert.equal(found.length, 1, kind);
  return found[0].inputs;
}

const allowed = (rules: { resources?: string[]; nonResourceURLs?: string[]; verbs: string[] }[]) =>
  rules.flatMap(({ resources, nonResourceURLs, verbs }) =>
    (resources ?? nonResourceURLs ?? []).map((what) => `${verbs.join(",")} ${what}`),
  );

describe("MetricsCollector", () => {
  it("is one pod with a volume that outlives it", async () => {
    const { spec } = one(await collector("kps-removed"), "StatefulSet");
    assert.equal(spec.replicas, 1);
    assert.deepEqual(spec.persistentVolumeClaimRetentionPolicy, { whenDeleted: "Retain", whenScaled: "Retain" });
    const [claim] = spec.volumeClaimTemplates;
    assert.equal(claim.metadata.name, "data");
    assert.deepEqual([claim.spec.storageClassName, claim.spec.resources.requests.storage], ["local", "5Gi"]);
    const [container] = spec.template.spec.containers;
    const mount = container.volumeMounts.find((each: { name: string }) => each.name === "data");
    assert.ok(container.args.includes(`--storage.path=${mount.mountPath}`));
    assert.ok(!spec.template.spec.volumes.some(({ name }: { name: string }) => ["data", "state"].includes(name)));
  });

  it("runs restricted, with a read-only root, as a user that its volume belongs to", async () => {
    const { spec } = one(await collector("kps-removed"), "StatefulSet").spec.template;
    assert.equal(spec.securityContext.runAsNonRoot, true);
    assert.equal(spec.securityContext.fsGroup, spec.securityContext.runAsUser);
    assert.deepEqual(spec.containers[0].securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    assert.ok(!spec.volumes.some((volume: object) => "hostPath" in volume));
  });

  it("has more than the minute that remote_write takes at its end", async () => {
    const { spec } = one(await collector("kps-removed"), "StatefulSet").spec.template;
    assert.ok(spec.terminationGracePeriodSeconds > 60);
  });

  it("may list namespaces and PrometheusRules, and nothing else, as long as it only keeps rules in step", async () => {
    const resources = await collector("mimir-default", { secrets: ["shop/keys"] });
    assert.deepEqual(allowed(one(resources, "ClusterRole").rules), [
      "list,watch namespaces",
      "list,watch prometheusrules",
    ]);
    assert.deepEqual(all(resources, "Role"), []);
  });

  it("may find and scrape targets once it scrapes, but read no Secret and run nothing", async () => {
    const { rules } = one(await collector("kps-removed"), "ClusterRole");
    assert.deepEqual(allowed(rules), [
      "list,watch namespaces",
      "list,watch prometheusrules",
      "list,watch servicemonitors",
      "list,watch podmonitors",
      "list,watch probes",
      "list,watch services",
      "list,watch endpoints",
      "list,watch pods",
      "list,watch nodes",
      "list,watch endpointslices",
      "list,watch ingresses",
      "get nodes/metrics",
      "get /metrics",
      "get /metrics/cadvisor",
    ]);
  });

  it("may read the Secrets and ConfigMaps that the settings name, each in its namespace, and no other", async () => {
    const resources = await collector("kps-removed", {
      secrets: ["shop/keys", "shop/token", "db/token"],
      configMaps: ["shop/ca"],
    });
    const roles = all(resources, "Role").map(({ inputs }) => [inputs.metadata.namespace, inputs.rules]);
    const get = (resource: string, ...resourceNames: string[]) => ({
      apiGroups: [""],
      resources: [resource],
      resourceNames,
      verbs: ["get"],
    });
    assert.deepEqual(roles, [
      ["db", [get("secrets", "token")]],
      ["shop", [get("secrets", "keys", "token"), get("configmaps", "ca")]],
    ]);
    for (const { inputs } of all(resources, "RoleBinding")) {
      assert.deepEqual(inputs.subjects, [{ kind: "ServiceAccount", name: "alloy-metrics", namespace: "monitoring" }]);
    }
  });

  it("asks for little until it scrapes", async () => {
    const memory = async (stage: StageName) =>
      one(await collector(stage), "StatefulSet").spec.template.spec.containers[0].resources.requests.memory;
    assert.equal(await memory("mimir-default"), "128Mi");
    assert.equal(await memory("kps-removed"), "768Mi");
  });

  it("restarts when its configuration changes, and only then", async () => {
    const checksum = async (stage: StageName, metrics: object = {}) =>
      one(await collector(stage, metrics), "StatefulSet").spec.template.metadata.annotations["checksum/config"];
    const before = await checksum("kps-removed");
    assert.equal(await checksum("kps-removed", { secrets: ["shop/keys"] }), before);
    assert.notEqual(await checksum("kps-removed", { mimirOutage: "5h" }), before);
    assert.notEqual(await checksum("mimir-default"), before);
  });

  it("is scraped as job alloy-metrics, and by no Service of the log collector", async () => {
    const resources = await collector("kps-removed");
    const service = one(resources, "Service");
    const monitor = one(resources, "ServiceMonitor");
    const { template, selector } = one(resources, "StatefulSet").spec;
    // Without a jobLabel the Service's name is the job.
    assert.equal(service.metadata.name, "alloy-metrics");
    assert.equal(monitor.spec.jobLabel, undefined);
    assert.deepEqual(service.spec.selector, selector.matchLabels);
    assert.equal(template.metadata.labels["app.kubernetes.io/name"], "alloy-metrics");
    assert.deepEqual(monitor.spec.selector.matchLabels, { "app.kubernetes.io/name": "alloy-metrics" });
    assert.equal(monitor.spec.endpoints[0].port, service.spec.ports[0].name);
  });
});
