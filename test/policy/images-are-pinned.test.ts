import assert from "node:assert/strict";
import { imagesArePinned as policy } from "../../policy/images-are-pinned";
import { findings, object, release, unknown } from "./support";

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
const deployment = (image: unknown, list = "containers") =>
  object("apps/v1", "Deployment", {
    metadata: { namespace: "monitoring", name: "app" },
    spec: { template: { spec: { containers: [], [list]: [{ name: "app", image }] } } },
  });
const chart = (values: object, props: object = { version: "88.5.3" }, name = "kube-prometheus-stack") => {
  const { props: own, ...rest } = release(name, values);
  return { ...rest, props: { ...own, ...props } };
};
const at = "Deployment monitoring/app: spec.template.spec.containers[0].image";
const moving = (where: string, image: string) =>
  `${where} is "${image}"; wanted an exact tag, such as 3.6.3, or a digest. Such a tag can move to another image: what runs depends on when a node pulled it, and you can't go back to what ran before. Write the version of the release. If this tag never moves, list it in this policy's parameter exactTags. Parameters are set in the file of --policy-pack-config.`;
const withoutDigest = (where: string, found: string) =>
  `${where} is ${found}; wanted …@sha256: and the 64 digits of a digest. Only a digest always refers to the same image. Write the digest of the index, not of one platform. To look it up, use crane digest or docker buildx imagetools inspect. This policy's parameter requireDigest requires it. Parameters are set in the file of --policy-pack-config.`;
const version = (found: string) =>
  `Release monitoring/kube-prometheus-stack: version is ${found}; wanted the exact version of the chart, such as 88.5.3. The newest version of that day would be installed, with other images and changed values. Write the version that you tested. If you want a range, list the release in this policy's parameter exclude. Parameters are set in the file of --policy-pack-config.`;

describe("images-are-pinned", () => {
  for (const image of [
    "docker.io/grafana/loki:3.6.3",
    "quay.io/prometheus/prometheus:v3.15.0",
    "registry.example:5000/app:1.2.3-alpine",
    "minio/minio:RELEASE.2025-10-15T17-29-55Z",
    "ghcr.io/example/app:20260101",
    "ghcr.io/example/app:main-1a2b3c4",
    `ghcr.io/example/app@${digest}`,
    `ghcr.io/example/app:latest@${digest}`,
  ]) {
    it(`accepts ${image}`, async () => assert.deepEqual(await findings(policy, deployment(image)), []));
  }

  for (const image of ["latest", "main", "3", "v3", "3.6", "12-slim", "stable-alpine", "edge"]) {
    it(`refuses the tag ${image}`, async () => {
      assert.deepEqual(await findings(policy, deployment(`grafana/loki:${image}`)), [
        moving(at, `grafana/loki:${image}`),
      ]);
    });
  }

  it("reads an image as charts compose it: the tag beside it, and the repository by other names", async () => {
    const image = { registry: "registry.example:5000", tag: "v1.12.0" };
    const pinned = [
      { image: "registry.example:5000/search", imageTag: "8.5.1" },
      { image: "docker.io/example/app", tag: "1.2.3" },
      { image: "docker.io/example/app:1.2.3", tag: "latest" },
      { controller: { image: { ...image, image: "ingress-nginx/controller" } } },
      { image: { ...image, name: "example/app" } },
    ];
    for (const values of pinned)
      assert.deepEqual(await findings(policy, chart(values, { version: "1.0.0" }, "app")), []);
    const at = "Release monitoring/app: values.image";
    for (const [values, read] of [
      [{ image: "docker.io/example/app", tag: "latest" }, "docker.io/example/app:latest"],
      [{ image: { ...image, name: "example/app", tag: "edge" } }, "registry.example:5000/example/app:edge"],
    ] as const)
      assert.deepEqual(await findings(policy, chart(values, { version: "1.0.0" }, "app")), [moving(at, read)]);
  });

  it("refuses an image without a tag, also behind a registry's port", async () => {
    for (const image of ["grafana/loki", "registry.example:5000/loki"]) {
      assert.deepEqual(await findings(policy, deployment(image)), [moving(at, image)]);
    }
  });

  it("refuses the images of init and ephemeral containers", async () => {
    for (const list of ["initContainers", "ephemeralContainers"]) {
      assert.deepEqual(await findings(policy, deployment("busybox", list)), [
        moving(`Deployment monitoring/app: spec.template.spec.${list}[0].image`, "busybox"),
      ]);
    }
  });

  it("refuses a digest that none is", async () => {
    const image = "ghcr.io/example/app:1.2.3@sha256:0123";
    assert.deepEqual(await findings(policy, deployment(image)), [withoutDigest(at, `"${image}"`)]);
  });

  it("refuses a template, and says when a preview doesn't know an image", async () => {
    assert.deepEqual(await findings(policy, deployment("{{ .Values.image }}")), [
      `${at} is a template, which this policy can't run; wanted an image with an exact tag. Write the literal reference.`,
    ]);
    assert.deepEqual(await findings(policy, deployment(unknown)), [
      "advisory: string value at .spec.template.spec.containers.0.image can't be known during preview",
    ]);
  });

  it("refuses the image of a Prometheus of the operator's", async () => {
    const prometheus = object("monitoring.coreos.com/v1", "Prometheus", {
      metadata: { name: "k8s" },
      spec: { image: "quay.io/prometheus/prometheus:main" },
    });
    assert.deepEqual(await findings(policy, prometheus), [
      moving("Prometheus k8s: spec.image", "quay.io/prometheus/prometheus:main"),
    ]);
  });

  it("refuses a moving tag in the values of a chart that Flux installs, whose version may be a range", async () => {
    const given = object("helm.toolkit.fluxcd.io/v2", "HelmRelease", {
      metadata: { namespace: "monitoring", name: "app" },
      spec: {
        chart: { spec: { chart: "app", version: "1.x" } },
        values: { image: { repository: "app", tag: "latest" } },
      },
    });
    assert.deepEqual(await findings(policy, given), [
      moving("HelmRelease monitoring/app: spec.values.image", "app:latest"),
    ]);
  });

  describe("of a chart", () => {
    const where = "Release monitoring/kube-prometheus-stack: values.prometheus.prometheusSpec.image";
    const values = (image: unknown) => ({ prometheus: { prometheusSpec: { image } } });

    it("accepts exact tags, and images that the chart of an exact version chooses", async () => {
      assert.deepEqual(await findings(policy, chart(values({ tag: "v3.15.0" }))), []);
      assert.deepEqual(await findings(policy, chart({})), []);
    });

    it("refuses a moving tag, whole and in parts", async () => {
      const image = "quay.io/prometheus/prometheus:main";
      assert.deepEqual(await findings(policy, chart(values({ tag: "main" }))), [moving(where, image)]);
      assert.deepEqual(await findings(policy, chart(values(image))), [moving(where, image)]);
    });

    it("refuses a moving tag alone in the values of a chart that isn't known", async () => {
      const loki = chart({ loki: { image: { tag: "latest" } } }, { version: "6.43.0" }, "loki");
      assert.deepEqual(await findings(policy, loki), [moving("Release monitoring/loki: values.loki.image", "latest")]);
    });

    it("refuses a chart without an exact version", async () => {
      assert.deepEqual(await findings(policy, chart({}, {})), [version("missing")]);
      for (const range of ["^88.0.0", "88.x", "88", ">=88.5.3"]) {
        assert.deepEqual(await findings(policy, chart({}, { version: range })), [version(`"${range}"`)]);
      }
    });

    it("takes a path, an archive and an OCI reference with a version for exact", async () => {
      for (const each of [
        "./charts/crds",
        "/charts/crds",
        "https://charts.example/crds-1.2.3.tgz",
        "oci://a.example/crds:1.2.3",
      ]) {
        assert.deepEqual(await findings(policy, chart({}, { chart: each })), [], each);
      }
    });

    it("says when a preview doesn't know the version", async () => {
      assert.deepEqual(await findings(policy, chart({}, { version: unknown })), [
        "advisory: string value at .version can't be known during preview",
      ]);
    });
  });

  describe("by its configuration", () => {
    it("demands a digest with requireDigest", async () => {
      const config = { requireDigest: true };
      const image = "docker.io/grafana/loki:3.6.3";
      assert.deepEqual(await findings(policy, deployment(image), config), [withoutDigest(at, `"${image}"`)]);
      assert.deepEqual(await findings(policy, deployment(undefined), config), [withoutDigest(at, "not named")]);
      assert.deepEqual(await findings(policy, deployment(`${image}@${digest}`), config), []);
    });

    it("refuses other registries than those of allowedRegistries", async () => {
      const config = { allowedRegistries: ["quay.io", "docker.io/grafana"] };
      for (const image of ["quay.io/prometheus/prometheus:v3.15.0", "grafana/loki:3.6.3"]) {
        assert.deepEqual(await findings(policy, deployment(image), config), []);
      }
      for (const image of [
        "busybox:1.37.0",
        "quay.io.example/prometheus/prometheus:v3.15.0",
        "grafanalabs/loki:3.6.3",
      ]) {
        assert.deepEqual(await findings(policy, deployment(image), config), [
          `${at} is "${image}"; wanted an image from quay.io or docker.io/grafana. No other registry is allowed here. Use the image from there or from a mirror. Or add its registry to this policy's parameter allowedRegistries. Parameters are set in the file of --policy-pack-config.`,
        ]);
      }
    });

    it("accepts a tag that exactTags names", async () => {
      const config = { exactTags: ["docker.io/library/postgres:16.*"] };
      assert.deepEqual(await findings(policy, deployment("postgres:16.4"), config), []);
      assert.deepEqual(await findings(policy, deployment("postgres:17.1"), config), [moving(at, "postgres:17.1")]);
    });
  });
});
