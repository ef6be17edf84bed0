import assert from "node:assert/strict";
import { finish } from "../../../components/rules/finish";
import type { AlertingRule, RuleGroup } from "../../../components/rules/types";

const alert: AlertingRule = {
  alert: "NodeDown",
  expr: "up == 0",
  labels: { severity: "critical" },
  annotations: { summary: "s", description: "d" },
};
const groups: RuleGroup[] = [{ name: "g", interval: "1m", rules: [alert, { record: "a:b", expr: "b" }] }];

describe("Finished rules", () => {
  it("give each alert the stack's cluster and the address of its runbook", () => {
    const [{ rules }] = finish(groups, { cluster: "home" });
    assert.deepEqual(rules[0], {
      ...alert,
      labels: { severity: "critical", cluster: "home" },
      annotations: { summary: "s", description: "d", runbook_url: "docs/alerts.md#nodedown" },
    });
  });

  it("give no cluster where the stack has none, and leave recorded series and the group as they are", () => {
    const [{ rules, ...group }] = finish(groups, {});
    assert.deepEqual(rules[0].labels, { severity: "critical" });
    assert.deepEqual(rules[1], { record: "a:b", expr: "b" });
    assert.deepEqual(group, { name: "g", interval: "1m" });
  });
});
