import assert from "node:assert/strict";
import { imageParts } from "../../../components/kube-prometheus-stack/image-values";

describe("An image as the chart's values name it", () => {
  it("is taken apart into registry, repository and tag", () =>
    assert.deepEqual(imageParts("quay.io/prometheus-operator/prometheus-operator:v0.93.1"), {
      registry: "quay.io",
      repository: "prometheus-operator/prometheus-operator",
      tag: "v0.93.1",
    }));

  it("keeps its digest beside its tag, and a registry's port", () =>
    assert.deepEqual(imageParts(`registry.home:5000/prometheus:v3.15.0@sha256:${"ab".repeat(32)}`), {
      registry: "registry.home:5000",
      repository: "prometheus",
      tag: "v3.15.0",
      sha: "ab".repeat(32),
    }));

  for (const reference of [
    "quay.io/prometheus/prometheus",
    `quay.io/prometheus/prometheus@sha256:${"ab".repeat(32)}`,
  ]) {
    it(`without a tag is refused with what to do: ${reference.slice(0, 45)}`, () =>
      assert.throws(
        () => imageParts(reference),
        /needs registry\/repository:tag.*Correct it in images\.json or observability:images/,
      ));
  }
});
