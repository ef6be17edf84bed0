import assert from "node:assert/strict";
import { runtime } from "@pulumi/pulumi";
import list from "../../../images.json";
import { object, release, unknown } from "../support";
import {
  amd64Only,
  check,
  container,
  deployment,
  first,
  lacks,
  listed,
  loki,
  unlisted,
  unnamed,
  wanted,
} from "./fixtures";

describe("pi-nodes-run-arm64-images", () => {
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
        [unlisted(first, "docker.io/grafana/loki:2.9.0", ` Listed are ${listed("docker.io/grafana/loki")}.`)],
      ],
      [
        "refuses an image without a tag",
        "grafana/loki",
        [unlisted(first, "grafana/loki", ` Listed are ${listed("docker.io/grafana/loki")}.`)],
      ],
      [
        "refuses a digest that the list doesn't have: it may be one platform's",
        `${loki}@sha256:${"0".repeat(64)}`,
        [unlisted(first, `${loki}@sha256:${"0".repeat(64)}`, ` Listed are ${listed("docker.io/grafana/loki")}.`)],
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
        [`${first} is a template, which this policy can't run; ${wanted}. Write the literal reference.`],
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

    it("takes an image without a tag for latest", async () => {
      const latest = [{ reference: "ghcr.io/example/app:latest", platforms: ["linux/arm64"] }];
      assert.deepEqual(
        await check(deployment({ containers: [container("ghcr.io/example/app")] }), { images: latest }),
        [],
      );
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
      ["keda.sh/v1alpha1", "ScaledJob", { spec: { jobTargetRef: template } }, "spec.jobTargetRef.template.spec"],
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

    it("says when a preview doesn't know where a pod may run, if its image isn't one for everywhere", async () => {
      const arch = "kubernetes.io/arch";
      const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: unknown } };
      const tainted = [{ labels: { [arch]: "arm64" }, taints: [{ key: "board", value: "pi", effect: "NoSchedule" }] }];
      const unknowns: [placement: object, place: string, config?: object][] = [
        [{ nodeSelector: unknown }, "nodeSelector"],
        [{ nodeSelector: { [arch]: unknown } }, `nodeSelector.${arch}`],
        [{ affinity: unknown }, "affinity"],
        [{ affinity }, "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"],
        [{ nodeName: unknown }, "nodeName"],
        [{ tolerations: unknown }, "tolerations", { piNodes: tainted }],
        [{ tolerations: [{ key: "board", value: unknown }] }, "tolerations.0.value", { piNodes: tainted }],
      ];
      for (const [placement, place, config] of unknowns) {
        const given = (image: string) => deployment({ containers: [container(image)], ...placement });
        assert.deepEqual(await check(given(amd64Only.reference), config), [
          `advisory: string value at .spec.template.spec.${place} can't be known during preview`,
        ]);
        assert.deepEqual(await check(given(loki), config), []);
        const elsewhere = deployment({
          containers: [container(amd64Only.reference)],
          nodeSelector: { [arch]: "amd64" },
        });
        assert.deepEqual(await check(elsewhere, config), []);
      }
    });

    it("says when a preview doesn't know a pod's spec", async () => {
      const deployments = { "spec.template.spec": { template: { spec: unknown } }, spec: unknown };
      for (const [path, spec] of Object.entries(deployments)) {
        assert.deepEqual(await check(object("apps/v1", "Deployment", { spec })), [
          `advisory: string value at .${path} can't be known during preview`,
        ]);
      }
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

  describe("where nothing says that there are Pi nodes", () => {
    const spec = { containers: [container(amd64Only.reference), container(undefined)] };
    const silent = { piNodes: [] };

    it("says nothing", async () => {
      assert.deepEqual(await check(deployment(spec), silent), []);
      assert.deepEqual(await check(release("mystery", {}), silent), []);
    });

    describe("but in the stack's settings", () => {
      const settings = (cluster: string) => runtime.setAllConfig({ "observability:cluster": cluster });
      const nodes = (...each: object[]) => settings(JSON.stringify({ name: "home", nodes: each }));
      const pi = { name: "pi5", arch: "arm64", count: 3, cpu: "4", memory: "7900Mi" };
      const pc = { name: "mini-pc", arch: "amd64", cpu: "8", memory: "31Gi" };
      afterEach(() => runtime.setAllConfig({}));

      it("refuses an image that isn't known to have linux/arm64, and one that nobody has looked up", async () => {
        nodes(pc, pi);
        const other = container("ghcr.io/example/other:1");
        const found = await check(deployment({ containers: [container(amd64Only.reference), other] }), silent);
        const second = first.replace("[0]", "[1]");
        assert.deepEqual(found, [lacks(first), unlisted(second, "ghcr.io/example/other:1")]);
      });

      it("knows the labels of these nodes", async () => {
        nodes({ ...pi, labels: { board: "pi5" } });
        const on = (board: string) =>
          deployment({ containers: [container(amd64Only.reference)], nodeSelector: { board } });
        assert.deepEqual(await check(on("pi5"), silent), [lacks(first)]);
        assert.deepEqual(await check(on("n100"), silent), []);
      });

      it("says nothing of a cluster that has none, or of settings that mean something else", async () => {
        for (const cluster of [[pc], []]) {
          nodes(...cluster);
          assert.deepEqual(await check(deployment(spec), silent), []);
        }
        for (const cluster of ["production", "[1, null]", '{"nodes": 3}', '{"nodes": [null, "arm64"]}', "{"]) {
          settings(cluster);
          assert.deepEqual(await check(deployment(spec), silent), [], cluster);
        }
      });
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
