import assert from "node:assert/strict";
import type { ChartObject } from "../../../lab/checks/chart-objects";
import { keyProblems, named, own, rulesProblems, type Compared } from "../../../lab/checks/chart-rules";

const group = (name: string, ...rules: object[]): ChartObject => ({
  ...{ kind: "PrometheusRule", metadata: { name } },
  spec: { groups: [{ name, rules }] },
});
const dashboard = (name: string, content: object = {}): ChartObject => ({
  ...{ kind: "ConfigMap", metadata: { name } },
  data: { [name]: JSON.stringify(content) },
});

const apps = group("kubernetes-apps", {
  alert: "KubeJobFailed",
  expr: 'kube_job_failed{job="kube-state-metrics"} > 0',
});
const etcd = group("etcd", { alert: "etcdNoLeader", expr: 'etcd_server_has_leader{job=~".*etcd.*"} == 0' });
const prometheus = group("prometheus", { alert: "PrometheusBadConfig", expr: "a == 0" });

const compared = (change: Partial<Compared> = {}): Compared => ({
  defaults: named([apps, etcd, prometheus, dashboard("etcd.json"), dashboard("pod-total.json")]),
  sources: { upstream: named([apps, dashboard("pod-total.json")]), [own]: named([prometheus]) },
  there: { job: ["kube-state-metrics"], namespace: ["monitoring"], cluster: ["home"] },
  values: { defaultRules: { rules: { etcd: false } }, kubeEtcd: { enabled: false } },
  disabled: [],
  kps: true,
  ...change,
});

describe("Names of the chart's rules and dashboards", () => {
  it("are all there, but for those with a reason that the values bear out", () => {
    assert.deepEqual(rulesProblems(compared()), []);
  });

  it("are missed where the group that would excuse them is on", () => {
    const problems = rulesProblems(
      compared({ values: { defaultRules: { rules: { etcd: true } }, kubeEtcd: { enabled: true } } }),
    );
    assert.match(problems.join("\n"), /^etcdNoLeader \(group etcd of the chart\) is missing/m);
    assert.match(problems.join("\n"), /^dashboard etcd\.json of the chart is missing/m);
  });

  it("are missed where no reason is listed", () => {
    const sources = { [own]: named([prometheus]) };
    assert.match(rulesProblems(compared({ sources })).join("\n"), /^KubeJobFailed .* is missing/m);
    assert.match(rulesProblems(compared({ sources })).join("\n"), /^dashboard pod-total\.json/m);
  });

  it("may lack what the settings switch off", () => {
    const sources = { upstream: named([dashboard("pod-total.json")]), [own]: named([prometheus]) };
    assert.deepEqual(rulesProblems(compared({ sources, disabled: ["KubeJobFailed"] })), []);
  });

  it("may lack Prometheus' own only once Prometheus is gone", () => {
    const sources = { upstream: named([apps, dashboard("pod-total.json")]), [own]: named([]) };
    assert.deepEqual(rulesProblems(compared({ sources, kps: false })), []);
    assert.match(rulesProblems(compared({ sources })).join(), /^PrometheusBadConfig/);
  });

  it("are there once", () => {
    const twice = { upstream: named([apps, prometheus, dashboard("pod-total.json")]), [own]: named([prometheus]) };
    assert.deepEqual(rulesProblems(compared({ sources: twice })), [
      "PrometheusBadConfig is there twice: in upstream and this program",
    ]);
  });

  it("select jobs that are scraped", () => {
    assert.match(
      rulesProblems(compared({ there: { job: [], namespace: [], cluster: [] } })).join(),
      /upstream selects job kube-state-metrics, which no target has/,
    );
  });

  describe("select the cluster and namespaces that there are", () => {
    const selecting = (expr: string, variables: string[] = []) => {
      const rule = group("mine", { alert: "Mine", expr });
      const content = { panels: [{ expr }], templating: { list: variables.map((name) => ({ name })) } };
      const upstream = (...more: ChartObject[]) => ({
        upstream: named([apps, dashboard("pod-total.json"), ...more]),
        [own]: named([prometheus]),
      });
      const [ofRule, ofDashboard] = [upstream(rule), upstream(dashboard("mine.json", content))].map((sources) =>
        rulesProblems(compared({ sources })),
      );
      return { ofRule, ofDashboard };
    };

    it("by name, by expression, or by nothing", () => {
      for (const expr of [
        'up{namespace="monitoring",cluster="home"}',
        'up{namespace=~"mon.*",cluster=~"home|"}',
        'up{cluster="",namespace=~".*"}',
      ])
        assert.deepEqual(selecting(expr), { ofRule: [], ofDashboard: [] }, expr);
    });

    it("and are told where no target has it", () => {
      const { ofRule, ofDashboard } = selecting('up{namespace="obs",cluster=~"office.*"}');
      const told = [
        "upstream selects namespace obs, which no target has",
        "upstream selects cluster ~office.*, which no target has",
      ];
      assert.deepEqual([ofRule, ofDashboard], [told, told]);
    });

    it("by a variable that the dashboard has", () => {
      assert.deepEqual(selecting('up{cluster="$cluster",namespace=~"${ns:regex}"}', ["cluster", "ns"]).ofDashboard, []);
      assert.deepEqual(selecting('up{cluster="$cluster"}').ofDashboard, [
        "upstream: dashboard mine.json selects cluster by $cluster, and has no such variable",
      ]);
    });
  });
});

describe("Keys of a release's values", () => {
  const ofChart = { defaultRules: { create: true, disabled: {} }, crds: { enabled: true } };

  it("are the chart's, or below a map that the chart leaves empty", () => {
    assert.deepEqual(
      keyProblems({ defaultRules: { create: true, disabled: { A: true } }, crds: { enabled: false } }, ofChart),
      [],
    );
  });

  it("are named with their path where the chart doesn't have them", () => {
    assert.deepEqual(keyProblems({ defaultRules: { off: true }, crd: {} }, ofChart), [
      "the chart has no value defaultRules.off: it drops true",
      "the chart has no value crd: it drops {}",
    ]);
  });
});
