import assert from "node:assert/strict";
import { images } from "../../../components/images";
import { PrometheusOperatorCrds } from "../../../components/kube-prometheus-stack/crds";
import { KubePrometheusStack } from "../../../components/kube-prometheus-stack/kube-prometheus-stack";
import { kpsImages } from "../../../components/kube-prometheus-stack/values";
import { environment } from "../../../components/kubernetes/environment";
import { settingsSchema } from "../../../settings/schema";
import { mockPulumi, settled } from "../../support/mocks";

function kps(raw: Record<string, unknown> = {}) {
  const recorded = mockPulumi();
  const settings = settingsSchema.parse(raw);
  const stack = new KubePrometheusStack(
    "kube-prometheus-stack",
    {
      environment: environment(settings),
      settings: settings.kps,
      adopt: settings.adopt.kps,
      stage: { evaluator: "prometheus", mimir: false },
      retire: false,
      reclaimVolume: false,
      images: images({}, ...kpsImages),
      alertmanager: { namespace: "monitoring", service: "alertmanager", port: "http" },
    },
    {},
  );
  return { recorded, stack };
}

const release = async ({ recorded }: ReturnType<typeof kps>) => {
  await settled();
  return recorded.resources.find(({ type }) => type === "kubernetes:helm.sh/v3:Release")?.inputs as Record<
    string,
    unknown
  >;
};

describe("KubePrometheusStack", () => {
  it("is a release of the chart in the stack's namespace, queried at its Service", async () => {
    const made = kps();
    const { name, namespace, chart, version } = await release(made);
    assert.deepEqual(
      [name, namespace, chart, version],
      ["kube-prometheus-stack", "monitoring", "kube-prometheus-stack", "88.5.3"],
    );
    assert.equal(made.stack.prometheusUrl, "http://kube-prometheus-stack-prometheus.monitoring.svc.cluster.local:9090");
  });

  it("takes over a release under its own name, in its own namespace, and is queried there", async () => {
    const made = kps({ adopt: { kps: { release: "prometheus/kps", values: { fullnameOverride: "old" } } } });
    const { name, namespace } = await release(made);
    assert.deepEqual([name, namespace], ["kps", "prometheus"]);
    assert.equal(made.stack.prometheusUrl, "http://old-prometheus.prometheus.svc.cluster.local:9090");
  });
});

describe("PrometheusOperatorCrds", () => {
  it("is a release of its own, of the given version, that takes over CRDs without an owner where the stack says so", async () => {
    const recorded = mockPulumi();
    new PrometheusOperatorCrds(
      "prometheus-operator-crds",
      { environment: environment(settingsSchema.parse({})), chartVersion: "31.0.1", takeOwnership: true },
      {},
    );
    await settled();
    const inputs = recorded.resources.find(({ type }) => type === "kubernetes:helm.sh/v3:Release")?.inputs;
    assert.equal(inputs?.chart, "prometheus-operator-crds");
    assert.equal(inputs?.version, "31.0.1");
    assert.equal(inputs?.takeOwnership, true);
  });
});
