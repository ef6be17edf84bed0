import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { baseDashboards } from "../../../components/dashboards/base";
import { dashboardFiles } from "../../../components/grafana/dashboard-files";
import { settingsSchema } from "../../../settings/schema";
import { stages, stagesWith, type MimirStage } from "../../../stages";
import { exported, metricsIn } from "./exported";
import { basePanels, everyBaseDashboard, panelsOf, variableSelectors } from "./queries";

const known = new Set(Object.values(exported).flat());

const settings = settingsSchema.parse({});
const ofStage = (stage: MimirStage) => baseDashboards({ stage: stages[stage], settings });
const everyStage = [
  "observability-overview",
  "observability-nodes",
  "observability-workloads",
  "observability-volumes",
  "observability-log-collector",
  "observability-cost",
];

describe("The base dashboards", () => {
  it("are those of what the stage has, each under a uid that stays", () => {
    const more = (stage: MimirStage) => ofStage(stage).flatMap(({ uid = "" }) => (everyStage.includes(uid) ? [] : uid));
    for (const stage of stagesWith("mimir") as MimirStage[]) {
      const uids = ofStage(stage).map(({ uid }) => uid);
      assert.deepEqual(
        everyStage.filter((uid) => !uids.includes(uid)),
        [],
        stage,
      );
      assert.equal(dashboardFiles(ofStage(stage)).length, uids.length);
    }
    assert.deepEqual((stagesWith("mimir") as MimirStage[]).map(more), [
      [],
      ["metrics-pipeline", "migration-progress"],
      ["metrics-pipeline", "migration-progress"],
      ["metrics-pipeline"],
    ]);
  });

  it("ask for alerts whoever evaluates them in the stage, and for nothing else that only it has", () => {
    for (const stage of stagesWith("mimir") as MimirStage[]) {
      const queries = ofStage(stage)
        .flatMap(panelsOf)
        .flatMap((panel) => panel.queries);
      const sources = new Set(queries.flatMap(({ expr, source }) => (/ALERTS/.test(expr) ? [source] : [])));
      assert.deepEqual([...sources], [stages[stage].evaluator], stage);
    }
  });

  it("name Mimir itself only where it evaluates, or where the two are compared", () => {
    for (const stage of stagesWith("mimir") as MimirStage[]) {
      const comparing = ofStage(stage).filter(({ uid }) => uid !== "migration-progress");
      const queries = comparing.flatMap(panelsOf).flatMap((panel) => panel.queries);
      const named = queries.filter(({ source, expr }) => source === "mimir" && !/ALERTS/.test(expr));
      assert.deepEqual(named, [], stage);
    }
    const compared = ofStage("dual-write")
      .filter(({ uid }) => uid === "migration-progress")
      .flatMap(panelsOf);
    const sources = new Set(compared.flatMap(({ queries }) => queries.map(({ source }) => source)));
    assert.deepEqual([...sources].sort(), ["mimir", "prometheus"]);
  });

  it("show nothing of an object store that isn't scraped", () => {
    const objectStore = settingsSchema.parse({ objectStore: { kind: "existing", endpoint: "http://s3:9000" } });
    const text = JSON.stringify(baseDashboards({ stage: stages["kps-removed"], settings: objectStore }));
    assert.doesNotMatch(text, /minio_/);
    assert.match(JSON.stringify(ofStage("kps-removed")), /minio_/);
  });

  it("name only alerts that there are", () => {
    const headings = readFileSync(join(__dirname, "../../../docs/alerts.md"), "utf8").matchAll(/^### (.*)$/gm);
    const known = [...headings].map(([, heading]) => heading);
    const named = basePanels().flatMap(({ description = "" }) =>
      [...description.matchAll(/\bAlerts? ((?:[A-Z][A-Za-z]+(?:, )?)+)/g)].flatMap(([, names]) => names.split(", ")),
    );
    assert.ok(named.length > 15, String(named.length));
    assert.deepEqual(
      named.filter((alert) => !known.includes(alert)),
      [],
    );
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
      for (const query of queries) {
        if (source !== "-- Mixed --") assert.equal(query.source, source, title);
        assert.ok(["prometheus", "mimir", "loki"].includes(query.source ?? ""), title);
      }
    }
  });

  it("have no two panels of one title: by it a reader tells them apart", () => {
    for (const { title: dashboard, panels = [] } of everyBaseDashboard()) {
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
      ...basePanels().flatMap(({ queries }) => queries.flatMap(({ expr, source }) => (source === "loki" ? [] : expr))),
      ...everyBaseDashboard().flatMap(variableSelectors),
    ];
    for (const each of expressions) assert.ok(metricsIn(each).length > 0, each);
    const used = new Set(expressions.flatMap(metricsIn));
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
    for (const { title, templating, panels } of everyBaseDashboard()) {
      const offered = (templating.list ?? []).map(({ name }) => name).sort();
      const used = new Set([...JSON.stringify(panels).matchAll(/\$(?!__)(\w+)/g)].map(([, name]) => name));
      assert.deepEqual([...used].sort(), offered, title);
    }
  });
});
