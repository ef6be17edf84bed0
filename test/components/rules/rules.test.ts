import assert from "node:assert/strict";
import { environment } from "../../../components/kubernetes/environment";
import { BaseRules } from "../../../components/rules/rules";
import { settingsSchema } from "../../../settings/schema";
import { mockPulumi, settled } from "../../support/mocks";

describe("BaseRules", () => {
  it("are a PrometheusRule for each system that has any, finished for the stack", async () => {
    const recorded = mockPulumi();
    const settings = settingsSchema.parse({ cluster: { name: "home" } });
    const alert = {
      alert: "A",
      expr: "a",
      labels: { severity: "info" as const },
      annotations: { summary: "s", description: "d" },
    };
    const groups = { loki: [{ name: "loki", rules: [alert] }], nodes: [{ name: "nodes", rules: [alert] }], none: [] };
    new BaseRules("rules", { environment: environment(settings), groups, settings: settings.rules }, {});
    await settled();

    const made = recorded.resources
      .filter(({ type }) => type === "kubernetes:monitoring.coreos.com/v1:PrometheusRule")
      .sort((a, b) => a.name.localeCompare(b.name));
    assert.deepEqual(
      made.map(({ inputs }) => (inputs.metadata as { name: string }).name),
      ["rules-loki", "rules-nodes"],
    );
    const { groups: finished } = made[0].inputs.spec as { groups: { rules: { labels: object }[] }[] };
    assert.deepEqual(finished[0].rules[0].labels, { severity: "info", cluster: "home" });
  });
});
