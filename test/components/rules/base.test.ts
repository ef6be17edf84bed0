import assert from "node:assert/strict";
import { baseRules } from "../../../components/rules/base";
import { settingsSchema } from "../../../settings/schema";

const rulesOf = (raw: Record<string, unknown> = {}) => {
  const groups = Object.values(baseRules(settingsSchema.parse(raw))).flat();
  return { groups, alerts: groups.flatMap(({ rules }) => rules) };
};

const endpoints = ["10.0.0.1"];
const controlPlane = {
  scheduler: { endpoints },
  controllerManager: { endpoints },
  proxy: { endpoints },
  etcd: { endpoints },
};

describe("Base rules", () => {
  const { groups, alerts } = rulesOf({ monitors: controlPlane });

  it("have groups of different names, so that they may stand in one file", () => {
    const names = groups.map(({ name }) => name);
    assert.deepEqual([...new Set(names)], names);
  });

  it("say of each alert what it is, and what to do", () => {
    for (const { alert, annotations } of alerts) {
      assert.match(annotations.summary, /\w/, alert);
      assert.match(annotations.description, /^.{20,}[.?]$/s, alert);
    }
  });

  it("tell two alerts of one name apart by a label", () => {
    const identities = alerts.map(({ alert, labels }) => JSON.stringify([alert, labels]));
    assert.deepEqual([...new Set(identities)], identities);
  });

  // etcd's are upstream's.
  const names: Record<keyof typeof controlPlane, string[]> = {
    scheduler: ["KubeSchedulerDown", "KubeSchedulerInstanceUnreachable"],
    controllerManager: ["KubeControllerManagerDown", "KubeControllerManagerInstanceUnreachable"],
    proxy: ["KubeProxyDown", "KubeProxyInstanceUnreachable"],
    etcd: [],
  };
  for (const [part, expected] of Object.entries(names)) {
    it(`have upstream's names for ${part} where it is scraped, and nothing of it where it isn't`, () => {
      const of = (raw: Record<string, unknown>) => new Set(rulesOf(raw).alerts.map(({ alert }) => alert));
      const [without, withIt] = [of({}), of({ monitors: { [part]: { endpoints } } })];
      assert.deepEqual([...withIt].filter((name) => !without.has(name)).sort(), expected);
    });
  }

  it("miss the jobs that are there, and none that was turned off", () => {
    const missed = (raw: Record<string, unknown>) =>
      rulesOf(raw).alerts.flatMap(({ alert, labels }) => (alert === "TargetsMissing" ? [labels.job] : []));
    assert.deepEqual(missed({}), ["node-exporter", "kube-state-metrics", "kubelet", "apiserver", "minio"]);
    const nas = { kind: "minio", endpoint: "http://nas:9000", providerAddress: "nas:9000" };
    assert(missed({ objectStore: { ...nas, metrics: true } }).includes("minio"));
    assert(!missed({ objectStore: nas }).includes("minio"));
    assert.deepEqual(missed({ exporters: { nodeExporter: { enabled: false } }, monitors: { kubelet: false } }), [
      "kube-state-metrics",
      "apiserver",
      "minio",
    ]);
  });
});
