import assert from "node:assert/strict";
import { collectorChange } from "../../../commands/plan/collector";
import { pictureOf } from "../../../commands/graph/picture";
import { planBetween } from "../../../commands/plan/plan";
import { nameOf, typeOf } from "../../../engine/urn";
import { graph, resource, urn } from "../../engine/graphs";
import { previewedOf } from "../../program/support/previews";

const loki = resource("observability:loki:Loki", {}, { custom: false });
const collector = resource("observability:alloy:LogCollector", {}, { custom: false, name: "alloy" });
const pods = (state: object) =>
  resource(
    "kubernetes:apps/v1:DaemonSet",
    { spec: { template: { spec: { volumes: [{ name: "state", ...state }] } } } },
    { parent: urn("observability:alloy:LogCollector", "alloy") },
  );
const without = graph(loki);
const kept = graph(loki, collector, pods({ hostPath: { path: "/var/lib/x/alloy" } }));
const vector = graph(loki, resource("observability:vector:Vector", {}, { custom: false, name: "vector" }), {
  ...pods({ hostPath: { path: "/var/lib/x/vector" } }),
  parent: urn("observability:vector:Vector", "vector"),
});
const forgotten = graph(loki, collector, pods({ emptyDir: {} }));

describe("what a plan tells of the log collector", () => {
  it("is what waits where it goes, and where it goes on when it comes, if anything keeps that", () => {
    const [goes, comes] = [collectorChange(kept, without), collectorChange(without, kept)];
    assert.match(
      goes.join(),
      /^The log collector is removed: .* stay in \/var\/lib\/x\/alloy on each node.*docs\/log-coll/,
    );
    assert.match(comes.join(), /^The log collector is added: .* stopped \(\/var\/lib\/x\/alloy of each node\); /);
    assert.doesNotMatch(collectorChange(forgotten, without).join(), /of each node/);
    assert.doesNotMatch(collectorChange(without, forgotten).join(), /of each node/);
  });

  it("is what is sent again where it is another one, and by what Loki knows it", () => {
    const [there, back] = [collectorChange(kept, vector), collectorChange(vector, kept)];
    assert.match(
      there.join(),
      /^The log collector is Vector instead of Alloy\. .*\(\/var\/lib\/x\/vector of each node\)/,
    );
    assert.match(
      there.join(),
      /shows lines that Alloy had already sent only once, .* stay in \/var\/lib\/x\/alloy on each node/,
    );
    assert.match(back.join(), /^The log collector is Alloy instead of Vector\./);
    assert.match(collectorChange(vector, without).join(), /^The log collector is removed/);
  });

  it("is nothing where it stays, or where the whole stack comes or goes", () => {
    for (const [from, to] of [
      [kept, forgotten],
      [without, without],
      [graph(), kept],
      [kept, graph()],
    ] as const)
      assert.deepEqual(collectorChange(from, to), []);
  });
});

describe("a stack without a log collector", () => {
  it("lacks just the collector and what is about it, forth and back", async () => {
    const [alloy, none] = await Promise.all([previewedOf("sandbox"), previewedOf("sandbox", "logs.agent=none")]);
    const move = { from: "loki", to: "loki", route: ["loki"], stepwise: true, reclaimed: [] };
    const there = planBetween(alloy, none, move);
    const objects = (op: string, { steps } = there) =>
      steps
        .filter((step) => step.op === op && !typeOf(step.urn).startsWith("observability:"))
        .map(({ urn }) => `${typeOf(urn).split(":").at(-1)} ${nameOf(urn)}`)
        .sort();
    const own = ["ConfigMap", "ServiceAccount", "ClusterRole", "ClusterRoleBinding"];
    const gone = [
      ...["DaemonSet alloy", "Deployment alloy-events", "Service alloy", "ServiceMonitor alloy"],
      ...own.flatMap((kind) => [`${kind} alloy`, `${kind} alloy-events`]),
      ...["ConfigMap grafana-dashboard-observability-log-collector", "PrometheusRule rules-alloy"],
    ].sort();
    assert.deepEqual(objects("delete"), gone);
    // Loki reads its changed rules itself; its pods and its canary go on.
    assert.deepEqual(objects("update"), [
      "ConfigMap grafana-dashboard-log-pipeline",
      "ConfigMap loki-rules",
      "StatefulSet grafana",
    ]);
    assert.deepEqual([objects("create"), objects("replace"), there.refusals], [[], [], []]);

    const back = planBetween(none, alloy, move);
    assert.deepEqual(objects("create", back), gone);
    assert.deepEqual([objects("delete", back), objects("replace", back), back.refusals], [[], [], []]);
    for (const { beside } of [there, back]) assert.equal(beside.filter((each) => /log collector/.test(each)).length, 1);
  });
});

describe("a stack with Vector", () => {
  it("has it in place of Alloy on the nodes, with alerts and dashboard, and Alloy for events alone", async () => {
    const [alloy, vector] = await Promise.all([previewedOf("sandbox"), previewedOf("sandbox", "logs.agent=vector")]);
    const move = { from: "loki", to: "loki", route: ["loki"], stepwise: true, reclaimed: [] };
    const { steps, refusals } = planBetween(alloy, vector, move);
    const objects = (op: string) =>
      steps
        .filter((step) => step.op === op && !typeOf(step.urn).startsWith("observability:"))
        .map(({ urn }) => `${typeOf(urn).split(":").at(-1)} ${nameOf(urn)}`)
        .sort();
    const own = ["ClusterRole", "ClusterRoleBinding", "ConfigMap", "DaemonSet"];
    assert.deepEqual(
      objects("delete"),
      [...own, "ServiceAccount"].map((kind) => `${kind} alloy`),
    );
    assert.deepEqual(objects("create"), [
      ...own.map((kind) => `${kind} vector`),
      ...["PrometheusRule rules-vector", "Service vector", "ServiceAccount vector", "ServiceMonitor vector"],
    ]);
    assert.deepEqual(objects("update"), [
      "ConfigMap grafana-dashboard-log-pipeline",
      "ConfigMap grafana-dashboard-observability-log-collector",
      "ConfigMap loki-rules",
    ]);
    assert.deepEqual([objects("replace"), refusals], [[], []]);
    const { flows } = pictureOf(vector.preview);
    const of = (name: string) => flows.filter(({ from, to }) => [from, to].includes(name));
    assert.deepEqual(
      of("vector").map(({ from, to, what }) => `${from} ${what} ${to}`.replaceAll("  ", " ")),
      ["source_logs vector", "vector logs loki"],
    );
  });
});
