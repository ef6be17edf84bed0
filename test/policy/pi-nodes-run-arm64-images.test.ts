import assert from "node:assert/strict";
import list from "../../images.json";
import { piNodesRunArm64Images as policy } from "../../policy/pi-nodes-run-arm64-images";
import { findings, object, release, unknown, type TestResource } from "./support";

const loki = "docker.io/grafana/loki:3.6.3";
const amd64Only = { reference: "ghcr.io/example/amd64-only:1.0.0", platforms: ["linux/amd64"] };
const images = [amd64Only];
const remedy = "or keep the pods off the Pi nodes, with the node selector kubernetes.io/arch: amd64.";
const wanted = "wanted an image that images.json lists with linux/arm64";

const lacks = (where: string) =>
  `${where} is "ghcr.io/example/amd64-only:1.0.0", which has linux/amd64; ${wanted}. On a Pi node its containers would end with "exec format error". Take an image with linux/arm64, ${remedy}`;
const unlisted = (where: string, image: string, listed = "") =>
  `${where} is "${image}"; ${wanted}. No node selector, affinity or taint keeps its pods off the Pi nodes, and images.json doesn't have it, so nobody knows whether it runs there. ${listed}Take a listed image, add this one with its platforms and the page that documents them, ${remedy}`;
const unnamed = (where: string, choice = "an image of images.json") =>
  `${where} is not named; ${wanted}. What is left out is chosen elsewhere (by the chart, the operator or its version), and may be an image without linux/arm64. Name ${choice} there, with registry, repository and tag.`;

const container = (image?: string) => ({ name: "app", image });
const deployment = (spec: object): TestResource =>
  object("apps/v1", "Deployment", { metadata: { namespace: "monitoring", name: "app" }, spec: { template: { spec } } });
const first = "Deployment monitoring/app: spec.template.spec.containers[0].image";

describe("pi-nodes-run-arm64-images", () => {
  const check = (resource: TestResource, config: object = {}) => findings(policy, resource, { images, ...config });

  describe("of an image", () => {
    const cases: [string, string | undefined, string[]][] = [
      ["accepts a listed image with linux/arm64", loki, []],
      ["accepts it as people write it, without docker.io", "grafana/loki:3.6.3", []],
      ["refuses an image that is listed without linux/arm64", amd64Only.reference, [lacks(first)]],
      [
        "refuses an image that the list doesn't have",
        "ghcr.io/example/other:1",
        [unlisted(first, "ghcr.io/example/other:1")],
      ],
      [
        "refuses another tag of a listed image, and says which is listed",
        "docker.io/grafana/loki:2.9.0",
        [unlisted(first, "docker.io/grafana/loki:2.9.0", `It lists ${loki}. `)],
      ],
      ["refuses an image without a tag", "grafana/loki", [unlisted(first, "grafana/loki", `It lists ${loki}. `)]],
      [
        "refuses a digest that the list doesn't have: it may be one platform's",
        `${loki}@sha256:${"0".repeat(64)}`,
        [unlisted(first, `${loki}@sha256:${"0".repeat(64)}`, `It lists ${loki}. `)],
      ],
      [
        "tells a registry's port from a tag",
        "registry.example:5000/loki",
        [unlisted(first, "registry.example:5000/loki")],
      ],
      ["refuses a container without an image", undefined, [unnamed(first)]],
      [
        "refuses a template",
        "{{ .Values.image }}",
        [`${first} is a template, which this policy can't run; ${wanted}. Write the reference itself.`],
      ],
    ];
    for (const [does, image, expected] of cases) {
      it(does, async () => assert.deepEqual(await check(deployment({ containers: [container(image)] })), expected));
    }

    it("accepts a digest that the list has, with and without its tag", async () => {
      const digest = `sha256:${"1".repeat(64)}`;
      const pinned = [{ reference: "ghcr.io/example/app:1.0.0", digest, platforms: ["linux/amd64", "linux/arm64/v8"] }];
      for (const image of [
        `ghcr.io/example/app:1.0.0@${digest}`,
        `ghcr.io/example/app@${digest}`,
        "ghcr.io/example/app:1.0.0",
      ]) {
        assert.deepEqual(await check(deployment({ containers: [container(image)] }), { images: pinned }), []);
      }
    });

    it("accepts every image of images.json that is listed with linux/arm64, and no other", async () => {
      for (const { reference, platforms } of list.images) {
        const found = await check(deployment({ containers: [container(reference)] }));
        assert.equal(found.length, platforms.includes("linux/arm64") ? 0 : 1, reference);
      }
    });
  });

  describe("of a workload", () => {
    const pod = { containers: [container(amd64Only.reference)] };
    const template = { template: { spec: pod } };
    const kinds: [string, string, object, string][] = [
      ["core/v1", "Pod", { spec: pod }, "spec"],
      ["core/v1", "PodTemplate", template, "template.spec"],
      ["core/v1", "ReplicationController", { spec: template }, "spec.template.spec"],
      ["apps/v1", "Deployment", { spec: template }, "spec.template.spec"],
      ["apps/v1", "StatefulSet", { spec: template }, "spec.template.spec"],
      ["apps/v1", "DaemonSet", { spec: template }, "spec.template.spec"],
      ["apps/v1", "ReplicaSet", { spec: template }, "spec.template.spec"],
      ["batch/v1", "Job", { spec: template }, "spec.template.spec"],
      ["batch/v1", "CronJob", { spec: { jobTemplate: { spec: template } } }, "spec.jobTemplate.spec.template.spec"],
      ["argoproj.io/v1alpha1", "Rollout", { spec: template }, "spec.template.spec"],
      ["apps/v1", "DeploymentPatch", { spec: template }, "spec.template.spec"],
    ];
    for (const [version, kind, props, path] of kinds) {
      it(`refuses the image of a ${kind}`, async () => {
        assert.deepEqual(await check(object(version, kind, { metadata: { name: "x" }, ...props })), [
          lacks(`${kind} x: ${path}.containers[0].image`),
        ]);
      });
    }

    it("refuses images of init and ephemeral containers, and of each container", async () => {
      const bad = container(amd64Only.reference);
      const spec = { containers: [container(loki), bad], initContainers: [bad], ephemeralContainers: [bad] };
      const at = "Deployment monitoring/app: spec.template.spec";
      assert.deepEqual(await check(deployment(spec)), [
        lacks(`${at}.containers[1].image`),
        lacks(`${at}.initContainers[0].image`),
        lacks(`${at}.ephemeralContainers[0].image`),
      ]);
    });

    it("refuses images in a list of workloads", async () => {
      const deployments = object("apps/v1", "DeploymentList", {
        items: [{ spec: { template: { spec: { containers: [container(loki)] } } } }, { spec: template }],
      });
      assert.deepEqual(await check(deployments), [
        lacks("DeploymentList loki: items[1].spec.template.spec.containers[0].image"),
      ]);
    });

    it("lets a patch leave the image as it is", async () => {
      const patch = object("apps/v1", "DeploymentPatch", {
        spec: { template: { spec: { containers: [{ name: "app" }] } } },
      });
      assert.deepEqual(await check(patch), []);
    });

    it("says when a preview doesn't know an image, and still refuses the others", async () => {
      const spec = { containers: [container(unknown), container(amd64Only.reference)] };
      assert.deepEqual(await check(deployment(spec)), [
        lacks("Deployment monitoring/app: spec.template.spec.containers[1].image"),
        "advisory: string value at .spec.template.spec.containers.0.image can't be known during preview",
      ]);
    });

    it("says when a preview doesn't know a pod's spec", async () => {
      const unknownSpec = object("apps/v1", "Deployment", { spec: { template: { spec: unknown } } });
      assert.deepEqual(await check(unknownSpec), [
        "advisory: string value at .spec.template.spec can't be known during preview",
      ]);
    });

    it("looks past what makes no pods", async () => {
      assert.deepEqual(await check(object("core/v1", "Service", { spec: { ports: [{ port: 80 }] } })), []);
      assert.deepEqual(await check(object("core/v1", "Service", { spec: unknown })), []);
      assert.deepEqual(
        await check({ type: "minio:index/s3Bucket:S3Bucket", name: "loki", props: { bucket: "loki" } }),
        [],
      );
    });
  });

  describe("of the Prometheus operator's resources", () => {
    const prometheus = (kind: string, spec: object) =>
      object("monitoring.coreos.com/v1", kind, { metadata: { name: "x" }, spec });

    for (const kind of ["Prometheus", "PrometheusAgent", "Alertmanager", "ThanosRuler"]) {
      it(`refuses a ${kind} that leaves its image to the operator`, async () => {
        assert.deepEqual(await check(prometheus(kind, { version: "v3.15.0" })), [unnamed(`${kind} x: spec.image`)]);
      });
    }

    it("accepts a listed image, and a container that only changes one of the operator's", async () => {
      const spec = { image: "quay.io/prometheus/prometheus:v3.15.0", containers: [{ name: "prometheus", env: [] }] };
      assert.deepEqual(await check(prometheus("Prometheus", spec)), []);
    });

    it("refuses images of Thanos and of further containers", async () => {
      const spec = {
        image: "quay.io/prometheus/prometheus:v3.15.0",
        thanos: {},
        containers: [container(amd64Only.reference)],
      };
      assert.deepEqual(await check(prometheus("Prometheus", spec)), [
        unnamed("Prometheus x: spec.thanos.image"),
        lacks("Prometheus x: spec.containers[0].image"),
      ]);
    });

    it("reads its node selector as a pod's", async () => {
      assert.deepEqual(await check(prometheus("Prometheus", { nodeSelector: { "kubernetes.io/arch": "amd64" } })), []);
    });
  });

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
        left("prometheusOperator.image", "quay.io/prometheus-operator/prometheus-operator:v0.93.1"),
        left(
          "prometheusOperator.prometheusConfigReloader.image",
          "quay.io/prometheus-operator/prometheus-config-reloader:v0.93.1",
        ),
        left("prometheusOperator.admissionWebhooks.patch.image"),
        left("prometheus.prometheusSpec.image", "quay.io/prometheus/prometheus:v3.15.0"),
        left("alertmanager.alertmanagerSpec.image", "quay.io/prometheus/alertmanager:v0.34.0"),
        left("grafana.image", "docker.io/grafana/grafana:13.2.0"),
        left("grafana.sidecar.image", "quay.io/kiwigrid/k8s-sidecar:2.10.1"),
        left("kube-state-metrics.image", "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.20.0"),
        left("prometheus-node-exporter.image", "quay.io/prometheus/node-exporter:v1.12.1"),
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
          "It lists quay.io/prometheus/prometheus:v3.15.0. ",
        ),
      ]);
    });

    it("composes the reference as the chart does: global registry, digest, distroless", async () => {
      const node = { tag: "v1.12.1", distroless: true };
      const operator = { ...named.prometheusOperator, image: { tag: "v0.93.1", sha: "2".repeat(64) } };
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

    it("says when a preview doesn't know the values", async () => {
      assert.deepEqual(await check(kps({ ...named, prometheus: { prometheusSpec: { image: { tag: unknown } } } })), [
        "advisory: string value at .values.prometheus.prometheusSpec.image.tag can't be known during preview",
      ]);
    });

    it("refuses a file of values that it can't see", async () => {
      const { props, ...rest } = kps(named);
      assert.deepEqual(await check({ ...rest, props: { ...props, valueYamlFiles: [{ path: "values.yaml" }] } }), [
        "Release monitoring/kube-prometheus-stack: valueYamlFiles[0] is a file, which a policy doesn't see; wanted values that can be read. Pass them as `values` of the resource, so that every image is seen.",
      ]);
    });
  });

  describe("by its configuration", () => {
    it("takes for a Pi node what the configuration says", async () => {
      const spec = { containers: [container(amd64Only.reference)], nodeSelector: { board: "pi5" } };
      const piNodes = [{ labels: { board: "pi5" } }];
      assert.deepEqual(await check(deployment(spec), { piNodes }), [lacks(first)]);
      assert.deepEqual(await check(deployment({ ...spec, nodeSelector: { board: "n100" } }), { piNodes }), []);
    });

    it("lets a taint keep pods off that don't tolerate it", async () => {
      const piNodes = [{ taints: [{ key: "board", value: "pi5", effect: "NoSchedule" }] }];
      const spec = { containers: [container(amd64Only.reference)] };
      assert.deepEqual(await check(deployment(spec), { piNodes }), []);
      assert.deepEqual(await check(deployment({ ...spec, tolerations: [{ operator: "Exists" }] }), { piNodes }), [
        lacks(first),
      ]);
    });

    it("refuses a taint with an effect that Kubernetes doesn't have", async () => {
      const piNodes = [{ taints: [{ key: "board", effect: "Never" }] }];
      await assert.rejects(
        check(deployment({ containers: [] }), { piNodes }),
        /The configuration of the policy pi-nodes-run-arm64-images is not valid:[^]*piNodes\[0\]\.taints\[0\]\.effect/,
      );
    });
  });
});
