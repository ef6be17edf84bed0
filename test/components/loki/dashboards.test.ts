import assert from "node:assert/strict";
import { lokiDashboards } from "../../../components/loki/dashboards";
import { logRules } from "../../../components/loki/log-rules";
import { lokiRules } from "../../../components/loki/rules";

const environment = { namespace: "logging" };
const settings = {
  mode: "single-binary" as const,
  compactionInterval: "10m",
  logAlerts: true,
  structuredMetadata: true,
};
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

  it("show and expect nothing of a collector where the stack has none", () => {
    const texts = (["alloy", "none"] as const).map((agent) => ({
      panels: JSON.stringify(lokiDashboards({ environment, settings, agent })),
      alerts: JSON.stringify(logRules({ environment, settings, agent })),
    }));
    const [withAlloy, without] = texts;
    assert.match(withAlloy.panels, /loki_write_|job=\\"alloy\\"/);
    assert.doesNotMatch(without.panels, /loki_write_|job=\\"alloy\\"/);
    assert.match(without.panels, /loki_distributor_lines_received_total/);
    assert.match(withAlloy.alerts, /LogsMissing/);
    assert.doesNotMatch(without.alerts, /LogsMissing/);
    // Whoever pushes lines may push errors.
    assert.match(without.alerts, /LogErrorsHigh/);
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
