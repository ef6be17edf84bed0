import assert from "node:assert/strict";
import { lokiDashboards } from "../../../components/loki/dashboards";
import { logRules } from "../../../components/loki/log-rules";
import { lokiRules } from "../../../components/loki/rules";

const environment = { namespace: "logging" };
const settings = { compactionInterval: "10m", logAlerts: true, structuredMetadata: true };
const dashboards = lokiDashboards({ environment, settings });
const panels = dashboards.flatMap((dashboard) =>
  (dashboard.panels ?? []).flatMap((panel) => ("targets" in panel && panel.type !== "row" ? [panel] : [])),
);
const expressions = panels.flatMap((panel) =>
  (panel.targets ?? []).map((target) => (target as { expr?: string }).expr ?? ""),
);

describe("Loki's dashboards", () => {
  it("are Loki and Log pipeline, under addresses that stay", () => {
    assert.deepEqual(
      dashboards.map(({ uid, title }) => [uid, title]),
      [
        ["loki", "Loki"],
        ["log-pipeline", "Log pipeline"],
      ],
    );
  });

  it("show the targets of the stack's own namespace", () => {
    const metrics = expressions.filter((expr) => /\b(up|loki_\w+)\{/.test(expr));
    assert(metrics.length > 15, String(metrics.length));
    for (const expr of metrics) {
      for (const selector of expr.match(/\b(up|loki_\w+)\{[^}]*\}/g) ?? [])
        assert.match(selector, /namespace="logging"/);
    }
  });

  it("name only alerts that there are", () => {
    const groups = [...lokiRules({ environment, settings }), ...logRules({ environment, settings })];
    const rules = groups.flatMap((group) => group.rules);
    const alerts = rules.flatMap((rule) => ("alert" in rule ? [rule.alert] : []));
    const named = panels.flatMap(({ description = "" }) => description.match(/\b(Loki|Log)[A-Z]\w+/g) ?? []);
    assert(named.length > 5);
    for (const alert of named) assert(alerts.includes(alert), alert);
  });
});
