import assert from "node:assert/strict";
import { crdsOutliveTheOperator as policy } from "../../policy/crds-outlive-the-operator";
import { findings, release, unknown, type TestResource } from "./support";

const others = "every ServiceMonitor, PrometheusRule and Probe in the cluster is deleted, whoever created it";
const bundled = (where: string, found: string) =>
  `${where} is ${found}; wanted false. The definitions would belong to kube-prometheus-stack. A Release installs them once and never updates them. A Chart deletes them when it is removed, and then ${others}. Write crds.enabled: false, and install the chart prometheus-operator-crds as a separate Release with protect: true.`;
const kps = (crds: object) => release("kube-prometheus-stack", { crds, grafana: { enabled: false } });
const where = "Release monitoring/kube-prometheus-stack: values.crds.enabled";
const crds: TestResource = release("prometheus-operator-crds", {});

describe("crds-outlive-the-operator", () => {
  it("accepts kube-prometheus-stack without its definitions, and a protected release of them", async () => {
    assert.deepEqual(await findings(policy, kps({ enabled: false })), []);
    assert.deepEqual(await findings(policy, { ...crds, opts: { protect: true } }), []);
    assert.deepEqual(await findings(policy, release("loki", { crds: { enabled: true } })), []);
  });

  it("refuses kube-prometheus-stack with its definitions, in words or by default", async () => {
    assert.deepEqual(await findings(policy, kps({ enabled: true })), [bundled(where, "true")]);
    assert.deepEqual(await findings(policy, kps({})), [bundled(where, "missing (true by default)")]);
  });

  it("refuses it of a Chart, and of a sub-chart", async () => {
    const { props } = kps({ enabled: true });
    const chart = { type: "kubernetes:helm.sh/v4:Chart", name: "kps", props };
    assert.deepEqual(await findings(policy, chart), [
      bundled("Chart monitoring/kube-prometheus-stack: values.crds.enabled", "true"),
    ]);
    const umbrella = release("stack", { "kube-prometheus-stack": { crds: { enabled: true } } });
    assert.deepEqual(await findings(policy, umbrella), [
      bundled("Release monitoring/stack: values.kube-prometheus-stack.crds.enabled", "true"),
    ]);
    assert.deepEqual(await findings(policy, release("stack", { "kube-prometheus-stack": { enabled: false } })), []);
  });

  it("accepts a release that skips them", async () => {
    const { props, ...rest } = kps({});
    assert.deepEqual(await findings(policy, { ...rest, props: { ...props, skipCrds: true } }), []);
  });

  it("refuses a release of the definitions that is not protected", async () => {
    assert.deepEqual(await findings(policy, crds), [
      `Release monitoring/prometheus-operator-crds: the option protect is not set; wanted protect: true. If this release is removed, ${others}. Set protect: true.`,
    ]);
  });

  it("says when a preview doesn't know it", async () => {
    assert.deepEqual(await findings(policy, kps({ enabled: unknown })), [
      "advisory: string value at .values.crds.enabled can't be known during preview",
    ]);
  });
});
