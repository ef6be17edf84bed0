import assert from "node:assert/strict";
import { baseDashboards } from "../../../components/dashboards/base";
import { dashboardFiles } from "../../../components/grafana/dashboard-files";
import { exported } from "./exported";
import { basePanels, variableSelectors } from "./queries";

const known = new Set(Object.values(exported).flat());

/** Names of metrics in a PromQL expression: what a selector or a range follows. */
const metrics = (expr: string): string[] => [...expr.matchAll(/([a-zA-Z_:][\w:]*)(?=[{[])/g)].map(([, name]) => name);

describe("The base dashboards", () => {
  it("are of the nodes, the workloads, the volumes and the log collector, each under a uid that stays", () => {
    assert.deepEqual(
      baseDashboards().map(({ uid }) => uid),
      ["observability-nodes", "observability-workloads", "observability-volumes", "observability-log-collector"],
    );
    assert.equal(dashboardFiles(baseDashboards()).length, 4);
  });

  it("say of each panel what it shows, in which unit", () => {
    const silent = basePanels().filter(
      ({ title, description, unit }) => !title || !description?.endsWith(".") || !unit,
    );
    assert.deepEqual(silent, []);
  });

  it("query a data source by its fixed uid, in every query", () => {
    for (const { title, source, queries } of basePanels()) {
      assert.ok(queries.length > 0, title);
      for (const query of queries) assert.equal(query.source, source, title);
      assert.ok(source === "prometheus" || source === "loki", title);
    }
  });

  it("have no two panels of one title: by it a reader tells them apart", () => {
    for (const { title: dashboard, panels = [] } of baseDashboards()) {
      const seen = panels.map(({ title, type }) => `${type} ${title}`);
      assert.equal(
        new Set(seen).size,
        seen.length,
        `${dashboard}: ${seen.filter((each, i) => seen.indexOf(each) !== i)}`,
      );
    }
  });

  it("use metrics that the exporters export", () => {
    const expressions = [
      ...basePanels().flatMap(({ queries }) =>
        queries.flatMap(({ expr, source }) => (source === "prometheus" ? expr : [])),
      ),
      ...baseDashboards().flatMap(variableSelectors),
    ];
    for (const each of expressions) assert.ok(metrics(each).length > 0, each);
    const used = new Set(expressions.flatMap(metrics));
    assert.deepEqual(
      [...used].filter((name) => !known.has(name)),
      [],
    );
    // The list names nothing that nobody uses.
    assert.deepEqual(
      [...known].filter((name) => !used.has(name)),
      [],
    );
  });

  it("use each variable that they offer, and no other", () => {
    for (const { title, templating, panels } of baseDashboards()) {
      const offered = (templating.list ?? []).map(({ name }) => name).sort();
      const used = new Set([...JSON.stringify(panels).matchAll(/\$(?!__)(\w+)/g)].map(([, name]) => name));
      assert.deepEqual([...used].sort(), offered, title);
    }
  });
});
