import assert from "node:assert/strict";
import { stringify } from "yaml";
import {
  dataSources,
  ownDataSourceFile,
  sharedDataSourceFile,
  type DataSourcesArgs,
} from "../../../components/grafana/data-sources";

const base = {
  default: "prometheus",
  loki: "http://loki-gateway",
  alertmanager: "http://alertmanager:9093",
  scrapeInterval: "30s",
} as const;
const prometheus = "http://prometheus:9090";
const mimir = "http://mimir:8080/prometheus";

/** The stages of the migration, and a stack without kube-prometheus-stack. */
const stages: Record<string, DataSourcesArgs> = {
  loki: { ...base, prometheus },
  "dual-write": { ...base, prometheus, mimir },
  "mimir-default": { ...base, prometheus, mimir, default: "mimir" },
  "kps-removed": { ...base, mimir, default: "mimir" },
  "without metrics": base,
};

const urls = (args: DataSourcesArgs) => Object.fromEntries(dataSources(args).map(({ uid, url }) => [uid, url]));
const defaults = (args: DataSourcesArgs) => dataSources(args).filter(({ isDefault }) => isDefault);

describe("Grafana's data sources", () => {
  for (const [stage, args] of Object.entries(stages)) {
    it(`have one default in ${stage}, names and uids that nothing else has, and can't be edited`, () => {
      const all = dataSources(args);
      assert.equal(defaults(args).length, 1);
      for (const key of ["uid", "name"] as const) assert.equal(new Set(all.map((each) => each[key])).size, all.length);
      assert.ok(all.every(({ editable, access, orgId }) => !editable && access === "proxy" && orgId === 1));
    });

    it(`keep the uids that dashboards use in ${stage}`, () => {
      const uids = dataSources(args).map(({ uid }) => uid);
      assert.ok(uids.includes("loki") && uids.includes("alertmanager"));
      assert.equal(uids.includes("prometheus"), stage !== "without metrics");
    });

    it(`delete in ${stage} what only another stage has, and nothing that is there`, () => {
      const { datasources, deleteDatasources = [] } = ownDataSourceFile(dataSources(args));
      assert.deepEqual([...datasources, ...deleteDatasources].map(({ name }) => name).sort(), [
        "Alertmanager",
        "Loki",
        "Mimir",
        "Prometheus",
      ]);
    });
  }

  it("have the default that the stage table says", () => {
    const names = Object.entries(stages).map(([stage, args]) => [stage, defaults(args)[0].uid]);
    assert.deepEqual(Object.fromEntries(names), {
      loki: "prometheus",
      "dual-write": "prometheus",
      "mimir-default": "mimir",
      "kps-removed": "mimir",
      "without metrics": "loki",
    });
  });

  it("lead `prometheus` to Prometheus as long as there is one, and to Mimir afterwards, so that no dashboard breaks", () => {
    assert.equal(urls(stages["mimir-default"]).prometheus, prometheus);
    assert.equal(urls(stages["kps-removed"]).prometheus, mimir);
    assert.equal(urls(stages["kps-removed"]).mimir, mimir);
  });

  it("tell Grafana the interval of scraping, and that this Alertmanager is Prometheus's", () => {
    const [of, , alertmanager] = dataSources(stages.loki);
    assert.equal(of.jsonData.timeInterval, "30s");
    assert.equal(alertmanager.jsonData.implementation, "prometheus");
    assert.equal(of.jsonData.alertmanagerUid, alertmanager.uid);
  });

  it("are each an object of its own: the file has no YAML alias", () => {
    const file = stringify(ownDataSourceFile(dataSources(stages["kps-removed"])));
    assert.doesNotMatch(file, /[&*]a\d/);
  });

  describe("for a Grafana that exists", () => {
    it("delete nothing, since it may be somebody else's", () => {
      assert.equal("deleteDatasources" in sharedDataSourceFile(dataSources(stages.loki), true), false);
    });

    it("are none the default unless told, because Grafana does not start with two", () => {
      const claimed = (claim: boolean) =>
        sharedDataSourceFile(dataSources(stages.loki), claim)
          .datasources.filter(({ isDefault }) => isDefault)
          .map(({ uid }) => uid);
      assert.deepEqual(claimed(false), []);
      assert.deepEqual(claimed(true), ["prometheus"]);
    });
  });
});
