import assert from "node:assert/strict";
import { release, unknown } from "../support";
import { amd64Only, check, container, lacks, listed, loki, unlisted, unnamed } from "./fixtures";

describe("pi-nodes-run-arm64-images", () => {
  describe("of a chart's values", () => {
    const kps = (values: object) => release("kube-prometheus-stack", values);
    const path = "Release monitoring/kube-prometheus-stack: values";
    const named = {
      prometheusOperator: {
        admissionWebhooks: { enabled: false },
        image: { registry: "quay.io", repository: "prometheus-operator/prometheus-operator", tag: "v0.93.1" },
        prometheusConfigReloader: { image: { tag: "v0.93.1" } },
      },
      prometheus: { prometheusSpec: { image: { tag: "v3.15.0" } } },
      alertmanager: { enabled: false },
      grafana: { enabled: false },
      kubeStateMetrics: { enabled: false },
      nodeExporter: { enabled: false },
    };

    it("accepts kube-prometheus-stack whose values name every image in use", async () => {
      assert.deepEqual(await check(kps(named)), []);
    });

    it("refuses every image that kube-prometheus-stack would choose by itself", async () => {
      const left = (place: string, choice?: string) => unnamed(`${path}.${place}`, choice);
      assert.deepEqual(await check(kps({})), [
        left("prometheusOperator.image", listed("quay.io/prometheus-operator/prometheus-operator")),
        left(
          "prometheusOperator.prometheusConfigReloader.image",
          listed("quay.io/prometheus-operator/prometheus-config-reloader"),
        ),
        left("prometheusOperator.admissionWebhooks.patch.image"),
        left("prometheus.prometheusSpec.image", listed("quay.io/prometheus/prometheus")),
        left("alertmanager.alertmanagerSpec.image", listed("quay.io/prometheus/alertmanager")),
        left("grafana.image", listed("docker.io/grafana/grafana")),
        left("grafana.sidecar.image", listed("quay.io/kiwigrid/k8s-sidecar")),
        left("kube-state-metrics.image", listed("registry.k8s.io/kube-state-metrics/kube-state-metrics")),
        left("prometheus-node-exporter.image", listed("quay.io/prometheus/node-exporter")),
      ]);
    });

    const optional: [string, object, string][] = [
      [
        "Thanos beside Prometheus",
        { prometheus: { prometheusSpec: { image: { tag: "v3.15.0" }, thanos: { version: "v0.42.4" } } } },
        "prometheusOperator.thanosImage",
      ],
      ["a Thanos ruler", { thanosRuler: { enabled: true } }, "thanosRuler.thanosRulerSpec.image"],
      [
        "the webhooks' own deployment",
        {
          prometheusOperator: {
            ...named.prometheusOperator,
            admissionWebhooks: { enabled: false, deployment: { enabled: true } },
          },
        },
        "prometheusOperator.admissionWebhooks.deployment.image",
      ],
    ];
    for (const [what, values, place] of optional) {
      it(`refuses the image left open of ${what}`, async () => {
        assert.deepEqual(await check(kps({ ...named, ...values })), [unnamed(`${path}.${place}`)]);
      });
    }

    it("refuses the images of a CRD upgrade job", async () => {
      assert.deepEqual(await check(kps({ ...named, crds: { upgradeJob: { enabled: true } } })), [
        unnamed(`${path}.crds.upgradeJob.image.busybox`),
        unnamed(`${path}.crds.upgradeJob.image.kubectl`),
      ]);
    });

    it("refuses a named image that isn't listed", async () => {
      const values = { ...named, prometheus: { prometheusSpec: { image: { tag: "v3.14.0-distroless" } } } };
      assert.deepEqual(await check(kps(values)), [
        unlisted(
          `${path}.prometheus.prometheusSpec.image`,
          "quay.io/prometheus/prometheus:v3.14.0-distroless",
          `It lists ${listed("quay.io/prometheus/prometheus")}. `,
        ),
      ]);
    });

    it("composes the reference as the chart does: global registry, digest, distroless", async () => {
      const node = { tag: "v1.12.1", distroless: true };
      const operator = {
        ...named.prometheusOperator,
        image: { registry: "quay.io", tag: "v0.93.1", sha: "2".repeat(64) },
      };
      const values = {
        ...named,
        global: { imageRegistry: "mirror.example" },
        prometheusOperator: operator,
        nodeExporter: { enabled: true },
        "prometheus-node-exporter": { image: node },
      };
      assert.deepEqual(await check(kps(values)), [
        unlisted(
          `${path}.prometheusOperator.image`,
          `mirror.example/prometheus-operator/prometheus-operator:v0.93.1@sha256:${"2".repeat(64)}`,
        ),
        unlisted(
          `${path}.prometheusOperator.prometheusConfigReloader.image`,
          "mirror.example/prometheus-operator/prometheus-config-reloader:v0.93.1",
        ),
        unlisted(`${path}.prometheus.prometheusSpec.image`, "mirror.example/prometheus/prometheus:v3.15.0"),
        unlisted(
          `${path}.prometheus-node-exporter.image`,
          "mirror.example/prometheus/node-exporter:v1.12.1-distroless",
        ),
      ]);
    });

    it("refuses images of further containers, and reads the node selector of the pods that run them", async () => {
      const prometheusSpec = { image: { tag: "v3.15.0" }, containers: [container(amd64Only.reference)] };
      assert.deepEqual(await check(kps({ ...named, prometheus: { prometheusSpec } })), [
        lacks(`${path}.prometheus.prometheusSpec.containers[0].image`),
      ]);
      const selected = { ...prometheusSpec, nodeSelector: { "kubernetes.io/arch": "amd64" } };
      assert.deepEqual(await check(kps({ ...named, prometheus: { prometheusSpec: selected } })), []);
    });

    it("reads the reloader's node selector where its pods have it: at Prometheus", async () => {
      const { prometheusConfigReloader, ...others } = named.prometheusOperator;
      const reloader = { image: { repository: "example/reloader", tag: "1" } };
      assert.equal(prometheusConfigReloader.image.tag, "v0.93.1");
      const prometheusOperator = {
        ...others,
        prometheusConfigReloader: reloader,
        nodeSelector: { "kubernetes.io/arch": "amd64" },
      };
      assert.deepEqual(await check(kps({ ...named, prometheusOperator })), [
        unlisted(`${path}.prometheusOperator.prometheusConfigReloader.image`, "quay.io/example/reloader:1"),
      ]);
    });

    it("knows the chart by a path, an OCI reference and an archive", async () => {
      const crds = [
        "./charts/prometheus-operator-crds/",
        "oci://registry.example/charts/prometheus-operator-crds:31.0.1",
        "https://charts.example/prometheus-operator-crds-31.0.1.tgz",
      ];
      for (const chart of crds) assert.deepEqual(await check({ ...kps({}), props: { chart, values: {} } }), [], chart);
    });

    it("leaves a Chart that shows nothing to the objects that it makes", async () => {
      assert.deepEqual(await check({ type: "kubernetes:helm.sh/v3:Chart", name: "kps", props: {} }), []);
    });

    it("refuses a chart that nobody knows and whose values name no image", async () => {
      assert.deepEqual(await check(release("mystery", { replicas: 1 })), [
        'Release monitoring/mystery: chart is "mystery"; wanted a chart whose images are known. The values name no image, so nobody knows what the chart runs. Name the chart\'s images in the values, and say under "charts" in this policy\'s configuration where they stand (an empty list for a chart without pods).',
      ]);
    });

    it("refuses what a chart that is made known leaves open", async () => {
      const charts = { mystery: ["controller.image"], empty: [] };
      assert.deepEqual(await check(release("mystery", {}), { charts }), [
        unnamed("Release monitoring/mystery: values.controller.image"),
      ]);
      assert.deepEqual(await check(release("mystery", { controller: { image: loki } }), { charts }), []);
      assert.deepEqual(await check(release("empty", {}), { charts }), []);
    });

    it("refuses an unlisted image wherever values of an unknown chart name it, and looks past what is off", async () => {
      const values = {
        a: { image: "example/a:1" },
        b: { image: { repository: "example/b" } },
        c: { enabled: false, image: "example/c:1" },
        d: { image: { pullPolicy: "Always" } },
      };
      assert.deepEqual(await check(release("mystery", values)), [
        unlisted("Release monitoring/mystery: values.a.image", "example/a:1"),
        unnamed("Release monitoring/mystery: values.b.image"),
      ]);
    });

    const unknownValues: [string, object, string][] = [
      [
        "a part of an image",
        { prometheus: { prometheusSpec: { image: { tag: unknown } } } },
        "prometheus.prometheusSpec.image.tag",
      ],
      ["a block around an image", { prometheus: unknown }, "prometheus"],
      ["a further image", { extra: { image: unknown } }, "extra.image"],
    ];
    for (const [what, values, place] of unknownValues) {
      it(`says when a preview doesn't know ${what}`, async () => {
        assert.deepEqual(await check(kps({ ...named, ...values })), [
          `advisory: string value at .values.${place} can't be known during preview`,
        ]);
      });
    }

    it("says when a preview doesn't know which chart it is, or its values", async () => {
      const { props, ...rest } = kps(named);
      const advisory = (path: string) => [`advisory: string value at .${path} can't be known during preview`];
      assert.deepEqual(await check({ ...rest, props: { ...props, chart: unknown } }), advisory("chart"));
      assert.deepEqual(await check({ ...rest, props: { ...props, values: unknown } }), advisory("values"));
    });

    it("refuses a file of values that it can't see", async () => {
      const { props, ...rest } = kps(named);
      assert.deepEqual(await check({ ...rest, props: { ...props, valueYamlFiles: [{ path: "values.yaml" }] } }), [
        "Release monitoring/kube-prometheus-stack: valueYamlFiles[0] is a file, which a policy doesn't see; wanted values that can be read. Pass them as `values` of the resource, so that every image is seen.",
      ]);
    });
  });
});
