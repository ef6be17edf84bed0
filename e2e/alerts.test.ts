import assert from "node:assert/strict";
import { stringify } from "yaml";
import { image } from "../components/images";
import { restrictedContainer, restrictedPod } from "../components/kubernetes/security";
import type { RuleGroup } from "../components/rules/types";
import type { KubernetesObject } from "../offline/objects";
import { apply } from "../sandbox/apply";
import { testCluster } from "./support/cluster";
import { makeNamespace, removeNamespace, renderPart } from "./support/deploy";
import { notifications, receiverObjects, receiverUrl } from "./support/receiver";
import { until } from "../sandbox/until";

const namespace = "e2e-alerts";

const testRules: RuleGroup = {
  name: "test",
  interval: "5s",
  rules: [
    {
      alert: "SomethingIsWrong",
      expr: "vector(1)",
      labels: { severity: "warning", namespace: "nightscout" },
      annotations: { summary: "A test", description: "Always fires." },
    },
  ],
};

describe("Alerts of a real Prometheus, by the real Alertmanager, to a receiver that counts", function () {
  this.timeout(10 * 60_000);

  before(async () => {
    const { kubectl, unavailable } = await testCluster();
    const config = [
      `alertmanager.webhook=${receiverUrl(namespace, "/notify")}`,
      "alertmanager.heartbeat=true",
      `secretValues.heartbeat.url=${receiverUrl(namespace, "/heartbeat")}`,
      "alertmanager.groupWait=1s",
      "alertmanager.groupInterval=10s",
      "alertmanager.heartbeatInterval=10s",
    ];
    const resources = await renderPart({
      namespace,
      stack: "sandbox",
      config,
      components: ["alertmanager", "secrets", "rules"],
    });
    const rules = resources.flatMap(({ object }) => (object?.kind === "PrometheusRule" ? [object] : []));
    await makeNamespace(namespace);
    await kubectl.apply([...receiverObjects(namespace), ...prometheusObjects(rules)]);
    await apply(kubectl, namespace, resources, { unavailable });
  });

  after(() => removeNamespace(namespace));

  it("brings an alert to the receiver once for its group, with its labels", async () => {
    const { kubectl } = await testCluster();
    const got = await until("the receiver is told", 180, async () => {
      const all = (await notifications(kubectl, namespace)).filter(({ path }) => path === "/notify");
      const about = all.filter(({ alerts }) => alerts.some(({ labels }) => labels.alertname === "SomethingIsWrong"));
      return about.length > 0 ? about : undefined;
    });
    assert.equal(got.length, 1, "told more than once within its repeat interval");
    const [{ labels, status }] = got[0].alerts;
    assert.equal(status, "firing");
    assert.deepEqual(
      { severity: labels.severity, namespace: labels.namespace },
      { severity: "warning", namespace: "nightscout" },
    );
  });

  it("calls the dead man's switch again and again with Watchdog, and tells nobody else of it", async () => {
    const { kubectl } = await testCluster();
    const all = await until("three calls", 180, async () => {
      const every = await notifications(kubectl, namespace);
      return every.filter(({ path }) => path === "/heartbeat").length >= 3 ? every : undefined;
    });
    const names = (path: string) =>
      new Set(all.filter((n) => n.path === path).flatMap(({ alerts }) => alerts.map(({ labels }) => labels.alertname)));
    assert.deepEqual([...names("/heartbeat")], ["Watchdog"]);
    assert.ok(!names("/notify").has("Watchdog"));
  });

  it("keeps a silence over a restart of Alertmanager", async () => {
    const { kubectl } = await testCluster();
    const amtool = [
      "exec",
      "alertmanager-0",
      "-n",
      namespace,
      "--",
      "amtool",
      "--alertmanager.url=http://127.0.0.1:9093",
    ];
    await kubectl.run([
      ...amtool,
      "silence",
      "add",
      "alertname=SomethingIsWrong",
      "--comment=test",
      "--author=test",
      "--duration=1h",
    ]);
    await kubectl.run(["delete", "pod", "alertmanager-0", "-n", namespace, "--wait"]);
    await kubectl.run(["wait", "pod", "alertmanager-0", "-n", namespace, "--for=condition=Ready", "--timeout=120s"]);
    const silences = await kubectl.run([...amtool, "silence", "query", "--quiet"]);
    assert.equal(silences.trim().split("\n").length, 1);
  });
});

// Prometheus without the operator: the rules as they are rendered, and one more that always fires.
function prometheusObjects(rendered: readonly KubernetesObject[]): KubernetesObject[] {
  const metadata = { name: "prometheus", namespace, labels: { app: "prometheus" } };
  const groups = rendered
    .flatMap(({ spec }) => (spec as { groups: RuleGroup[] }).groups)
    .map((group) => ({ ...group, interval: "5s" }));
  const config = {
    global: { evaluation_interval: "5s" },
    rule_files: ["/config/rules.yaml"],
    alerting: {
      alertmanagers: [{ static_configs: [{ targets: [`alertmanager.${namespace}.svc.cluster.local:9093`] }] }],
    },
  };
  return [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata,
      data: { "prometheus.yaml": stringify(config), "rules.yaml": stringify({ groups: [...groups, testRules] }) },
    },
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata,
      spec: {
        automountServiceAccountToken: false,
        securityContext: restrictedPod(65534),
        containers: [
          {
            name: "prometheus",
            image: image("prometheus"),
            imagePullPolicy: "IfNotPresent",
            args: ["--config.file=/config/prometheus.yaml", "--storage.tsdb.path=/data"],
            securityContext: restrictedContainer,
            resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "512Mi" } },
            volumeMounts: [
              { name: "config", mountPath: "/config" },
              { name: "data", mountPath: "/data" },
            ],
          },
        ],
        volumes: [
          { name: "config", configMap: { name: "prometheus" } },
          { name: "data", emptyDir: {} },
        ],
      },
    },
  ];
}
