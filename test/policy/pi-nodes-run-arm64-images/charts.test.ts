import assert from "node:assert/strict";
import { object, release, unknown } from "../support";
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
          ` Listed are ${listed("quay.io/prometheus/prometheus")}.`,
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

    const values = { image: amd64Only.reference };
    const flux = (spec: object) =>
      object("helm.toolkit.fluxcd.io/v2", "HelmRelease", {
        metadata: { namespace: "monitoring", name: "app" },
        spec: { chart: { spec: { chart: "app", version: "1.x" } }, ...spec },
      });
    const argo = (helm: object) =>
      object("argoproj.io/v1alpha1", "Application", {
        metadata: { namespace: "argocd", name: "app" },
        spec: { source: { chart: "app", repoURL: "https://charts.example", helm } },
      });
    const k3s = (valuesContent: string) =>
      object("helm.cattle.io/v1", "HelmChart", {
        metadata: { namespace: "kube-system", name: "app" },
        spec: { chart: "app", valuesContent },
      });
    const amd64 = `image: ${amd64Only.reference}\n`;
    for (const [what, given, place] of [
      ["Flux", flux({ values }), "HelmRelease monitoring/app: spec.values.image"],
      ["Argo CD", argo({ valuesObject: values }), "Application argocd/app: spec.source.helm.valuesObject.image"],
      ["Argo CD, as text", argo({ values: amd64 }), "Application argocd/app: spec.source.helm.values: image"],
      ["K3s", k3s(amd64), "HelmChart kube-system/app: spec.valuesContent: image"],
    ] as const)
      it(`refuses an image in the values of a chart that a tool in the cluster installs: ${what}`, async () => {
        assert.deepEqual(await check(given), [lacks(place)]);
      });

    it("keeps to the images that are shown where such a tool takes values from elsewhere too", async () => {
      const valuesFrom = [{ kind: "ConfigMap", name: "values" }];
      assert.deepEqual(await check(flux({ valuesFrom })), []);
      assert.deepEqual(await check(flux({ valuesFrom, values })), [
        lacks("HelmRelease monitoring/app: spec.values.image"),
      ]);
      const [finding] = await check(flux({}));
      assert.match(
        finding,
        /^HelmRelease monitoring\/app: spec\.values is that of app; wanted a chart whose images are known\./,
      );
    });

    it("refuses a chart that nobody knows and whose values name no image", async () => {
      assert.deepEqual(await check(release("mystery", { replicas: 1 })), [
        "Release monitoring/mystery: chart is \"mystery\"; wanted a chart whose images are known. The values name no image, so its images are unknown. Set the chart's images in the values, and list their paths in this policy's parameter charts (an empty list for a chart without pods). Parameters are set in the file of --policy-pack-config.",
      ]);
    });

    it("accepts such a chart whose values keep all of its pods off the Pi nodes", async () => {
      const on = (architecture: string) => ({ nodeSelector: { "kubernetes.io/arch": architecture } });
      assert.deepEqual(await check(release("mystery", on("amd64"))), []);
      assert.deepEqual(await check(release("mystery", { global: on("amd64") })), []);
      for (const values of [on("arm64"), { controller: on("amd64") }, { ...on("arm64"), global: on("amd64") }])
        assert.equal((await check(release("mystery", values))).length, 1, JSON.stringify(values));
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
        "Release monitoring/kube-prometheus-stack: valueYamlFiles[0] is a file, which a policy doesn't see; wanted values that can be read. Pass them as `values` of the resource: then every image can be checked.",
      ]);
    });
  });

  describe("of a chart that is made known", () => {
    const pis = [
      {
        labels: { "kubernetes.io/arch": "arm64", "kubernetes.io/os": "linux" },
        taints: [{ key: "board", value: "pi5", effect: "NoSchedule" }],
      },
    ];
    const amd64 = { nodeSelector: { "kubernetes.io/arch": "amd64" } };
    const arm64 = { nodeSelector: { "kubernetes.io/arch": "arm64" } };
    const toPis = { tolerations: [{ key: "board", operator: "Exists" }] };
    const bad = { repository: "ghcr.io/example/amd64-only", tag: "1.0.0" };
    const required = (...matchExpressions: object[]) => ({
      affinity: {
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } },
      },
    });
    const arch = (operator: string, ...values: string[]) => ({ key: "kubernetes.io/arch", operator, values });
    const preferred = {
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 100, preference: { matchExpressions: [arch("In", "amd64")] } },
          ],
        },
      },
    };
    const app = (values: object, slots: string[], config: object = {}) =>
      check(release("app", values), { charts: { app: slots }, ...config });
    const refused = (place: string, chart = "app") => [lacks(`Release monitoring/${chart}: values.${place}`)];

    // Where a chart's values have an image, and what stands around it; for each the place of the pods' own settings.
    const places: [string, (image: unknown, pods: object) => object][] = [
      ["image", (image, pods) => ({ image, ...pods })],
      ["controller.image", (image, pods) => ({ controller: { image, ...pods } })],
      ["a.b.image", (image, pods) => ({ a: { b: { image, ...pods } } })],
      ["mainImage", (mainImage, pods) => ({ mainImage, ...pods })],
    ];
    for (const [slot, values] of places) {
      it(`reads at ${slot} the node selector that stands beside it`, async () => {
        assert.deepEqual(await app(values(bad, {}), [slot]), refused(slot));
        assert.deepEqual(await app(values(bad, arm64), [slot]), refused(slot));
        assert.deepEqual(await app(values(bad, amd64), [slot]), []);
        assert.deepEqual(await app(values(amd64Only.reference, amd64), [slot]), []);
        assert.deepEqual(await app(values(amd64Only.reference, arm64), [slot]), refused(slot));
      });

      it(`reads at ${slot} the tolerations that stand beside it`, async () => {
        assert.deepEqual(await app(values(bad, {}), [slot], { piNodes: pis }), []);
        for (const tolerations of [
          [{ key: "board", operator: "Exists" }],
          [{ operator: "Exists" }],
          [{ key: "", operator: "Exists", effect: "" }],
          [{ key: "board", value: "pi5", effect: "NoSchedule" }],
        ]) {
          assert.deepEqual(await app(values(bad, { tolerations }), [slot], { piNodes: pis }), refused(slot));
        }
        for (const tolerations of [
          [{ key: "board", operator: "Exists", effect: "NoExecute" }],
          [{ key: "board", value: "pi4", effect: "NoSchedule" }],
          [{ value: "pi5" }],
        ]) {
          assert.deepEqual(await app(values(bad, { tolerations }), [slot], { piNodes: pis }), []);
        }
      });

      it(`reads at ${slot} the affinity that stands beside it`, async () => {
        for (const keepsOff of [
          required(arch("In", "amd64")),
          required(arch("NotIn", "arm64", "arm")),
          required(arch("DoesNotExist")),
        ]) {
          assert.deepEqual(await app(values(bad, keepsOff), [slot]), []);
        }
        for (const lets of [preferred, required(arch("Exists")), required(arch("In", "amd64", "arm64"))]) {
          assert.deepEqual(await app(values(bad, lets), [slot]), refused(slot));
        }
      });
    }

    it("reads a name of a node where the Pis' names are given", async () => {
      const named = { piNodes: [{ ...pis[0], taints: [], names: ["pi-1", "pi-2"] }] };
      const on = (hostname: string) => ({ image: bad, nodeSelector: { "kubernetes.io/hostname": hostname } });
      assert.deepEqual(await app(on("mini-1"), ["image"], named), []);
      assert.deepEqual(await app(on("pi-2"), ["image"], named), refused("image"));
    });

    it("does not take the root's placement for that of a component", async () => {
      const values = { image: loki, ...amd64, webhook: { image: bad } };
      assert.deepEqual(await app(values, ["image", "webhook.image"]), refused("webhook.image"));
    });

    for (const [slot, values, ...others] of [
      ["controller.image", (image, pods) => ({ controller: { image }, ...pods })],
      ["a.b.image", (image, pods) => ({ a: { b: { image }, ...pods } })],
      ["a.b.image", (image, pods) => ({ a: { b: { image } }, ...pods })],
      ["image.app", (image, pods) => ({ image: { app: image }, ...pods })],
      ["images.app", (image, pods) => ({ images: { app: image, job: loki }, ...pods }), "images.job"],
      ["a.image", (image, pods) => ({ defaultPodOptions: pods, a: { image } })],
    ] as [string, (image: unknown, pods: object) => object, ...string[]][]) {
      it(`reads for ${slot} what a level above says: ${JSON.stringify(values("", { here: 1 }))}`, async () => {
        assert.deepEqual(await app(values(bad, {}), [slot, ...others]), refused(slot));
        assert.deepEqual(await app(values(bad, arm64), [slot, ...others]), refused(slot));
        assert.deepEqual(await app(values(bad, amd64), [slot, ...others]), []);
        assert.deepEqual(await app(values(bad, {}), [slot, ...others], { piNodes: pis }), []);
        assert.deepEqual(await app(values(bad, toPis), [slot, ...others], { piNodes: pis }), refused(slot));
        const charts = { app: [slot, ...others] };
        const inUmbrella = (inside: object, around: object) =>
          check(release("all", { app: inside, ...around }), { charts });
        assert.deepEqual(await inUmbrella(values(bad, amd64), {}), []);
        assert.deepEqual(await inUmbrella(values(bad, {}), amd64), refused(`app.${slot}`, "all"));
      });
    }

    it("does not take for a component what stands nearer, or beside an image that isn't listed", async () => {
      const nearer = { controller: { image: bad, nodeSelector: {} }, ...amd64 };
      assert.deepEqual(await app(nearer, ["controller.image"]), refused("controller.image"));
      const beside = { image: loki, ...amd64, webhook: { image: bad } };
      assert.deepEqual(await app(beside, ["webhook.image"]), refused("webhook.image"));
    });

    it("takes from global what a component doesn't say", async () => {
      const component = (own: object, global: object) => app({ global, c: { image: bad, ...own } }, ["c.image"]);
      assert.deepEqual(await component({}, amd64), []);
      assert.deepEqual(await component({ nodeSelector: {} }, amd64), []);
      assert.deepEqual(await component({}, required(arch("In", "amd64"))), []);
      assert.deepEqual(await component(arm64, amd64), refused("c.image"));
      const tainted = (own: object, global: object) =>
        app({ global, c: { image: bad, ...own } }, ["c.image"], { piNodes: pis });
      assert.deepEqual(await tainted({}, { imageRegistry: "" }), []);
      assert.deepEqual(await tainted({}, toPis), refused("c.image"));
      assert.deepEqual(await tainted(toPis, {}), refused("c.image"));
    });

    it("demands no image of what is switched off", async () => {
      assert.deepEqual(await app({ image: loki, webhook: { enabled: false } }, ["image", "webhook.image"]), []);
      assert.deepEqual(await app({ a: { enabled: false, b: {} } }, ["a.b.image"]), []);
      assert.deepEqual(await app({ image: loki, webhook: { enabled: true } }, ["image", "webhook.image"]), [
        unnamed("Release monitoring/app: values.webhook.image"),
      ]);
    });

    it("composes a reference of a registry, a repository, a tag and a digest, or of a digest alone", async () => {
      const digest = `sha256:${"1".repeat(64)}`;
      const images = [{ reference: "ghcr.io/example/app:1.0.0", digest, platforms: ["linux/amd64", "linux/arm64"] }];
      for (const image of [
        { registry: "ghcr.io", repository: "example/app", tag: "1.0.0" },
        { registry: "ghcr.io", repository: "example/app", tag: "1.0.0", digest },
        { registry: "ghcr.io", repository: "example/app", digest },
        { repository: "ghcr.io/example/app", tag: "", digest },
        `ghcr.io/example/app@${digest}`,
      ]) {
        assert.deepEqual(await app({ image }, ["image"], { images }), [], JSON.stringify(image));
        assert.deepEqual(await app({ image, ...amd64 }, ["image"], { images: [] }), [], JSON.stringify(image));
        assert.equal((await app({ image }, ["image"], { images: [] })).length, 1, JSON.stringify(image));
      }
    });

    it("knows it as a sub-chart, and kube-prometheus-stack likewise", async () => {
      const umbrella = (values: object, config: object = { charts: { app: ["image"] } }) =>
        check(release("umbrella", values), config);
      assert.deepEqual(await umbrella({ app: { image: bad } }), refused("app.image", "umbrella"));
      assert.deepEqual(await umbrella({ app: { image: bad, ...amd64 } }), []);
      assert.deepEqual(await umbrella({ app: { image: bad }, global: amd64 }), []);
      assert.deepEqual(await umbrella({ app: {} }), [unnamed("Release monitoring/umbrella: values.app.image")]);
      assert.deepEqual(await umbrella({ app: { enabled: false }, other: { image: loki } }), []);
      const stack = await umbrella({ "kube-prometheus-stack": { prometheus: { enabled: true } } }, {});
      assert.ok(
        stack.includes(
          unnamed(
            "Release monitoring/umbrella: values.kube-prometheus-stack.prometheus.prometheusSpec.image",
            listed("quay.io/prometheus/prometheus"),
          ),
        ),
      );
    });

    it("takes no name of JavaScript's own for a chart that is known", async () => {
      for (const chart of ["constructor", "toString", "__proto__"]) {
        assert.match((await check(release(chart, {})))[0], /wanted a chart whose images are known/);
      }
    });
  });
});
