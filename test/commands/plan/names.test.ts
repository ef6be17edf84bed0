import assert from "node:assert/strict";
import { changesByName } from "../../../commands/plan/names";
import type { Resource } from "../../../engine/graph";
import type { Properties } from "../../../engine/values";
import { graph, resource } from "../../engine/graphs";

const release = (values: Properties): Resource =>
  resource("kubernetes:helm.sh/v3:Release", { name: "upstream-rules", chart: "kube-prometheus-stack", values });

const rule = (...alerts: string[]): Resource =>
  resource("kubernetes:monitoring.coreos.com/v1:PrometheusRule", {
    metadata: { name: "own" },
    spec: { groups: [{ name: "own", rules: alerts.map((alert) => ({ alert })) }] },
  });

const changes = (before: Resource[], after: Resource[]) => changesByName(graph(...before), graph(...after));
const why = "what they are about is removed, or the settings leave them out";

describe("what a plan says of rules by name", () => {
  it("names each of upstream's alerts and recorded series that a group's switch brings or takes away", () => {
    const [off, on] = [false, true].map((etcd) =>
      release({ defaultRules: { rules: { kubelet: !etcd, network: etcd } } }),
    );
    assert.deepEqual(changes([off], [on]), [
      "new alerts of the stack (1): NodeNetworkInterfaceFlapping",
      `recorded series of the stack that end (1): node_quantile:kubelet_pleg_relist_duration_seconds:histogram_quantile: ${why}`,
    ]);
    assert.deepEqual(changes([on], [on]), []);
  });

  it("calls an alert one whatever letter it begins with, and a recorded series one without a colon", () => {
    const [off, on] = [false, true].map((is) =>
      release({ windowsMonitoring: { enabled: is }, defaultRules: { rules: { etcd: is } } }),
    );
    const [alerts, records] = changes([off], [on]);
    assert.match(alerts, /^new alerts of the stack \(13\): etcd/);
    assert.match(records, /^new recorded series of the stack \(32\): .*windows_pod_container_available/);
  });

  it("names an alert that is switched off alone, and its whole group where the chart leaves that out with it", () => {
    const disabled = { defaultRules: { disabled: { KubeJobFailed: true, KubeProxyDown: true } } };
    assert.deepEqual(changes([release({})], [release(disabled)]), [
      `alerts of the stack that end (3): KubeJobFailed, KubeProxyDown, KubeProxyInstanceUnreachable: ${why}`,
    ]);
  });

  it("says nothing of an alert that this program has in upstream's place from then on", () => {
    const disabled = release({ defaultRules: { disabled: { KubeJobFailed: true } } });
    assert.deepEqual(changes([release({}), rule("Mine")], [disabled, rule("KubeJobFailed", "New")]), [
      "new alerts of the stack (1): New",
      `alerts of the stack that end (1): Mine: ${why}`,
    ]);
  });
});
