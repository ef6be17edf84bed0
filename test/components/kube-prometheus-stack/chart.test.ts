import assert from "node:assert/strict";
import { fullname, prometheusName } from "../../../settings/release-values";

describe("The name that the chart's objects begin with", () => {
  // What `helm template` of kube-prometheus-stack 88.5.3 gave for these.
  const cases: [release: string, values: Record<string, unknown>, expected: string][] = [
    ["kube-prometheus-stack", {}, "kube-prometheus-stack"],
    ["my-kube-prometheus-stack", {}, "my-kube-prometheus-stack"],
    ["kps", {}, "kps-kube-prometheus-stack"],
    ["monitoring", {}, "monitoring-kube-prometheus"],
    ["kps", { fullnameOverride: "mine" }, "mine"],
    ["kps", { nameOverride: "stack" }, "kps-stack"],
    ["kps", { fullnameOverride: "" }, "kps-kube-prometheus-stack"],
  ];
  for (const [release, values, expected] of cases) {
    it(`is ${expected} for the release ${release} with ${JSON.stringify(values)}`, () =>
      assert.equal(fullname(release, values), expected));
  }

  it("is that of its Prometheus too, where the values ask for clean names; else with -prometheus", () => {
    assert.equal(prometheusName("kps", { fullnameOverride: "mine" }), "mine-prometheus");
    const clean = { fullnameOverride: "mine", cleanPrometheusOperatorObjectNames: true };
    assert.equal(prometheusName("kps", clean), "mine");
  });
});
