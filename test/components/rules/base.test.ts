import assert from "node:assert/strict";
import { baseRules } from "../../../components/rules/base";
import type { AlertingRule, RecordingRule } from "../../../components/rules/types";
import { settingsSchema } from "../../../config/schema";

const rulesOf = (raw: Record<string, unknown> = {}) => {
  const groups = Object.values(baseRules(settingsSchema.parse(raw))).flat();
  const rules = groups.flatMap(({ rules }) => rules);
  return {
    groups,
    alerts: rules.filter((rule): rule is AlertingRule => "alert" in rule),
    recorded: rules.filter((rule): rule is RecordingRule => "record" in rule),
  };
};

describe("Base rules", () => {
  const { groups, alerts, recorded } = rulesOf();

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

  it("keep `cluster` in every recorded aggregation, so that Mimir's series of two clusters stay apart", () => {
    for (const { record, expr } of recorded) {
      for (const [clause] of expr.matchAll(/\b(?:by|on) \([^)]*\)/g))
        assert.match(clause, /\bcluster\b/, `${record}: ${clause}`);
    }
  });

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
