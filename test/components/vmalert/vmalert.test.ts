import assert from "node:assert/strict";
import { vmalertArguments } from "../../../components/vmalert/arguments";
import { object, previewOf } from "../../program/support/previews";

const pi = () => previewOf("pi", "stage=victoria-metrics-default");

describe("vmalert", () => {
  it("sends the labels that Prometheus's alerts had, and no others", () => {
    const args = { metricsUrl: "http://vm", alertmanagerUrl: "http://am", evaluationInterval: "30s" };
    const flags = vmalertArguments({ ...args, cluster: "pi" });
    assert.ok(flags.includes("-external.label=cluster=pi") && flags.includes("-disableAlertgroupLabel=true"));
    assert.ok(!vmalertArguments(args).some((flag) => flag.startsWith("-external.label")));
  });

  it("evaluates before Prometheus stops, and is shown by VictoriaMetrics", async () => {
    const preview = await pi();
    const release = object(preview, "Release", "kube-prometheus-stack");
    assert.deepEqual(release.inputs.values.prometheus.prometheusSpec.ruleSelector, {
      matchLabels: { "observability/evaluator": "none" },
    });
    // Its children wait for what the component waits for.
    const { options } = preview.resources.find(({ urn }) => urn === release.parent)!;
    assert.ok(
      options.dependsOn.some((urn) => /:vmalert:Vmalert/.test(urn)),
      options.dependsOn.join("\n"),
    );
    const { args } = object(preview, "StatefulSet", "victoria-metrics").inputs.spec.template.spec.containers[0];
    assert.ok(args.includes("-vmalert.proxyURL=http://vmalert.monitoring.svc.cluster.local:8880"), args);
  });

  it("gathers the rules of all namespaces by an operator that leaves other Prometheuses alone", async () => {
    const preview = await pi();
    const gathered = preview.resources.find(({ type }) => type.endsWith(":Prometheus"))!.inputs;
    const id = gathered.metadata.annotations["operator.prometheus.io/controller-id"];
    const { spec } = object(preview, "Deployment", "vmalert-operator").inputs.spec.template;
    assert.ok(spec.containers[0].args.includes(`--controller-id=${id}`));
    assert.deepEqual([gathered.spec.replicas, gathered.spec.ruleNamespaceSelector], [0, {}]);
    // The operator would make prometheus-operated, which is kube-prometheus-stack's, and asks that this one fits.
    const { spec: governing } = object(preview, "Service", gathered.spec.serviceName).inputs;
    assert.deepEqual(governing.selector, { "operator.prometheus.io/name": gathered.metadata.name });
    assert.deepEqual(
      gathered.spec.serviceMonitorSelector,
      undefined,
      "it would scrape nothing, and must select nothing",
    );
    const { volumes } = object(preview, "Deployment", "vmalert").inputs.spec.template.spec;
    const [first, ...others] = volumes.find(({ name }: { name: string }) => name === "gathered").projected.sources;
    assert.deepEqual(first.configMap, { name: `prometheus-${gathered.metadata.name}-rulefiles-0`, optional: false });
    assert.ok(others.every(({ configMap }: { configMap: { optional: boolean } }) => configMap.optional));
  });

  it("may read Secrets in its own namespace alone", async () => {
    const { resources } = await pi();
    const roles = resources.filter(({ type, name }) => type.endsWith(":ClusterRole") && name.includes("vmalert"));
    assert.equal(roles.length, 1);
    const everywhere = roles.flatMap(({ inputs }) => inputs.rules as { resources: string[] }[]);
    assert.ok(!everywhere.some((rule) => rule.resources.includes("secrets") || rule.resources.includes("configmaps")));
  });
});
