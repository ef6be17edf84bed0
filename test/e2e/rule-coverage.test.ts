import assert from "node:assert/strict";
import type { AlertingRule } from "../../components/rules/types";
import { uncovered, type RuleTests } from "../../e2e/support/rule-coverage";

const alert = (severity: AlertingRule["labels"]["severity"], expr = "up == 0"): AlertingRule => ({
  alert: "Down",
  expr,
  labels: { severity },
  annotations: { summary: "", description: "" },
});

const file = (...exp_alerts: Record<string, string>[][]): RuleTests => ({
  tests: [
    {
      alert_rule_test: exp_alerts.map((alerts) => ({
        alertname: "Down",
        exp_alerts: alerts.map((exp_labels) => ({ exp_labels })),
      })),
    },
  ],
});

describe("What promtool's tests leave open", () => {
  it("is nothing for an alert that fires in one case and not in another", () =>
    assert.deepEqual(uncovered([alert("critical")], [file([{ severity: "critical", job: "a" }], [])]), []));

  it("is an alert without any test, twice", () =>
    assert.deepEqual(uncovered([alert("critical")], []), [
      "Down (severity critical) never fires",
      "Down (severity critical) never keeps quiet",
    ]));

  it("is an alert that only fires, or only keeps quiet", () => {
    assert.deepEqual(uncovered([alert("critical")], [file([{ severity: "critical" }])]), [
      "Down (severity critical) never keeps quiet",
    ]);
    assert.deepEqual(uncovered([alert("critical")], [file([])]), ["Down (severity critical) never fires"]);
  });

  it("is the other severity of the same name", () =>
    assert.deepEqual(uncovered([alert("critical"), alert("warning")], [file([{ severity: "critical" }], [])]), [
      "Down (severity warning) never fires",
    ]));

  it("is no quiet case of what always fires", () =>
    assert.deepEqual(uncovered([alert("none", "vector(1)")], [file([{ severity: "none" }])]), []));
});
