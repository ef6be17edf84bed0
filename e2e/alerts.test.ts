import assert from "node:assert/strict";
import type { RuleGroup } from "../components/rules/types";
import { testCluster } from "./support/cluster";
import { applyHere, leaveNamespace, makeNamespace, renderPart } from "./support/deploy";
import { replacePod } from "./support/node";
import { evaluatingPrometheus } from "./support/prometheus";
import { prompt } from "./support/prompt";
import { notifications, receiverObjects, receiverUrl } from "./support/receiver";
import { until } from "../lab/until";

const namespace = "e2e-alerts";

const testRules: RuleGroup = {
  name: "test",
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
    const { kubectl } = await testCluster();
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
      edit: prompt,
    });
    const rendered = resources.flatMap(({ object }) => (object?.kind === "PrometheusRule" ? [object] : []));
    const rules = rendered.flatMap(({ spec }) => (spec as { groups: RuleGroup[] }).groups);
    const groups = [...rules, testRules].map((group) => ({ ...group, interval: "5s" }));
    const alertmanager = { static_configs: [{ targets: [`alertmanager.${namespace}.svc.cluster.local:9093`] }] };
    await makeNamespace(namespace);
    await kubectl.apply([...receiverObjects(namespace), ...evaluatingPrometheus(namespace, [alertmanager], groups)]);
    await applyHere(namespace, resources);
  });

  after(() => leaveNamespace(namespace));

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
    await replacePod(namespace, "alertmanager-0");
    const silences = await kubectl.run([...amtool, "silence", "query", "--quiet"]);
    assert.equal(silences.trim().split("\n").length, 1);
  });
});
