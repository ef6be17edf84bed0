import assert from "node:assert/strict";
import { MetricsCollector } from "../../../components/alloy/metrics-collector";
import { RuleSync } from "../../../components/alloy/rule-sync";
import { image } from "../../../components/images";
import { environment as describeEnvironment } from "../../../components/kubernetes/environment";
import { baseTargets } from "../../../components/monitors/targets";
import { settingsSchema } from "../../../settings/schema";
import { mockPulumi, settled, type Registered } from "../../support/mocks";

const settingsOf = (metrics: object, monitors: object = {}) =>
  settingsSchema.parse({ metrics, monitors, cluster: { name: "home", storageClass: "local" } });

/** What the collector registers with these settings. */
async function collector(metrics: object = {}, monitors: object = {}): Promise<Registered[]> {
  const settings = settingsOf(metrics, monitors);
  const recorded = mockPulumi();
  new MetricsCollector(
    "alloy-metrics",
    {
      environment: describeEnvironment(settings),
      settings: settings.metrics,
      images: { alloy: image("alloy") },
      pushUrl: "http://mimir:9009/api/v1/push",
      targets: baseTargets({ settings: settings.monitors, dropApiserverHistograms: true }),
      scrapeInterval: "30s",
    },
    {},
  );
  await settled();
  return recorded.resources;
}

/** What the keeper of rules registers with these settings. */
async function ruleSync(metrics: object = {}): Promise<Registered[]> {
  const settings = settingsOf(metrics);
  const recorded = mockPulumi();
  const environment = describeEnvironment(settings);
  const images = { alloy: image("alloy") };
  new RuleSync("alloy-rules", { environment, settings: settings.metrics, images, rulerUrl: "http://mimir:9009" }, {});
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
    const { spec } = one(await collector(), "StatefulSet");
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
    const { spec } = one(await collector(), "StatefulSet").spec.template;
    assert.equal(spec.securityContext.runAsNonRoot, true);
    assert.equal(spec.securityContext.fsGroup, spec.securityContext.runAsUser);
    assert.deepEqual(spec.containers[0].securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    assert.ok(!spec.volumes.some((volume: object) => "hostPath" in volume));
  });

  it("has etcd's client certificate as files, where etcd asks for one, and starts without them", async () => {
    const clientSecret = { name: "etcd.client" };
    const etcd = { endpoints: ["10.0.0.1"], https: true, clientSecret };
    const { spec } = one(await collector({}, { etcd }), "StatefulSet").spec.template;
    const volume = spec.volumes.find((each: object) => "secret" in each);
    assert.deepEqual(volume.secret, { secretName: "etcd.client", optional: true });
    // A name of a Secret may have dots, a volume's may not.
    assert.match(volume.name, /^[a-z0-9-]{1,63}$/);
    const mount = spec.containers[0].volumeMounts.find(({ name }: { name: string }) => name === volume.name);
    assert.deepEqual([mount.mountPath, mount.readOnly], ["/etc/alloy-secrets/etcd.client", true]);
    const { data } = one(await collector({}, { etcd }), "ConfigMap");
    assert.match(data["config.alloy"], /"\/etc\/alloy-secrets\/etcd\.client\/tls\.key"/);
  });

  it("has more than the minute that remote_write takes at its end", async () => {
    const { spec } = one(await collector(), "StatefulSet").spec.template;
    assert.ok(spec.terminationGracePeriodSeconds > 60);
  });

  it("may find and scrape targets, but read no Secret and run nothing", async () => {
    const { rules } = one(await collector(), "ClusterRole");
    assert.deepEqual(allowed(rules), [
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
    const resources = await collector({
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

  it("is ready once it has scraped twice: only then is what scraped before removed", async () => {
    const [container] = one(await collector(), "StatefulSet").spec.template.spec.containers;
    assert.equal(container.readinessProbe.initialDelaySeconds, 60);
  });

  it("restarts when its configuration changes, and only then", async () => {
    const checksum = async (metrics: object = {}) =>
      one(await collector(metrics), "StatefulSet").spec.template.metadata.annotations["checksum/config"];
    const before = await checksum();
    assert.equal(await checksum({ secrets: ["shop/keys"] }), before);
    assert.notEqual(await checksum({ mimirOutage: "5h" }), before);
  });

  it("is scraped as job alloy-metrics, and by no Service of the log collector", async () => {
    const resources = await collector();
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

describe("RuleSync", () => {
  it("may list namespaces and PrometheusRules, and nothing else, whatever monitors name", async () => {
    const resources = await ruleSync({ secrets: ["shop/keys"] });
    assert.deepEqual(allowed(one(resources, "ClusterRole").rules), [
      "list,watch namespaces",
      "list,watch prometheusrules",
    ]);
    assert.deepEqual(all(resources, "Role"), []);
  });

  it("is one pod, the old one gone before the next, which is ready at once and keeps nothing", async () => {
    const { spec } = one(await ruleSync(), "Deployment");
    assert.deepEqual([spec.replicas, spec.strategy.type], [1, "Recreate"]);
    const { containers, volumes } = spec.template.spec;
    assert.equal(containers[0].readinessProbe.initialDelaySeconds, undefined);
    assert.equal(containers[0].resources.requests.memory, "128Mi");
    assert.ok(volumes.some(({ name, emptyDir }: { name: string; emptyDir?: object }) => name === "state" && emptyDir));
  });

  it("is scraped as job alloy-rules, and is no target of the log collector's Service", async () => {
    const resources = await ruleSync();
    assert.equal(one(resources, "Service").metadata.name, "alloy-rules");
    const { template } = one(resources, "Deployment").spec;
    assert.equal(template.metadata.labels["app.kubernetes.io/name"], "alloy-rules");
    assert.deepEqual(one(resources, "ServiceMonitor").spec.selector.matchLabels, {
      "app.kubernetes.io/name": "alloy-rules",
    });
  });
});
