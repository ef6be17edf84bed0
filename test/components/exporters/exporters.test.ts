import assert from "node:assert/strict";
import { Exporters } from "../../../components/exporters/exporters";
import { images } from "../../../components/images";
import { environment } from "../../../components/kubernetes/environment";
import { settingsSchema } from "../../../settings/schema";
import { mockPulumi, settled } from "../../support/mocks";

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- inputs of any resource
type Any = any;

/** What the exporters register, by kind and name. */
async function registered(raw: Record<string, unknown> = {}): Promise<Map<string, Any>> {
  const recorded = mockPulumi();
  const settings = settingsSchema.parse(raw);
  new Exporters(
    "exporters",
    {
      environment: environment(settings),
      settings: settings.exporters,
      images: images({}, "node-exporter", "kube-state-metrics"),
      adopt: settings.adopt.kps,
    },
    {},
  );
  await settled();
  const objects = recorded.resources.filter(({ type }) => type.startsWith("kubernetes:"));
  return new Map(objects.map(({ type, name, inputs }) => [`${type.split(":").pop()} ${name}`, inputs]));
}

describe("Exporters", () => {
  let objects: Map<string, Any>;
  before(async () => {
    objects = await registered();
  });

  const podOf = (workload: string) => objects.get(workload).spec.template.spec;

  it("have a workload, a Service and a ServiceMonitor each", () => {
    for (const name of ["node-exporter", "kube-state-metrics"])
      for (const kind of ["ServiceAccount", "Service", "ServiceMonitor"])
        assert.ok(objects.has(`${kind} ${name}`), name);
    assert.ok(objects.has("DaemonSet node-exporter") && objects.has("Deployment kube-state-metrics"));
  });

  it("get the label `job` that dashboards select by from the name of their Service", () => {
    for (const name of ["node-exporter", "kube-state-metrics"]) {
      const monitor = objects.get(`ServiceMonitor ${name}`).spec;
      assert.equal(monitor.jobLabel, undefined);
      assert.equal(objects.get(`Service ${name}`).metadata.name, name);
      const { labels } = objects.get(`Service ${name}`).metadata;
      for (const [key, value] of Object.entries(monitor.selector.matchLabels)) assert.equal(labels[key], value);
    }
  });

  it("are scraped at ports that their Services have", () => {
    for (const name of ["node-exporter", "kube-state-metrics"]) {
      const ports = objects.get(`Service ${name}`).spec.ports.map(({ name }: Any) => name);
      for (const { port } of objects.get(`ServiceMonitor ${name}`).spec.endpoints)
        assert.ok(ports.includes(port), port);
    }
  });

  it("run as nobody without privileges, capabilities or a writable root", () => {
    for (const pod of [podOf("DaemonSet node-exporter"), podOf("Deployment kube-state-metrics")]) {
      assert.equal(pod.securityContext.runAsNonRoot, true);
      const [{ securityContext }] = pod.containers;
      assert.deepEqual(
        [
          securityContext.readOnlyRootFilesystem,
          securityContext.allowPrivilegeEscalation,
          securityContext.capabilities,
        ],
        [true, false, { drop: ["ALL"] }],
      );
    }
  });

  describe("node-exporter", () => {
    it("measures the node, not its pod, and changes nothing of it", () => {
      const pod = podOf("DaemonSet node-exporter");
      assert.deepEqual([pod.hostNetwork, pod.hostPID, pod.automountServiceAccountToken], [true, true, false]);
      const [container] = pod.containers;
      assert.ok(container.volumeMounts.every(({ readOnly }: Any) => readOnly === true));
      for (const [flag, mount] of Object.entries({ procfs: "/host/proc", sysfs: "/host/sys", rootfs: "/host/root" })) {
        assert.ok(container.args.includes(`--path.${flag}=${mount}`), flag);
        assert.ok(
          container.volumeMounts.some(({ mountPath }: Any) => mountPath === mount),
          mount,
        );
      }
    });

    it("runs on every node, whatever its taints, and says which one in the label `node`", () => {
      assert.deepEqual(podOf("DaemonSet node-exporter").tolerations, [{ operator: "Exists" }]);
      const [{ relabelings }] = objects.get("ServiceMonitor node-exporter").spec.endpoints;
      assert.deepEqual(relabelings, [{ sourceLabels: ["__meta_kubernetes_pod_node_name"], targetLabel: "node" }]);
    });
  });

  describe("kube-state-metrics", () => {
    const args = (inputs: Any): string[] => inputs.spec.template.spec.containers[0].args;
    const flag = (inputs: Any, name: string) =>
      args(inputs)
        .find((arg) => arg.startsWith(`--${name}=`))
        ?.split(/=(.*)/s)[1];

    it("may list and watch what it exports, and nothing else: no Secret, no ConfigMap", () => {
      const rules: Any[] = objects.get("ClusterRole kube-state-metrics").rules;
      const readable = rules.flatMap(({ resources }) => resources).sort();
      assert.deepEqual(readable, flag(objects.get("Deployment kube-state-metrics"), "resources")?.split(","));
      assert.ok(rules.every(({ verbs }) => verbs.join() === "list,watch"));
      for (const kind of ["secrets", "configmaps"]) assert.ok(!readable.includes(kind), kind);
      for (const kind of ["pods", "deployments", "persistentvolumeclaims", "nodes", "jobs"])
        assert.ok(readable.includes(kind), kind);
    });

    it("binds that role to its own account", () => {
      const { roleRef, subjects } = objects.get("ClusterRoleBinding kube-state-metrics");
      assert.equal(roleRef.name, "monitoring-kube-state-metrics");
      assert.deepEqual(subjects, [{ kind: "ServiceAccount", name: "kube-state-metrics", namespace: "monitoring" }]);
    });

    it("turns the labels of pods, deployments and claims into metrics, or those that the stack names", async () => {
      const name = "metric-labels-allowlist";
      assert.equal(
        flag(objects.get("Deployment kube-state-metrics"), name),
        "pods=[*],deployments=[*],persistentvolumeclaims=[*]",
      );
      const few = await registered({ exporters: { kubeStateMetrics: { labelsAllowlist: ["pods=[app]"] } } });
      assert.equal(flag(few.get("Deployment kube-state-metrics"), name), "pods=[app]");
      const none = await registered({ exporters: { kubeStateMetrics: { labelsAllowlist: [] } } });
      assert.equal(flag(none.get("Deployment kube-state-metrics"), name), undefined);
    });

    it("is never there twice, not even during a rollout, and keeps the namespace of the objects that it tells of", () => {
      const { replicas, strategy } = objects.get("Deployment kube-state-metrics").spec;
      assert.deepEqual([replicas, strategy], [1, { type: "Recreate" }]);
      const { endpoints } = objects.get("ServiceMonitor kube-state-metrics").spec;
      assert.ok(endpoints.every(({ honorLabels }: Any) => honorLabels === true));
    });
  });

  it("wait, both, while an adopted release keeps its own", async () => {
    const kps = { release: "monitoring/kps", keepExporters: true };
    assert.equal((await registered({ adopt: { kps } })).size, 0);
    assert.ok((await registered({ adopt: { kps: { ...kps, keepExporters: false } } })).size > 0);
  });

  it("are each left out where something else does their work", async () => {
    const kinds = async (exporters: Record<string, unknown>) => [...(await registered({ exporters })).keys()].join();
    assert.doesNotMatch(await kinds({ nodeExporter: { enabled: false } }), /node-exporter/);
    assert.doesNotMatch(await kinds({ kubeStateMetrics: { enabled: false } }), /kube-state-metrics/);
  });
});
