import assert from "node:assert/strict";
import type { KubernetesObject } from "../../../commands/shared/objects";
import { offlineRender } from "../../../commands/shared/render";
import { madeOfAnnotation } from "../../../commands/verify/workloads";
import { withoutCharts } from "../../../lab/sandbox/releases";
import { waves } from "../../../lab/sandbox/waves";
import { testStack } from "../../stacks/stacks";
import { runInline } from "../../program/support/inline";

describe("A stack without its charts", () => {
  const definition: KubernetesObject = {
    ...{ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" },
    metadata: { name: "servicemonitors.monitoring.coreos.com" },
  };
  const render = async (stage: string) =>
    withoutCharts(
      (await offlineRender({ ...testStack("sandbox"), config: [`stage=${stage}`], start: runInline })).resources,
      [definition],
    );
  const waveOf = (all: Awaited<ReturnType<typeof render>>, kind: string) =>
    waves(all).findIndex((wave) => wave.some(({ object }) => object?.kind === kind));

  it("has the definitions before what is made of them, and operator and Prometheus with the release's values", async () => {
    const all = await render("dual-write");
    assert.ok(waveOf(all, "CustomResourceDefinition") < waveOf(all, "ServiceMonitor"));
    const prometheus = all.find(({ object }) => object?.kind === "Prometheus")?.object;
    const spec = prometheus?.spec as Record<string, object>;
    assert.deepEqual(spec.externalLabels, { cluster: "sandbox" });
    assert.equal((spec.remoteWrite as { name: string }[])[0].name, "mimir");
    assert.deepEqual(spec.additionalArgs, [{ name: "storage.remote.flush-deadline", value: "10s" }]);
    const operator = all.find(({ object }) => object?.metadata.name === "kube-prometheus-stack-operator")?.object;
    const { args } = (operator?.spec as { template: { spec: { containers: { args: string[] }[] } } }).template.spec
      .containers[0];
    // Monitors of every namespace count, as with the chart; another Prometheus or Alertmanager of the cluster is none of its business.
    assert.deepEqual(
      args.filter((arg) => /namespaces=/.test(arg)),
      ["--prometheus-instance-namespaces=monitoring", "--alertmanager-instance-namespaces=monitoring"],
    );
  });

  it("says of them that they are not the chart's", async () => {
    const all = await render("loki");
    const marked = all.flatMap(({ object }) => {
      const { annotations } = (object?.metadata ?? {}) as { annotations?: Record<string, string> };
      return annotations?.[madeOfAnnotation] ? [`${object?.kind}: ${annotations[madeOfAnnotation]}`] : [];
    });
    const words = "operator and Prometheus from the chart's values, not the chart";
    assert.deepEqual([...new Set(marked)].sort(), [
      `Deployment: ${words}`,
      `Prometheus: ${words}`,
      "PrometheusRule: rules in the shape of upstream's, not the chart",
    ]);
  });

  it("has rules in the shape of upstream's, whose alerts have the label cluster and whose recorded series have no label", async () => {
    const rules = (await render("loki")).flatMap(({ object }) => {
      const { groups } = (object?.spec ?? {}) as {
        groups?: { rules: { alert?: string; labels?: Record<string, string> }[] }[];
      };
      return object?.metadata.name.startsWith("upstream-") ? (groups ?? []).flatMap(({ rules }) => rules) : [];
    });
    assert.ok(rules.length > 10, `${rules.length} rules`);
    for (const { alert, labels } of rules) assert.equal(labels?.cluster, alert && "sandbox");
  });
});
