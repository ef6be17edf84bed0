import assert from "node:assert/strict";
import { environment } from "../../../components/kubernetes/environment";
import { UpstreamRules } from "../../../components/upstream-rules/upstream-rules";
import { upstreamValues } from "../../../components/upstream-rules/values";
import { settingsSchema } from "../../../settings/schema";
import { mockPulumi, settled } from "../../support/mocks";

describe("UpstreamRules", () => {
  const made = async (raw: object = {}) => {
    const recorded = mockPulumi();
    const settings = settingsSchema.parse({ namespace: { name: "mon" }, ...raw });
    const { rules, monitors, kps } = settings;
    const args = {
      ...{ environment: environment(settings), settings: rules, monitors },
      dropApiserverHistograms: kps.dropApiserverHistograms,
    };
    new UpstreamRules("upstream-rules", { ...args, chart: kps }, {});
    await settled();
    const releases = recorded.resources.filter(({ type }) => type === "kubernetes:helm.sh/v3:Release");
    return { releases: releases.map(({ inputs }) => inputs), values: upstreamValues(args) };
  };

  it("is one release of kube-prometheus-stack, in the version that the stack has, with values that install no pod", async () => {
    const { releases, values } = await made({ kps: { chartVersion: "88.5.2" } });
    const [{ name, namespace, chart, version, values: given }, ...more] = releases;
    assert.deepEqual(more, []);
    assert.deepEqual([name, namespace, chart, version], ["upstream-rules", "mon", "kube-prometheus-stack", "88.5.2"]);
    assert.deepEqual(given, values);
  });

  it("comes from where kube-prometheus-stack comes from", async () => {
    const { releases } = await made({
      kps: { chart: { oci: "oci://registry.example.org/charts/kube-prometheus-stack" } },
    });
    assert.equal(releases[0].chart, "oci://registry.example.org/charts/kube-prometheus-stack");
  });
});
