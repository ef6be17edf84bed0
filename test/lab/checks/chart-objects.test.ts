import assert from "node:assert/strict";
import { crdProblems, kpsProblems, upstreamProblems, type ChartObject } from "../../../lab/checks/chart-objects";
import { image } from "../../../components/images";

/** Values as this program writes them, as far as it matters here. */
const values = {
  prometheus: {
    prometheusSpec: {
      image: { registry: "quay.io", repository: "prometheus/prometheus", tag: image("prometheus").split(":")[1] },
      prometheusExternalLabelNameClear: true,
      replicaExternalLabelNameClear: true,
      serviceMonitorSelector: {},
      serviceMonitorSelectorNilUsesHelmValues: false,
      podMonitorSelector: {},
      retention: "14d",
      tolerations: [],
      alertingEndpoints: [{ name: "alertmanager", port: "http" }],
      storageSpec: { volumeClaimTemplate: { spec: { storageClassName: "fast" } } },
    },
  },
};

/** What the chart makes of them. */
function chart(): { operator: ChartObject; prometheus: ChartObject & { spec: Record<string, unknown> } } {
  const container = {
    image: image("prometheus-operator"),
    args: [
      `--prometheus-config-reloader=${image("prometheus-config-reloader")}`,
      "--thanos-default-base-image=quay.io/thanos/thanos:v0.42.4",
    ],
  };
  return {
    operator: {
      kind: "Deployment",
      metadata: { name: "kps-operator" },
      spec: { template: { spec: { containers: [container] } } },
    },
    prometheus: {
      kind: "Prometheus",
      metadata: { name: "kps-prometheus" },
      spec: {
        image: image("prometheus"),
        version: "v3",
        prometheusExternalLabelName: "",
        replicaExternalLabelName: "",
        serviceMonitorSelector: {},
        podMonitorSelector: {},
        retention: "14d",
        alerting: { alertmanagers: [{ name: "alertmanager", port: "http" }] },
        storage: { volumeClaimTemplate: { spec: { storageClassName: "fast" } } },
      },
    },
  };
}

const all = ({ operator, prometheus } = chart()) => [operator, prometheus];

const workload = (kind: string, name: string, reference: string): ChartObject => ({
  kind,
  metadata: { name },
  spec: { template: { spec: { containers: [{ image: reference }] } } },
});

describe("What kube-prometheus-stack makes of this program's values", () => {
  it("may be the operator and a Prometheus as it was asked for", () => {
    assert.deepEqual(kpsProblems(values, all()), []);
  });

  for (const kind of ["Alertmanager", "ThanosRuler", "ValidatingWebhookConfiguration", "CustomResourceDefinition"]) {
    it(`has no ${kind}`, () => {
      const [problem, ...others] = kpsProblems(values, [...all(), { kind, metadata: { name: "extra" } }]);
      assert.match(problem, new RegExp(`^${kind} extra must not exist: .+`));
      assert.deepEqual(others, []);
    });
  }

  it("has rules about itself only", () => {
    const rules = (name: string): ChartObject => ({
      ...{ kind: "PrometheusRule", metadata: { name: "kps-rules" } },
      spec: { groups: [{ name }] },
    });
    assert.deepEqual(kpsProblems(values, [...all(), rules("prometheus"), rules("prometheus-operator")]), []);
    assert.match(kpsProblems(values, [...all(), rules("kubernetes-apps")]).join(), /has group kubernetes-apps, which/);
  });

  it("has no hook", () => {
    const role = { kind: "Role", metadata: { name: "admission", annotations: { "helm.sh/hook": "pre-install" } } };
    assert.match(kpsProblems(values, [...all(), role]).join(), /^Role admission is a hook/);
  });

  for (const [name, object, kept] of [
    ["Grafana", workload("Deployment", "grafana", image("grafana")), { grafana: true }],
    ["node-exporter", workload("DaemonSet", "node-exporter", image("node-exporter")), { exporters: true }],
  ] as const) {
    it(`runs ${name} only where an adoption keeps it`, () => {
      assert.match(
        kpsProblems(values, [...all(), object]).join(),
        /no workload of the release may use it, unless an adoption/,
      );
      assert.deepEqual(kpsProblems(values, [...all(), object], kept), []);
    });
  }

  it("runs no image that images.json doesn't list, in a pod or by the operator's arguments", () => {
    const other = workload("Deployment", "other", "docker.io/library/busybox:1.37");
    assert.match(kpsProblems(values, [...all(), other]).join(), /busybox:1\.37, which is not in images\.json/);

    const { operator, prometheus } = JSON.parse(
      JSON.stringify(chart()).replace(image("prometheus-config-reloader"), "quay.io/x/reloader:v1"),
    ) as ReturnType<typeof chart>;
    assert.match(
      kpsProblems(values, [operator, prometheus]).join(),
      /quay\.io\/x\/reloader:v1, which is not in images\.json/,
    );
  });

  for (const [key, change] of Object.entries({
    prometheusExternalLabelNameClear: { prometheusExternalLabelName: undefined },
    replicaExternalLabelNameClear: { replicaExternalLabelName: "prometheus_replica" },
    serviceMonitorSelector: { serviceMonitorSelector: { matchLabels: { release: "kps" } } },
    podMonitorSelector: { podMonitorSelector: undefined }, // selects nothing, where the empty one selects everything
    retention: { retention: "10d" },
    alertingEndpoints: { alerting: {} },
    storageSpec: { storage: { volumeClaimTemplate: { spec: {} } } },
    image: { image: "quay.io/prometheus/prometheus:v0" },
  })) {
    it(`tells when the chart drops ${key}`, () => {
      const { operator, prometheus } = chart();
      const broken = { ...prometheus, spec: { ...prometheus.spec, ...change } };
      const problems = kpsProblems(values, [operator, broken]).join("\n");
      assert.match(problems, new RegExp(`lacks prometheus\\.prometheusSpec\\.${key}: the chart dropped`));
    });
  }

  it("has one Prometheus: none at all is no success", () => {
    assert.deepEqual(kpsProblems(values, []), ["there are 0 objects of kind Prometheus instead of one"]);
  });
});

describe("What the release of upstream's rules makes", () => {
  it("is rules and dashboards, and nothing else", () => {
    const of = (kind: string): ChartObject => ({ kind, metadata: { name: "x" } });
    assert.deepEqual(upstreamProblems([of("PrometheusRule"), of("ConfigMap")]), []);
    for (const kind of ["Service", "Deployment", "ServiceMonitor", "ClusterRole"])
      assert.match(upstreamProblems([of(kind)]).join(), new RegExp(`^${kind} x must not be there`));
  });
});

describe("What the chart of CRDs makes", () => {
  const crd = { kind: "CustomResourceDefinition", metadata: { name: "servicemonitors.monitoring.coreos.com" } };

  it("is CRDs and nothing else", () => {
    assert.deepEqual(crdProblems([crd]), []);
    assert.match(
      crdProblems([crd, { kind: "Job", metadata: { name: "upgrade" } }]).join(),
      /^Job upgrade is not a CRD/,
    );
  });
});
