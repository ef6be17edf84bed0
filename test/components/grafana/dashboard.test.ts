import { FieldColorModeId, type GridPos, type RowPanel } from "@grafana/grafana-foundation-sdk/dashboard";
import {
  FieldColorBuilder,
  QueryVariableBuilder,
  ThresholdsConfigBuilder,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { ThresholdsMode, VariableRefresh, VariableSort } from "@grafana/grafana-foundation-sdk/dashboard";
import {
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import assert from "node:assert/strict";
import { dashboard } from "../../../components/grafana/dashboard";
import { dashboardFiles } from "../../../components/grafana/dashboard-files";
import { logs, stat, table, timeSeries, type PanelArgs } from "../../../components/grafana/panels";

const args: PanelArgs = { title: "CPU", description: "Cores.", unit: "short", queries: ["up"] };
const prometheus = { type: "prometheus", uid: "prometheus" };
const json = (value: unknown) => JSON.parse(JSON.stringify(value));

describe("Panels", () => {
  it("are what the builders of Grafana's foundation SDK make", () => {
    const built = new PanelBuilder()
      .title("CPU")
      .description("Cores.")
      .unit("short")
      .min(0)
      .max(1)
      .datasource(prometheus)
      .withTarget(new DataqueryBuilder().refId("A").datasource(prometheus).expr("up").legendFormat("{{node}}"))
      .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
      .thresholds(
        new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
          { value: null, color: "green" },
          { value: 0.9, color: "red" },
        ]),
      )
      .fillOpacity(8)
      .lineWidth(1)
      .showPoints(VisibilityMode.Never)
      .legend(
        new VizLegendOptionsBuilder()
          .displayMode(LegendDisplayMode.List)
          .placement(LegendPlacement.Bottom)
          .showLegend(true)
          .calcs([]),
      )
      .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
      .build();
    const { panel } = timeSeries({
      ...args,
      min: 0,
      max: 1,
      queries: [{ expr: "up", legend: "{{node}}" }],
      steps: [{ from: 0.9, color: "red" }],
    });
    // What the builder adds of its own are Grafana's defaults.
    const { transparent, repeatDirection, ...expected } = json(built);
    assert.deepEqual([transparent, repeatDirection], [false, "h"]);
    assert.deepEqual(json(panel), expected);
  });

  it("ask for now, not for a range, where they show one value", () => {
    for (const { panel } of [stat(args), table({ ...args, columns: { pod: "Pod" }, value: "CPU" })]) {
      assert.deepEqual(
        panel.targets?.map((target) => [json(target).instant, json(target).range]),
        [[true, false]],
      );
    }
  });

  it("give several queries names of their own", () => {
    const { panel } = timeSeries({ ...args, queries: ["a", "b", "c"] });
    assert.deepEqual(
      panel.targets?.map((target) => json(target).refId),
      ["A", "B", "C"],
    );
  });

  it("show of a table's labels the columns asked for, in their order, the value last", () => {
    const { panel } = table({ ...args, columns: { namespace: "Namespace", pod: "Pod" }, value: "CPU" });
    const [filter, organize] = panel.transformations ?? [];
    assert.deepEqual(filter.options.include.names, ["namespace", "pod", "Value"]);
    assert.deepEqual(organize.options.indexByName, { namespace: 0, pod: 1, Value: 2 });
    assert.equal(organize.options.renameByName.Value, "CPU");
  });

  it("query Loki where they show lines", () => {
    assert.deepEqual(logs({ title: "Lines", description: "All.", expr: '{app="a"}' }).panel.datasource, {
      type: "loki",
      uid: "loki",
    });
  });
});

describe("A dashboard", () => {
  const place = (rows: Parameters<typeof dashboard>[0]["rows"]) =>
    (dashboard({ uid: "u", title: "T", description: "D", rows }).panels ?? []).map(({ type, gridPos }) => [
      type,
      gridPos,
    ]);

  it("places panels from left to right, wraps them at the edge, and starts a row below the tallest before it", () => {
    const tall = stat({ ...args, width: 10, height: 9 });
    const low = stat({ ...args, width: 14, height: 4 });
    const at = (x: number, y: number, w: number, h: number): GridPos => ({ x, y, w, h });
    assert.deepEqual(place({ First: [tall, low, low], Second: [low] }), [
      ["row", at(0, 0, 24, 1)],
      ["stat", at(0, 1, 10, 9)],
      ["stat", at(10, 1, 14, 4)],
      ["stat", at(0, 10, 14, 4)],
      ["row", at(0, 14, 24, 1)],
      ["stat", at(0, 15, 14, 4)],
    ]);
  });

  it("numbers its panels, so that links to one stay", () => {
    const { panels } = dashboard({ uid: "u", title: "T", description: "D", rows: { R: [stat(args), stat(args)] } });
    assert.deepEqual(
      panels?.map(({ id }) => id),
      [1, 2, 3],
    );
    assert.deepEqual((panels?.[0] as RowPanel).panels, []);
  });

  it("has variables as the SDK's builder makes them", () => {
    const variable = { name: "node", label: "Node", query: "label_values(up, node)" };
    const { templating } = dashboard({ uid: "u", title: "T", description: "D", rows: {}, variables: [variable] });
    const built = new QueryVariableBuilder("node")
      .label("Node")
      .query({ query: variable.query, refId: "node" })
      .definition(variable.query)
      .datasource(prometheus)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .sort(VariableSort.AlphabeticalAsc)
      .multi(true)
      .includeAll(true)
      .allValue(".*")
      .current({ text: ["All"], value: ["$__all"] })
      .build();
    const { skipUrlSync, allowCustomValue, auto, auto_min, auto_count, ...expected } = json(built);
    assert.deepEqual([skipUrlSync, allowCustomValue, auto, auto_min, auto_count], [false, true, false, "10s", 30]);
    assert.deepEqual(json(templating.list), [expected]);
  });
});

describe("Dashboards as files", () => {
  const named = (uid: string | undefined, title = "T") => ({
    ...dashboard({ uid: "u", title, description: "D", rows: {} }),
    uid,
  });

  it("have a ConfigMap each, called by their uid", () => {
    assert.deepEqual(
      dashboardFiles([named("nodes", "Nodes"), named("pods", "Pods")]).map(({ name, file }) => [name, file]),
      [
        ["grafana-dashboard-nodes", "nodes.json"],
        ["grafana-dashboard-pods", "pods.json"],
      ],
    );
  });

  it("are refused all at once where a uid is missing, not valid or taken, where a title is taken, or where one is too large for a ConfigMap", () => {
    const large = { ...named("large", "Large"), description: "x".repeat(1024 * 1024) };
    assert.throws(
      () =>
        dashboardFiles([
          named(undefined, "None"),
          named("My_Board", "Odd"),
          named("a", "A"),
          named("a", "B"),
          named("b", "B"),
          large,
        ]),
      {
        message: [
          "Dashboards that Grafana could not show:",
          '"None" has the uid "undefined"; a uid is 1 to 40 lower-case letters, digits and "-".',
          '"Odd" has the uid "My_Board"; a uid is 1 to 40 lower-case letters, digits and "-".',
          '"B" and "A" share the uid "a"; Grafana would show one of them.',
          '"b" and "a" are both called "B"; they could not be distinguished in their folder.',
          `"Large" has ${JSON.stringify(large).length} bytes; a ConfigMap takes 1032192. Split it into two dashboards.`,
        ].join("\n"),
      },
    );
  });
});
