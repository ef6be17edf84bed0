import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { alertmanagerRules } from "../../../components/alertmanager/rules";

const environment = { namespace: "monitoring", dnsDomain: "cluster.local", nodeSelector: {}, tolerations: [] };
const alerts = (cluster?: string) =>
  alertmanagerRules({ ...environment, cluster }).flatMap(({ rules }) =>
    rules.map((rule) => ("alert" in rule ? rule : assert.fail("no alert"))),
  );

describe("Alerts about Alertmanager", () => {
  it("keep the label cluster where the stack has one, and name it nowhere else", () => {
    for (const { expr, labels } of alerts("production")) {
      assert(
        /by \([^)]*\bcluster\b/.test(expr) || labels.cluster === "production" || !/\bsum\b|absent/.test(expr),
        expr,
      );
    }
    assert.doesNotMatch(JSON.stringify(alerts()), /\bcluster\b/);
  });

  it("watch this stack's Alertmanager and no other", () => {
    for (const { expr } of alerts()) assert.match(expr, /job="alertmanager",namespace="monitoring"/);
  });

  it("each have a promtool test in which they fire, and one in which they don't", () => {
    const file = readFileSync(join(__dirname, "../../../components/alertmanager/rules.test.yaml"), "utf8");
    const { tests } = parse(file) as { tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[] };
    const cases = tests.flatMap(({ alert_rule_test }) => alert_rule_test);
    for (const { alert } of alerts()) {
      const firing = cases
        .filter(({ alertname }) => alertname === alert)
        .map(({ exp_alerts }) => exp_alerts.length > 0);
      assert.deepEqual([firing.includes(true), firing.includes(false)], [true, true], alert);
    }
  });
});
