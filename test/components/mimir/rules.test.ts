import assert from "node:assert/strict";
import { remoteWriteRules } from "../../../components/kube-prometheus-stack/rules";
import { mimirRules } from "../../../components/mimir/rules";
import type { RuleGroup } from "../../../components/rules/types";
import { settingsSchema } from "../../../settings/schema";

const environment = { namespace: "observed" };
const settingsOf = (raw: object = {}) => settingsSchema.parse(raw);

const alertsOf = (groups: RuleGroup[]) =>
  groups.flatMap(({ rules }) => rules.map((rule) => ("alert" in rule ? rule : assert.fail("no alert"))));
const mimirAlerts = (raw?: object) => alertsOf(mimirRules({ environment, settings: settingsOf(raw).mimir }));
const senderAlerts = (raw?: object) =>
  alertsOf(remoteWriteRules({ environment, settings: settingsOf(raw).kps, backend: "mimir" }));
const exprOf = (alerts: ReturnType<typeof alertsOf>, name: string) =>
  alerts.find(({ alert }) => alert === name)?.expr ?? "";

const selectors = (expr: string): string[] => expr.match(/\{[^}]*\}/g) ?? [];

describe("Alerts about Mimir", () => {
  it("watch Mimir of the stack's own namespace, and nothing else", () => {
    for (const { alert, expr } of mimirAlerts()) {
      assert(selectors(expr).length > 0, alert);
      for (const selector of selectors(expr)) {
        assert.match(selector, /namespace="observed"/, alert);
        assert.match(selector, /job="mimir"|container="mimir"/, alert);
      }
    }
  });

  it("know the settings that they warn before", () => {
    const raw = { mimir: { limits: { maxSeries: 5000 }, resources: { limits: { memory: "2Gi" } } } };
    assert.match(exprOf(mimirAlerts(raw), "MimirIngesterReachingSeriesLimit"), /\/ 5000 > 0\.8$/);
    assert.match(exprOf(mimirAlerts(raw), "MimirAllocatingTooMuchMemory"), /\/ 2147483648 > 0\.85$/);
  });

  it("don't warn of a limit that there isn't", () => {
    const names = mimirAlerts({ mimir: { limits: { maxSeries: 0 } } }).map(({ alert }) => alert);
    assert(!names.includes("MimirIngesterReachingSeriesLimit"));
    assert.equal(names.length, mimirAlerts().length - 1);
  });
});

describe("Alerts about remote_write", () => {
  it("watch the queue to Mimir, and no other that an adopted release has", () => {
    for (const { alert, expr } of senderAlerts()) {
      assert(selectors(expr).length > 0, alert);
      for (const selector of selectors(expr)) assert.match(selector, /remote_name="mimir"/, alert);
    }
  });

  it("measure the delay by the clock: a full queue's own newest sample stands still while Mimir is away", () => {
    assert.match(exprOf(senderAlerts(), "PrometheusRemoteWriteBehind"), /^time\(\) - /);
    assert.doesNotMatch(JSON.stringify(senderAlerts()), /queue_highest_timestamp/);
  });

  it("take a fifth of Prometheus's volume for too long a log", () => {
    const expr = exprOf(senderAlerts({ kps: { storage: "100Gi" } }), "PrometheusWriteAheadLogGrowing");
    assert.equal(Number(/> (\d+)$/.exec(expr)?.[1]), 20 * 2 ** 30);
  });
});

describe("Alerts about Mimir and remote_write", () => {
  it("keep the label cluster in every sum and join, so that Mimir's series of two clusters stay apart", () => {
    for (const { alert, expr } of [...mimirAlerts(), ...senderAlerts()])
      for (const [clause] of expr.matchAll(/\b(?:by|on) \([^)]*\)/g)) assert.match(clause, /\bcluster\b/, alert);
  });

  it("have groups of different names, and no alert twice", () => {
    const groups = [
      ...mimirRules({ environment, settings: settingsOf().mimir }),
      ...remoteWriteRules({ environment, settings: settingsOf().kps, backend: "mimir" }),
    ];
    for (const names of [groups.map(({ name }) => name), alertsOf(groups).map(({ alert }) => alert)])
      assert.deepEqual([...new Set(names)], names);
  });
});
