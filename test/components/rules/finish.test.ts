import assert from "node:assert/strict";
import { finish } from "../../../components/rules/finish";
import type { AlertingRule, RuleGroup } from "../../../components/rules/types";

const alert: AlertingRule = {
  alert: "NodeDown",
  expr: "up == 0",
  labels: { severity: "critical" },
  annotations: { summary: "s", description: "d" },
};
const groups: RuleGroup[] = [{ name: "g", interval: "1m", rules: [alert] }];

describe("Finished rules", () => {
  it("give each alert the stack's cluster and the address of its runbook", () => {
    const [{ rules }] = finish(groups, { cluster: "home", runbooks: "https://git.example.org/alerts.md" });
    assert.deepEqual(rules[0], {
      ...alert,
      labels: { severity: "critical", cluster: "home" },
      annotations: { summary: "s", description: "d", runbook_url: "https://git.example.org/alerts.md#nodedown" },
    });
  });

  it("give no cluster and no address where the stack has none, and leave the group as it is", () => {
    const [{ rules, ...group }] = finish(groups, {});
    assert.deepEqual(rules[0], alert);
    assert.deepEqual(group, { name: "g", interval: "1m" });
  });
});
