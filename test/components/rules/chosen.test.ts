import assert from "node:assert/strict";
import { chosen } from "../../../components/rules/chosen";
import type { AlertingRule, RuleGroup } from "../../../components/rules/types";
import { settingsSchema } from "../../../settings/schema";

const alert = (name: string): AlertingRule => ({
  alert: name,
  expr: "up == 0",
  for: "5m",
  labels: { severity: "critical" },
  annotations: { summary: "s", description: "d" },
});
const groups: RuleGroup[] = [
  { name: "nodes", rules: [alert("NodeDown"), alert("NodeSlow")] },
  { name: "watchdog", rules: [alert("Watchdog")] },
];
const names = (some: readonly RuleGroup[]) => some.map(({ name, rules }) => [name, ...rules.map(({ alert }) => alert)]);

const choose = (rules: object = {}) => chosen(groups, settingsSchema.parse({ rules }).rules);

describe("This program's own alerts", () => {
  it("are as they are written where the settings say nothing", () => {
    assert.deepEqual(choose(), groups);
  });

  it("lack alerts that are switched off, and groups that are empty then", () => {
    assert.deepEqual(names(choose({ disabled: ["NodeSlow", "Watchdog"] })), [["nodes", "NodeDown"]]);
  });

  it("have the settings' waiting times, severities and labels", () => {
    const [{ rules }] = choose({
      labels: { team: "home" },
      overrides: { NodeDown: { for: "1h", severity: "warning" } },
    });
    assert.deepEqual(rules[0], { ...alert("NodeDown"), for: "1h", labels: { severity: "warning", team: "home" } });
    assert.deepEqual(rules[1], { ...alert("NodeSlow"), labels: { severity: "critical", team: "home" } });
  });
});
