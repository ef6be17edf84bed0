import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { lokiRules } from "../../../components/loki/rules";
import { topology } from "../../../components/loki/topology";
import { settingsSchema, type Settings } from "../../../settings/schema";

const alerts = (cluster?: string, compactionInterval = "10m", mode: Settings["loki"]["mode"] = "single-binary") =>
  lokiRules({
    environment: { namespace: "monitoring", cluster },
    settings: { mode, compactionInterval, logAlerts: true },
  }).flatMap(({ rules }) => rules.map((rule) => ("alert" in rule ? rule : assert.fail("no alert"))));

describe("Alerts about Loki", () => {
  it("keep the label cluster where the stack has one, and name it nowhere else", () => {
    for (const { expr } of alerts("production")) {
      for (const [, kept] of expr.matchAll(/\bby \(([^)]*)\)/g)) assert.match(kept, /\bcluster\b/, expr);
    }
    assert.doesNotMatch(JSON.stringify(alerts()), /\bcluster\b/);
  });

  it("watch the targets of every workload, in this stack's namespace, and no others", () => {
    const jobs = (mode: Settings["loki"]["mode"]) =>
      new Set(
        alerts(undefined, "10m", mode).flatMap(({ expr }) =>
          [...expr.matchAll(/job=~"([^"]*)"/g)].flatMap(([, all]) => all.split("|")),
        ),
      );
    const workloads = (...modes: Settings["loki"]["mode"][]) =>
      modes.flatMap((mode) =>
        topology(settingsSchema.parse({ loki: { mode, patternIngester: true } }).loki).workloads.map(
          ({ name }) => name,
        ),
      );
    const both = workloads("single-binary", "simple-scalable");
    for (const mode of ["single-binary", "simple-scalable"] as const)
      assert.deepEqual([...jobs(mode)].sort(), [...both].sort());
    assert.deepEqual([...jobs("distributed")].sort(), [...both, ...workloads("distributed")].sort());
    for (const { expr } of alerts()) {
      const selectors = expr.match(/\{[^}]*\}/g) ?? [];
      assert(selectors.length > 0, expr);
      for (const selector of selectors) assert.match(selector, /job=.*namespace="monitoring"/);
    }
  });

  it("say which component is down where each is apart, and don't miss parts of another mode", () => {
    const down = (mode: Settings["loki"]["mode"]) =>
      alerts(undefined, "10m", mode).flatMap(({ alert, expr, labels }) =>
        alert === "LokiDown" ? [[labels.part, /job=~"([^"]*)"/.exec(expr)?.[1]]] : [],
      );
    const three = [
      ["write", "loki|loki-write"],
      ["read", "loki|loki-read"],
      ["backend", "loki|loki-backend"],
    ];
    assert.deepEqual(down("single-binary"), three);
    assert.deepEqual(down("simple-scalable"), three);
    const apart = new Map(down("distributed") as [string, string][]);
    assert.equal(apart.size, 8);
    for (const [part, jobs] of apart) assert.ok(jobs.split("|").includes(`loki-${part}`), part);
    assert.equal(apart.get("ingester"), "loki|loki-write|loki-ingester");
  });

  it("wait for a compactor that runs seldom by its settings", () => {
    const stale = (interval: string) =>
      alerts(undefined, interval).find(({ alert }) => alert === "LokiCompactionStale");
    const after = (interval: string) => Number(/> (\d+)$/.exec(stale(interval)?.expr ?? "")?.[1]);
    assert.equal(after("10m"), 3 * 3600);
    assert(after("6h") > 2 * 6 * 3600, String(after("6h")));
  });

  it("each have a promtool test in which they fire, and one in which they don't", () => {
    const cases = ["rules", "slo-rules"].flatMap((name) => {
      const file = readFileSync(join(__dirname, `../../../components/loki/${name}.test.yaml`), "utf8");
      const { tests } = parse(file) as { tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[] };
      return tests.flatMap(({ alert_rule_test }) => alert_rule_test);
    });
    for (const { alert } of alerts()) {
      const firing = cases
        .filter(({ alertname }) => alertname === alert)
        .map(({ exp_alerts }) => exp_alerts.length > 0);
      assert.deepEqual([firing.includes(true), firing.includes(false)], [true, true], alert);
    }
  });
});
