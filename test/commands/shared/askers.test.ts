import assert from "node:assert/strict";
import { askers, fate, prometheusServices, type AskingKind } from "../../../commands/shared/askers";

const services = prometheusServices("monitoring", "kps");
const asks = (kind: AskingKind | "Secret", object: object, metadata: object = {}) =>
  askers(
    { [kind]: [{ metadata: { name: "x", namespace: "shop", ...metadata }, ...object }] },
    services,
    "monitoring/kps",
  );
const found = (...args: Parameters<typeof asks>) => asks(...args).map((asker) => asker.asks);
const env = (value: string) => ({ spec: { template: { spec: { containers: [{ env: [{ name: "URL", value }] }] } } } });

describe("whoever asks by the names of a release's Services", () => {
  it("is found by an address in environment, arguments, files and triggers, with who it is", () => {
    assert.deepEqual(asks("Deployment", env("http://kps-prometheus.monitoring.svc.cluster.local:9090")), [
      { who: "Deployment shop/x", asks: "monitoring/kps-prometheus", wants: "queries" },
    ]);
    const operated = ["monitoring/prometheus-operated"];
    assert.deepEqual(
      found("CronJob", { spec: { args: ["--url=http://prometheus-operated.monitoring:9090/"] } }),
      operated,
    );
    assert.deepEqual(
      found("ConfigMap", { data: { "a.yaml": "url: prometheus-operated.monitoring.svc:9090\n" } }),
      operated,
    );
    const triggers = [{ metadata: { serverAddress: "http://prometheus-operated.monitoring.svc:9090" } }];
    assert.deepEqual(found("ScaledObject", { spec: { triggers } }), operated);
    const page = "http://prometheus-operated.monitoring.svc:9090/-/healthy";
    assert.deepEqual(found("Probe", { spec: { targets: { staticConfig: { static: [page] } } } }), operated);
    const federated = [{ targets: ["kps-prometheus.monitoring:9090"] }];
    assert.deepEqual(found("ScrapeConfig", { spec: { staticConfigs: federated } }), ["monitoring/kps-prometheus"]);
  });

  it("is a Job that has not ended, once: those of a CronJob are named with it", () => {
    const job = (type: string, status = "True") => ({
      spec: { args: ["http://prometheus-operated.monitoring:9090"] },
      status: { conditions: [{ type, status }] },
    });
    assert.deepEqual(found("Job", job("Suspended")), ["monitoring/prometheus-operated"]);
    assert.deepEqual(found("Job", job("Failed", "False")), ["monitoring/prometheus-operated"]);
    const owner = { ownerReferences: [{ apiVersion: "batch/v1", kind: "CronJob" }] };
    assert.deepEqual([found("Job", job("Complete")), found("Job", job("Failed"))], [[], []]);
    assert.deepEqual(found("Job", job("Suspended"), owner), []);
  });

  it("is what Flux and Argo CD deploy from, in the namespace that it is deployed to, but for the release itself", () => {
    const values = { prometheus: { url: "http://prometheus-operated.monitoring:9090" } };
    const operated = ["monitoring/prometheus-operated"];
    assert.deepEqual(found("HelmRelease", { spec: { values } }), operated);
    assert.deepEqual(found("HelmRelease", { spec: { values } }, { namespace: "monitoring", name: "kps" }), []);
    const flux = (spec: object, name = "kps") => found("HelmRelease", { spec: { values, ...spec } }, { name });
    assert.deepEqual(flux({ targetNamespace: "monitoring", releaseName: "kps" }, "x"), []);
    assert.deepEqual(flux({ targetNamespace: "monitoring" }), operated);
    const argo = (namespace: string, helm: object, name = "x") =>
      found("Application", { spec: { destination: { namespace }, source: { helm } } }, { namespace: "argocd", name });
    const short = { values: "url: http://prometheus-operated:9090\n" };
    assert.deepEqual([argo("monitoring", short), argo("shop", short)], [operated, []]);
    assert.deepEqual(argo("monitoring", { ...short, releaseName: "kps" }), []);
    assert.deepEqual(argo("monitoring", short, "kps"), []);
  });

  it("is found by host and port apart", () => {
    const apart = { spec: { args: ["--host", "kps-prometheus.monitoring", "--port", "9090"] } };
    assert.deepEqual(found("StatefulSet", apart), ["monitoring/kps-prometheus"]);
  });

  it("is found by the Service behind an Ingress of the same namespace, and behind an HTTPRoute of another", () => {
    const backend = { service: { name: "kps-prometheus", port: { number: 9090 } } };
    const ingress = { spec: { rules: [{ http: { paths: [{ backend }] } }] } };
    assert.deepEqual(found("Ingress", ingress, { namespace: "monitoring" }), ["monitoring/kps-prometheus"]);
    assert.deepEqual(found("Ingress", ingress), []);
    const named = { service: { name: "kps-prometheus", port: { name: "http-web" } } };
    const byName = { spec: { rules: [{ http: { paths: [{ backend: named }] } }] } };
    assert.deepEqual(found("Ingress", byName, { namespace: "monitoring" }), ["monitoring/kps-prometheus"]);
    const route = (namespace?: string) => ({
      spec: { rules: [{ backendRefs: [{ name: "kps-prometheus", port: 9090, namespace }] }] },
    });
    assert.deepEqual(found("HTTPRoute", route("monitoring")), ["monitoring/kps-prometheus"]);
    assert.deepEqual(found("HTTPRoute", route()), []);
  });

  describe("for more than queries", () => {
    const wants = (...args: Parameters<typeof asks>) => asks(...args).map((asker) => asker.wants);

    it("is known by a path behind the name, and a scrape of /federate by one apart from it", () => {
      const at = "http://kps-prometheus.monitoring.svc.cluster.local:9090";
      assert.deepEqual(wants("Deployment", env(`${at}/api/v1/write`)), ["write"]);
      assert.deepEqual(wants("Deployment", env(`${at}/api/v1/otlp/v1/metrics`)), ["write"]);
      assert.deepEqual(wants("Prometheus", { spec: { remoteRead: [{ url: `${at}/api/v1/read` }] } }), ["read"]);
      const staticConfigs = [{ targets: ["kps-prometheus.monitoring:9090"] }];
      assert.deepEqual(wants("ScrapeConfig", { spec: { metricsPath: "/federate", staticConfigs } }), ["federate"]);
      const scrape = "- { metrics_path: /federate, static_configs: [{ targets: ['kps-prometheus.monitoring:9090'] }] }";
      assert.deepEqual(wants("Secret", { data: [scrape] }), ["federate"]);
      assert.deepEqual(wants("VMAgent", { spec: { inlineScrapeConfig: scrape } }), ["federate"]);
    });

    it("wants queries, where another program is written to in the same text", () => {
      const config = "url: http://kps-prometheus.monitoring:9090\npush: http://mimir:9009/api/v1/write\n";
      assert.deepEqual(wants("ConfigMap", { data: { config } }), ["queries"]);
    });

    it("is a monitor that scrapes /federate in the release's namespace, of whose labels it is told", () => {
      const selector = { matchLabels: { "operated-prometheus": "true" } };
      const monitor = (namespaceSelector?: object, path = "/federate") => ({
        spec: { selector, namespaceSelector, endpoints: [{ port: "web", path }] },
      });
      assert.deepEqual(asks("ServiceMonitor", monitor({ matchNames: ["monitoring"] })), [
        {
          who: "ServiceMonitor shop/x",
          asks: 'monitoring by {"matchLabels":{"operated-prometheus":"true"}}',
          wants: "federate",
          byLabels: true,
        },
      ]);
      assert.equal(asks("ServiceMonitor", monitor({ any: true })).length, 1);
      assert.equal(asks("ServiceMonitor", monitor(), { namespace: "monitoring" }).length, 1);
      const pods = { spec: { podMetricsEndpoints: [{ path: "/federate" }], namespaceSelector: { any: true } } };
      assert.equal(asks("PodMonitor", pods).length, 1);
      assert.deepEqual(asks("ServiceMonitor", monitor()), []);
      assert.deepEqual(asks("ServiceMonitor", monitor({ any: true }, "/metrics")), []);
    });

    it("is told what becomes of it with each backend", () => {
      const of = (asker: Parameters<typeof fate>[0]) =>
        (["mimir", "victoria-metrics"] as const).map((backend) => fate(asker, backend, "home"));
      assert.deepEqual(of({ wants: "queries" }), [undefined, undefined]);
      const [ends, stays] = of({ wants: "federate" });
      assert.match(ends!, /Mimir has no \/federate.* http:\/\/mimir\.home\.svc:9009\/prometheus\/api\/v1\/read/);
      assert.equal(stays, undefined);
      assert.match(of({ wants: "federate", byLabels: true })[1]!, /metrics\.home\.svc:9090\/federate/);
      assert.deepEqual(
        of({ wants: "write" }).map((each) => /http:\S+\/(push|write)\b/.exec(each!)?.[0]),
        ["http://mimir.home.svc:9009/api/v1/push", "http://victoria-metrics.home.svc:8428/api/v1/write"],
      );
      assert.match(of({ wants: "read" })[1]!, /VictoriaMetrics has none/);
    });
  });

  it("is nobody with a longer name, another namespace's Prometheus, or another port", () => {
    for (const url of [
      "http://kps-prometheus-node-exporter.monitoring:9090",
      "http://my-kps-prometheus.monitoring:9090",
      "http://prometheus-operated.other.svc:9090",
      "http://kps-prometheus.monitoring:10901",
      "http://kps-prometheus:9090",
    ])
      assert.deepEqual(found("Deployment", env(url)), [], url);
  });

  it("is nobody with the name of a ServiceAccount or of a label's value", () => {
    const metadata = { namespace: "monitoring" };
    const prometheus = { spec: { serviceAccountName: "kps-prometheus", portName: "http-web" } };
    assert.deepEqual(found("Prometheus", prometheus, metadata), []);
    const selector = { matchLabels: { app: "kps-prometheus" } };
    assert.deepEqual(found("ServiceMonitor", { spec: { selector, endpoints: [{ port: "http-web" }] } }, metadata), []);
  });

  it("is nobody who belongs to the stack, to the release or to the operator", () => {
    const address = env("http://kps-prometheus.monitoring:9090");
    for (const metadata of [
      { labels: { "app.kubernetes.io/part-of": "observability", "app.kubernetes.io/managed-by": "pulumi" } },
      { annotations: { "meta.helm.sh/release-name": "kps", "meta.helm.sh/release-namespace": "monitoring" } },
      { ownerReferences: [{ apiVersion: "monitoring.coreos.com/v1" }] },
    ])
      assert.deepEqual(found("Deployment", address, metadata), [], JSON.stringify(metadata));
    const others = { "meta.helm.sh/release-name": "keda", "meta.helm.sh/release-namespace": "monitoring" };
    assert.equal(found("Deployment", address, { annotations: others }).length, 1);
  });

  it("isn't found by what the API server repeats of an object", () => {
    const repeated = {
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": "kps-prometheus.monitoring:9090" },
    };
    assert.deepEqual(found("ConfigMap", {}, repeated), []);
  });
});
