import assert from "node:assert/strict";
import { LogCollector } from "../../../components/alloy/log-collector";
import { image } from "../../../components/images";
import { environment as describeEnvironment } from "../../../components/kubernetes/environment";
import { nodeReaders, strictestLevel } from "../../../settings/pod-security";
import { settingsSchema } from "../../../settings/schema";
import { mockPulumi, settled, type Registered } from "../../support/mocks";

/** What the collector registers with these settings. */
async function collector(logs: object = {}, cluster: object = { name: "home" }): Promise<Registered[]> {
  const settings = settingsSchema.parse({ logs, cluster });
  const recorded = mockPulumi();
  new LogCollector(
    "alloy",
    {
      environment: describeEnvironment(settings),
      settings: settings.logs,
      limits: settings.loki.limits,
      images: { alloy: image("alloy") },
      pushUrl: "http://loki/loki/api/v1/push",
    },
    {},
  );
  await settled();
  return recorded.resources;
}

function one(resources: Registered[], type: string, name: string) {
  const found = resources.filter((each) => each.type === type && each.name === name);
  assert.equal(found.length, 1, `${type} ${name}`);
  return found[0].inputs;
}

const daemonSet = (resources: Registered[]) => one(resources, "kubernetes:apps/v1:DaemonSet", "alloy").spec.template;
const hostPaths = (template: { spec: { volumes: { hostPath?: { path: string } }[] } }) =>
  template.spec.volumes.flatMap(({ hostPath }) => hostPath?.path ?? []);

describe("LogCollector", () => {
  it("runs on every node that the image runs on, whatever its taints", async () => {
    const { spec } = daemonSet(await collector());
    assert.deepEqual(spec.tolerations, [{ operator: "Exists" }]);
    assert.equal(spec.nodeSelector, undefined);
  });

  it("reads the node just where the settings that Pod Security levels follow from say so", async () => {
    const none = { source: "api", journal: false };
    const cases = [{}, none, { ...none, journal: true }, { ...none, source: "files" }, { ...none, talos: true }];
    for (const logs of [...cases, { ...none, nodeFiles: ["/var/log/syslog"] }]) {
      const { spec } = daemonSet(await collector(logs));
      const hostPorts = spec.containers[0].ports.filter(({ hostPort }: { hostPort?: number }) => hostPort);
      const settings = settingsSchema.parse({ logs, exporters: { nodeExporter: { enabled: false } } });
      const reads = hostPaths({ spec }).length > 0 || hostPorts.length > 0;
      assert.equal(nodeReaders(settings).length > 0, reads, JSON.stringify(logs));
      assert.equal(strictestLevel(settings), reads ? "privileged" : "restricted");
    }
  });

  it("reads log files as their owner, root, without any capability and without writing to the node but for its positions", async () => {
    const { spec } = daemonSet(await collector());
    const [container] = spec.containers;
    assert.equal(spec.securityContext.runAsUser, 0);
    assert.deepEqual(container.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    assert.deepEqual(hostPaths({ spec }), ["/var/lib/observability/monitoring/alloy", "/var/log/pods", "/var/log"]);
    const writable = container.volumeMounts.filter((mount: { readOnly?: boolean }) => !mount.readOnly);
    assert.deepEqual(
      writable.map((mount: { name: string }) => mount.name),
      ["state", "tmp"],
    );
  });

  it("mounts /var/log once for the journal and for files of the node, and joins the group that may read them", async () => {
    const { spec } = daemonSet(await collector({ nodeFiles: ["/var/log/syslog", "/var/log/apt/history.log"] }));
    assert.deepEqual(hostPaths({ spec }), ["/var/lib/observability/monitoring/alloy", "/var/log/pods", "/var/log"]);
    assert.deepEqual(spec.securityContext.supplementalGroups, [4]);
  });

  it("listens on each node for Talos, and allows experimental features only then", async () => {
    const of = async (logs: object) => {
      const [{ args, ports }] = daemonSet(await collector(logs)).spec.containers;
      const hostPorts = ports.filter(({ hostPort }: { hostPort?: number }) => hostPort);
      return {
        args,
        open: hostPorts.map((port: { hostPort: number; protocol: string }) => `${port.hostPort}/${port.protocol}`),
      };
    };
    const talos = await of({ talos: true, journal: false });
    assert.deepEqual(talos.open, ["5170/TCP", "5170/UDP"]);
    assert.ok(talos.args.includes("--stability.level=experimental"));
    const other = await of({});
    assert.deepEqual(other.open, []);
    assert.ok(other.args.includes("--stability.level=generally-available"));
  });

  it("keeps its positions on the node, where a new pod finds them", async () => {
    const { spec } = daemonSet(await collector());
    const [container] = spec.containers;
    const state = container.volumeMounts.find((mount: { name: string }) => mount.name === "state");
    assert.ok(container.args.includes(`--storage.path=${state.mountPath}`));
    const { hostPath } = spec.volumes.find((volume: { name: string }) => volume.name === "state");
    assert.equal(hostPath.type, "DirectoryOrCreate");
  });

  it("does not make a journal's folder on a node that has none, nor fail there", async () => {
    const { spec } = daemonSet(await collector({ journalPath: "/run/log/journal" }));
    assert.ok(!hostPaths({ spec }).includes("/run/log/journal"));
    assert.ok(hostPaths({ spec }).includes("/run/log"));
  });

  it("needs neither root nor a folder of the node where it asks the API and leaves the journal", async () => {
    const { spec } = daemonSet(await collector({ source: "api", journal: false }));
    assert.deepEqual(hostPaths({ spec }), []);
    assert.equal(spec.securityContext.runAsNonRoot, true);
  });

  it("may list pods, and nothing else of the cluster; pods' logs only where it reads them from the API", async () => {
    const rules = (resources: Registered[], name: string) =>
      one(resources, "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", name).rules;
    const files = await collector();
    assert.deepEqual(rules(files, "alloy"), [{ apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] }]);
    assert.deepEqual(rules(files, "alloy-events"), [
      { apiGroups: [""], resources: ["events"], verbs: ["list", "watch"] },
    ]);
    assert.deepEqual(rules(await collector({ source: "api" }), "alloy")[1], {
      apiGroups: [""],
      resources: ["pods", "pods/log"],
      verbs: ["get"],
    });
  });

  it("reads events once: one pod, the old one gone before a new one starts, and no node's collector does", async () => {
    const resources = await collector();
    const { spec } = one(resources, "kubernetes:apps/v1:Deployment", "alloy-events");
    assert.equal(spec.replicas, 1);
    assert.deepEqual(spec.strategy, { type: "Recreate" });
    const config = (name: string) => one(resources, "kubernetes:core/v1:ConfigMap", name).data["config.alloy"];
    assert.match(config("alloy-events"), /loki\.source\.kubernetes_events/);
    assert.doesNotMatch(config("alloy"), /kubernetes_events/);
  });

  it("has no collector of events where none is wanted", async () => {
    const names = (await collector({ events: false })).map(({ name }) => name);
    assert.ok(!names.includes("alloy-events"));
  });

  it("restarts when its configuration changes, and only then", async () => {
    const checksum = async (logs: object, cluster?: object) =>
      daemonSet(await collector(logs, cluster)).metadata.annotations["checksum/config"];
    const before = await checksum({});
    assert.equal(await checksum({ resources: { requests: { cpu: "1" } } }), before);
    assert.notEqual(await checksum({ excludeNamespaces: ["noisy"] }), before);
    assert.notEqual(await checksum({}, { name: "other" }), before);
  });

  it("runs generally available components only, tells nobody of itself, and shows neither configuration nor profiles", async () => {
    const [container] = daemonSet(await collector()).spec.containers;
    for (const flag of [
      "--stability.level=generally-available",
      "--disable-reporting",
      "--server.http.disable-support-bundle",
      "--server.http.enable-pprof=false",
    ]) {
      assert.ok(container.args.includes(flag), flag);
    }
  });

  it("is scraped whole: the Service selects the pods of both workloads, and each workload only its own", async () => {
    const resources = await collector();
    const selects = (selector: object, labels: Record<string, string>) =>
      Object.entries(selector).every(([key, value]) => labels[key] === value);
    const workloads = [
      one(resources, "kubernetes:apps/v1:DaemonSet", "alloy").spec,
      one(resources, "kubernetes:apps/v1:Deployment", "alloy-events").spec,
    ];
    const service = one(resources, "kubernetes:core/v1:Service", "alloy");
    const monitor = one(resources, "kubernetes:monitoring.coreos.com/v1:ServiceMonitor", "alloy");
    for (const [index, { selector, template }] of workloads.entries()) {
      assert.ok(selects(service.spec.selector, template.metadata.labels));
      assert.ok(selects(selector.matchLabels, template.metadata.labels));
      assert.ok(!selects(selector.matchLabels, workloads[1 - index].template.metadata.labels));
    }
    assert.ok(selects(monitor.spec.selector.matchLabels, service.metadata.labels));
    assert.equal(monitor.spec.endpoints[0].port, service.spec.ports[0].name);
  });
});
