import assert from "node:assert/strict";
import { images } from "../../../components/images";
import { kpsImages, kpsValues, type KpsValuesArgs } from "../../../components/kube-prometheus-stack/values";
import { environment } from "../../../components/kubernetes/environment";
import { serviceAccountClass } from "../../../components/monitors/scrape-class";
import { settingsSchema } from "../../../settings/schema";

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- values of a chart
type Any = any;

function valuesOf(raw: Record<string, unknown> = {}, changed: Partial<KpsValuesArgs> = {}): Any {
  const settings = settingsSchema.parse(raw);
  return kpsValues({
    environment: environment(settings),
    settings: settings.kps,
    adopt: settings.adopt.kps,
    evaluates: true,
    reclaimVolume: false,
    images: images(settings.images, ...kpsImages),
    alertmanager: { namespace: "monitoring", service: "alertmanager", port: "http" },
    ...changed,
  });
}

const adopting = (kps: Record<string, unknown>) => ({ adopt: { kps: { release: "monitoring/kps", ...kps } } });
const spec = (values: Any) => values.prometheus.prometheusSpec;

/** The image that a chart's values name, as `images.json` writes it. */
const reference = ({ registry, repository, tag, sha }: Any): string =>
  `${registry}/${repository}:${tag}${sha ? `@sha256:${sha}` : ""}`;

describe("kube-prometheus-stack's values", () => {
  it("turn off everything that has to stay when the release goes", () => {
    const values = valuesOf();
    assert.equal(values.defaultRules.create, false);
    for (const part of [
      "crds",
      "alertmanager",
      "grafana",
      "nodeExporter",
      "kubeStateMetrics",
      "kubernetesServiceMonitors",
    ])
      assert.equal(values[part].enabled, false, part);
  });

  it("leave operator and Prometheus, without hooks and without Endpoints that go stale", () => {
    const { prometheus, prometheusOperator } = valuesOf();
    assert.equal(prometheus.enabled, true);
    assert.equal(prometheusOperator.enabled, true);
    for (const part of ["admissionWebhooks", "tls", "kubeletService"])
      assert.equal(prometheusOperator[part].enabled, false);
  });

  it("name the images of what is on", () => {
    const values = valuesOf();
    const named = [
      values.prometheusOperator.image,
      values.prometheusOperator.prometheusConfigReloader.image,
      spec(values).image,
    ].map(reference);
    const listed = images({}, "prometheus-operator", "prometheus-config-reloader", "prometheus");
    assert.deepEqual(named, Object.values(listed));
  });

  it("clear the labels that would say who scraped, and set `cluster` where the stack has one", () => {
    const home = spec(valuesOf({ cluster: { name: "home" } }));
    assert.equal(home.prometheusExternalLabelNameClear, true);
    assert.equal(home.replicaExternalLabelNameClear, true);
    assert.deepEqual(home.externalLabels, { cluster: "home" });
    assert.equal("externalLabels" in spec(valuesOf()), false);
  });

  it("select every monitor and rule, whatever an adopted release selected", () => {
    const selective = {
      serviceMonitorSelector: { matchLabels: { release: "kps" } },
      ruleNamespaceSelector: { matchLabels: { a: "b" } },
    };
    const prometheus = spec(valuesOf(adopting({ values: { prometheus: { prometheusSpec: selective } } })));
    for (const kind of ["serviceMonitor", "podMonitor", "probe", "scrapeConfig", "rule"]) {
      assert.equal(prometheus[`${kind}SelectorNilUsesHelmValues`], false, kind);
      assert.deepEqual(prometheus[`${kind}Selector`], {}, kind);
      assert.deepEqual(prometheus[`${kind}NamespaceSelector`], {}, kind);
    }
  });

  it("select no rule once another evaluates them", () => {
    const { matchLabels } = spec(valuesOf({}, { evaluates: false })).ruleSelector;
    assert.deepEqual(matchLabels, { "observability/evaluator": "none" });
  });

  it("have the scrape class that the base monitors name, and send alerts to Alertmanager's Service", () => {
    const prometheus = spec(valuesOf());
    assert.deepEqual(prometheus.scrapeClasses, [serviceAccountClass]);
    assert.deepEqual(prometheus.alertingEndpoints, [
      { namespace: "monitoring", name: "alertmanager", port: "http", apiVersion: "v2" },
    ]);
  });

  it("send alerts to the address of an Alertmanager that exists, with its scheme and path", () => {
    const at = (url: string) => spec(valuesOf({}, { alertmanager: { url } }));
    const prometheus = at("https://alerts.example.org/alertmanager");
    assert.deepEqual(prometheus.alertingEndpoints, []);
    assert.deepEqual(prometheus.additionalAlertManagerConfigs, [
      {
        scheme: "https",
        path_prefix: "/alertmanager",
        static_configs: [{ targets: ["alerts.example.org"] }],
        api_version: "v2",
      },
    ]);
    const [{ scheme, static_configs }] = at("http://am.old:9093").additionalAlertManagerConfigs;
    assert.deepEqual([scheme, static_configs], ["http", [{ targets: ["am.old:9093"] }]]);
  });

  it("keep data by age and, unless the stack gives a size, by nine tenths of the volume", () => {
    const prometheus = spec(valuesOf({ kps: { retention: "14d", storage: "70Gi", storageClass: "openebs-hostpath" } }));
    assert.equal(prometheus.retention, "14d");
    assert.equal(prometheus.retentionSize, `${63 * 1024}MB`);
    const claim = prometheus.storageSpec.volumeClaimTemplate.spec;
    assert.deepEqual([claim.storageClassName, claim.resources.requests.storage], ["openebs-hostpath", "70Gi"]);
    assert.equal(spec(valuesOf({ kps: { storage: "70Gi", retentionSize: "60GB" } })).retentionSize, "60GB");
    assert.equal(
      spec(valuesOf({ cluster: { storageClass: "fast" } })).storageSpec.volumeClaimTemplate.spec.storageClassName,
      "fast",
    );
  });

  it("keep the volume when Prometheus goes, unless it is given up", () => {
    assert.equal(spec(valuesOf()).persistentVolumeClaimRetentionPolicy.whenDeleted, "Retain");
    assert.equal(
      spec(valuesOf({}, { reclaimVolume: true })).persistentVolumeClaimRetentionPolicy.whenDeleted,
      "Delete",
    );
  });

  it("ask for resources and limit the memory of every container", () => {
    const values = valuesOf();
    const { prometheusOperator } = values;
    for (const resources of [
      prometheusOperator.resources,
      prometheusOperator.prometheusConfigReloader.resources,
      spec(values).resources,
    ]) {
      assert.ok(resources.requests.cpu && resources.requests.memory && resources.limits.memory);
    }
  });

  describe("for a release that is taken over", () => {
    it("keep what it was given and this program says nothing of", () => {
      const values = valuesOf(
        adopting({ values: { fullnameOverride: "kps", prometheus: { ingress: { enabled: true } } } }),
      );
      assert.equal(values.fullnameOverride, "kps");
      assert.equal(values.prometheus.ingress.enabled, true);
    });

    it("win over what it was given otherwise", () =>
      assert.equal(valuesOf(adopting({ values: { alertmanager: { enabled: true } } })).alertmanager.enabled, false));

    it("keep its Grafana with its own values, without images that nobody listed", () => {
      const { grafana } = valuesOf(
        adopting({ keepGrafana: true, values: { grafana: { persistence: { enabled: true }, image: { tag: "1" } } } }),
      );
      assert.deepEqual(
        [grafana.enabled, grafana.persistence.enabled, grafana.initChownData.enabled, grafana.testFramework.enabled],
        [true, true, false, false],
      );
      assert.equal(reference(grafana.image), images({}, "grafana").grafana);
    });

    it("keep its exporters, with images that are listed", () => {
      const values = valuesOf(adopting({ keepExporters: true }));
      assert.equal(values.nodeExporter.enabled && values.kubeStateMetrics.enabled, true);
      // The chart would append "-distroless" to the tag.
      assert.equal(values["prometheus-node-exporter"].image.distroless, false);
      assert.equal(values["kube-state-metrics"].image.repository, "kube-state-metrics/kube-state-metrics");
    });
  });

  it("write every sample to Mimir where the stage has it, sending again what it refuses for its rate", () => {
    assert.equal("remoteWrite" in spec(valuesOf()), false);
    const url = "http://mimir:9009/api/v1/push";
    const [write, ...others] = spec(
      valuesOf({ kps: { remoteWrite: { maxShards: 6 } } }, { remoteWriteUrl: url }),
    ).remoteWrite;
    assert.deepEqual(others, []);
    assert.equal(write.url, url);
    // Shards that become more or fewer while Mimir goes away lose what they hold.
    const { retryOnRateLimit, minShards, maxShards } = write.queueConfig;
    assert.deepEqual([retryOnRateLimit, minShards, maxShards], [true, 6, 6]);
    // A sample that waited for hours is sent all the same.
    assert.equal("sampleAgeLimit" in write.queueConfig, false);
    // No relabelling: what Mimir gets is what Prometheus has.
    assert.equal("writeRelabelConfigs" in write, false);
  });

  it("keep the places that an adopted release writes to", () => {
    const theirs = { name: "cloud", url: "https://example.org/push" };
    const raw = adopting({ values: { prometheus: { prometheusSpec: { remoteWrite: [theirs] } } } });
    const url = "http://mimir:9009/api/v1/push";
    const names = (changed: Partial<KpsValuesArgs>) =>
      spec(valuesOf(raw, changed)).remoteWrite.map(({ name }: { name: string }) => name);
    assert.deepEqual(names({ remoteWriteUrl: url }), ["cloud", "mimir"]);
    assert.deepEqual(names({}), ["cloud"]);
  });

  it("don't let Prometheus stand still for two minutes when what it writes to goes, in any stage, beside arguments that an adopted release has", () => {
    const deadline = { name: "storage.remote.flush-deadline", value: "10s" };
    const args = (additionalArgs: object[], changed?: Partial<KpsValuesArgs>) =>
      spec(valuesOf(adopting({ values: { prometheus: { prometheusSpec: { additionalArgs } } } }), changed))
        .additionalArgs;
    assert.deepEqual(spec(valuesOf()).additionalArgs, [deadline]);
    const theirs = { name: "log.level", value: "debug" };
    const url = "http://mimir:9009/api/v1/push";
    for (const changed of [{}, { remoteWriteUrl: url }]) assert.deepEqual(args([theirs], changed), [theirs, deadline]);
    const longer = { ...deadline, value: "2m" };
    assert.deepEqual(args([longer]), [longer]);
  });
});
