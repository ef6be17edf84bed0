import assert from "node:assert/strict";
import { belongingsOf, missing, stepThatDeletes, within, type Owning } from "../../../commands/shared/belongings";
import { labels } from "../../../components/kubernetes/labels";

const rule = { spec: { groups: [{ rules: [{ alert: "B" }, { record: "a:b" }] }, {}, { rules: [{ alert: "A" }] }] } };
const configMap = (label: string, data: Record<string, string>): Owning => ({
  ...{ kind: "ConfigMap", metadata: { labels: { [label]: "1" } } },
  data,
});

describe("What a cluster's monitoring has", () => {
  it("is known by its names, sorted, each once", () => {
    const has = belongingsOf({
      PrometheusRule: [rule, rule].map((each) => ({ ...each, kind: "PrometheusRule" })),
      ConfigMap: [
        configMap("grafana_dashboard", { "a.json": '{"title":"Nodes"}', "b.json": "{", "c.json": '{"title":3}' }),
        configMap("grafana_datasource", { "d.yaml": "datasources:\n  - name: Tempo\n  - null\n", "e.yaml": "a: [" }),
        {
          kind: "ConfigMap",
          metadata: { name: "grafana-dashboard-loki", labels: labels({ name: "grafana" }) },
          data: { x: '{"title":"Loki"}' },
        },
        { kind: "ConfigMap", metadata: { name: "other" }, data: { "x.json": '{"title":"not read"}' } },
      ] satisfies Owning[],
      ThanosRuler: [{ kind: "ThanosRuler", metadata: { namespace: "a", name: "b" } }],
      ScrapeConfig: [],
    });
    assert.deepEqual(has, {
      ...{ alert: ["A", "B"], "recorded series": ["a:b"], dashboard: ["Loki", "Nodes"], "data source": ["Tempo"] },
      ...{ ThanosRuler: ["a/b"], ScrapeConfig: [] },
    });
  });

  it("has the dashboards and data sources with the labels that Grafana looks for", () => {
    const of = (label: string) =>
      configMap(label, { "a.json": '{"title":"A"}', "b.yaml": "datasources: [{ name: B }]" });
    const labels = { dashboard: "boards", dataSource: "sources" };
    const ConfigMap = ["grafana_dashboard", "grafana_datasource", "boards", "sources"].map(of);
    assert.deepEqual(belongingsOf({ ConfigMap: ConfigMap.slice(0, 2) }, { labels }), {
      dashboard: [],
      "data source": [],
    });
    assert.deepEqual(belongingsOf({ ConfigMap }, { labels }), { dashboard: ["A"], "data source": ["B"] });
  });

  it("has the dashboards of binaryData, which Grafana's sidecar reads too", () => {
    const binaryData = { "a.json": Buffer.from('{"title":"Größe"}').toString("base64") };
    assert.deepEqual(belongingsOf({ ConfigMap: [{ ...configMap("grafana_dashboard", {}), binaryData }] }).dashboard, [
      "Größe",
    ]);
  });

  for (const kind of ["Ingress", "HTTPRoute"])
    it(`has of every ${kind} only those of the release and of the stack`, () => {
      const ingress = (name: string, metadata: object) => ({
        kind,
        metadata: { namespace: "m", name, ...metadata },
      });
      const helms = { "meta.helm.sh/release-name": "kps", "meta.helm.sh/release-namespace": "m" };
      const names = [
        ingress("shop", {}),
        ingress("prometheus", { annotations: helms }),
        ingress("grafana", { labels: labels({ name: "grafana" }) }),
      ].flatMap((each) => within(each, { release: "m/kps" }).map(({ name }) => name));
      assert.deepEqual(names, ["m/prometheus", "m/grafana"]);
    });

  it("goes with the part of the release that an object belongs to, by the chart's labels", () => {
    const of = (label: string, value: string) =>
      stepThatDeletes({ kind: "ConfigMap", metadata: { labels: { [label]: value } } });
    assert.equal(of("app", "kube-prometheus-stack-grafana"), "keepGrafana");
    assert.equal(of("app.kubernetes.io/name", "grafana"), "keepGrafana");
    assert.equal(of("app", "kube-prometheus-stack-alertmanager"), "import");
    assert.equal(of("app", "kube-prometheus-stack"), "kps-removed");
  });

  it("lacks what was there before, and nothing of a kind that could not be asked for", () => {
    assert.deepEqual(missing({ alert: ["A", "B"], dashboard: ["C"] }, { alert: ["B"], receiver: [] }), [
      { kind: "alert", name: "A" },
    ]);
  });
});
