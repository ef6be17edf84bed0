import assert from "node:assert/strict";
import { baseRules } from "../../../components/rules/base";
import { remoteWriteRules } from "../../../components/kube-prometheus-stack/rules";
import { upstreamRules } from "../../../components/upstream-rules/names";
import { replaced } from "../../../components/upstream-rules/own";
import { kpsRuleValues, upstreamValues, type UpstreamArgs } from "../../../components/upstream-rules/values";
import { settingsSchema } from "../../../settings/schema";

const endpoints = ["10.0.0.1"];
const scraped = {
  scheduler: { endpoints },
  controllerManager: { endpoints },
  proxy: { endpoints },
  etcd: { endpoints },
};

const argsOf = (raw: Record<string, unknown> = {}, cluster?: string): UpstreamArgs => {
  const { rules, monitors, kps } = settingsSchema.parse(raw);
  return { environment: { cluster }, settings: rules, monitors, dropApiserverHistograms: kps.dropApiserverHistograms };
};

interface DefaultRules {
  create: boolean;
  rules: Record<string, boolean>;
  disabled: Record<string, boolean>;
  additionalRuleGroupLabels: Record<string, Record<string, string>>;
  appNamespacesTarget: string;
}
const rulesIn = (values: Record<string, unknown>) => values.defaultRules as DefaultRules;
const upstream = (raw?: Record<string, unknown>, cluster?: string) => rulesIn(upstreamValues(argsOf(raw, cluster)));
const on = ({ rules }: DefaultRules) => Object.keys(rules).filter((group) => rules[group]);

describe("Values of upstream's rules", () => {
  it("switch off whatever has a pod, a Service, a monitor or a right", () => {
    const values = upstreamValues(argsOf()) as Record<string, { enabled?: boolean; rbac?: { create: boolean } }>;
    for (const part of [
      ...["crds", "prometheusOperator", "prometheus", "alertmanager", "grafana", "nodeExporter", "kubeStateMetrics"],
      ...["kubernetesServiceMonitors", "windowsMonitoring"],
    ])
      assert.equal(values[part].enabled, false, part);
    assert.equal(values.global.rbac?.create, false);
  });

  it("give dashboards the label by which the stack's Grafana finds them", () => {
    const sidecarFor = (grafana: object) => {
      const values = upstreamValues({ ...argsOf(), grafana: settingsSchema.parse({ grafana }).grafana });
      return (values.grafana as { sidecar?: object }).sidecar;
    };
    assert.equal(sidecarFor({}), undefined, "the chart's own");
    assert.equal(sidecarFor({ labelValue: "" }), undefined, "any value will do");
    assert.deepEqual(sidecarFor({ dashboardLabel: "boards", labelValue: "" }), {
      dashboards: { label: "boards", labelValue: "1" },
    });
    assert.deepEqual(sidecarFor({ labelValue: "yes" }), {
      dashboards: { label: "grafana_dashboard", labelValue: "yes" },
    });
  });

  it("leave out groups whose targets aren't scraped, and have them where they are", () => {
    const groups = ["etcd", "kubeSchedulerAlerting", "kubeSchedulerRecording", "kubeControllerManager", "kubeProxy"];
    const [without, withThem] = [on(upstream()), on(upstream({ monitors: scraped }))];
    assert.deepEqual(
      groups.filter((group) => without.includes(group)),
      [],
    );
    assert.deepEqual(
      groups.filter((group) => !withThem.includes(group)),
      [],
    );
  });

  it("have the API server's objectives only where its buckets are kept", () => {
    assert.ok(!on(upstream()).includes("kubeApiserverSlos"));
    assert.ok(on(upstream({ kps: { dropApiserverHistograms: false } })).includes("kubeApiserverSlos"));
  });

  it("record with the label cluster what upstream's rules would lose by it, under the same names", () => {
    const group = "kubePrometheusNodeRecording";
    const valuesOf = (raw?: Record<string, unknown>, cluster?: string) => upstreamValues(argsOf(raw, cluster));
    const [without, values] = [valuesOf(), valuesOf({}, "home")];
    assert.equal(rulesIn(without).rules[group], true);
    assert.equal(without.additionalPrometheusRulesMap, undefined);
    assert.equal(rulesIn(values).rules[group], false);
    const sortedNames = (of: Record<string, unknown>) => upstreamRules(of).records.toSorted();
    assert.deepEqual(sortedNames(values), sortedNames(without));
    // Each side of the ratio has the label: a recorded series gets it from the ruler.
    assert.match(
      JSON.stringify(values.additionalPrometheusRulesMap),
      /"cluster:node_cpu:sum_rate5m \/ count by \(cluster\) \(sum by \(cluster, instance, cpu\) \(node_cpu_seconds_total\)\)"/,
    );
    const off = valuesOf({ rules: { upstream: { groups: { [group]: false } } } }, "home");
    assert.equal(off.additionalPrometheusRulesMap, undefined);
  });

  it("carry rules of the settings as they are, beside those with the label, and without upstream's where these are off", () => {
    const nas = { groups: [{ name: "nas", rules: [{ alert: "NasFull", expr: "nas_free_bytes < 1e9", for: "1h" }] }] };
    const rules = { additionalPrometheusRulesMap: { nas } };
    const values = upstreamValues(argsOf({ rules }, "home"));
    const { nas: carried, ...beside } = values.additionalPrometheusRulesMap as Record<string, unknown>;
    assert.deepEqual(carried, nas);
    assert.deepEqual(Object.keys(beside), ["kube-prometheus-node-recording.rules"]);
    assert.ok(upstreamRules(values).alerts.includes("NasFull"));
    const alone = upstreamValues(argsOf({ rules: { ...rules, upstream: { enabled: false } } }, "home"));
    assert.deepEqual(upstreamRules(alone), { alerts: ["NasFull"], records: [] });
    assert.deepEqual(alone.additionalPrometheusRulesMap, { nas });
    assert.equal((alone.grafana as { forceDeployDashboards: boolean }).forceDeployDashboards, false);
  });

  it("leave Prometheus' and the operator's groups to their own release", () => {
    const { disabled, ...own } = rulesIn(kpsRuleValues({ ...argsOf(), writes: true }));
    assert.deepEqual(on({ disabled, ...own }), ["prometheus", "prometheusOperator"]);
    for (const group of on({ disabled, ...own })) assert.ok(!on(upstream()).includes(group), group);
    assert.ok(disabled.PrometheusRemoteWriteBehind);
  });

  it("have upstream's alerts about remote_write where this program has none", () => {
    const { disabled } = rulesIn(kpsRuleValues({ ...argsOf(), writes: false }));
    assert.ok(!disabled.PrometheusRemoteWriteBehind);
    assert.ok(disabled.PrometheusBadConfig);
  });

  it("take the settings' groups, alerts, labels, waiting times and namespaces", () => {
    const raw = {
      rules: {
        disabled: ["CPUThrottlingHigh"],
        labels: { team: "home" },
        overrides: { KubeQuotaAlmostFull: { for: "1h" } },
        upstream: {
          groups: { network: false, etcd: true },
          groupLabels: { general: { room: "1" } },
          namespaces: "shop",
        },
      },
    };
    const values = upstreamValues(argsOf(raw, "home"));
    const rules = rulesIn(values);
    assert.ok(!on(rules).includes("network") && on(rules).includes("etcd"));
    assert.deepEqual(values.kubeEtcd, { enabled: true });
    assert.ok(rules.disabled.CPUThrottlingHigh);
    assert.deepEqual(rules.additionalRuleGroupLabels.general, { cluster: "home", team: "home", room: "1" });
    assert.deepEqual(values.customRules, { KubeQuotaAlmostFull: { for: "1h" } });
    assert.equal(rules.appNamespacesTarget, "shop");
  });

  it("take what else the chart's defaultRules have, in both releases", () => {
    const more = {
      appNamespacesOperator: "!~",
      keepFiringFor: "5m",
      kubeletServerCertificateExpiration: { warning: 1209600 },
      node: { fsSelector: 'fstype=~"ext4|xfs", mountpoint!="/boot"' },
      additionalRuleAnnotations: { KubeJobFailed: { room: "1" } },
    };
    const args = argsOf({ rules: { upstream: { namespaces: "dev", defaultRules: more } } });
    for (const values of [upstreamValues(args), kpsRuleValues({ ...args, writes: true })])
      for (const [key, value] of Object.entries(more))
        assert.deepEqual((values.defaultRules as Record<string, unknown>)[key], value, key);
  });

  it("give recorded series no label: what they are joined with has none inside a Prometheus", () => {
    const { additionalRuleGroupLabels: labels } = upstream(
      { monitors: scraped, rules: { labels: { a: "b" } } },
      "home",
    );
    for (const group of ["node", "nodeExporterRecording", "k8sPodOwner", "kubeSchedulerRecording", "kubelet"])
      assert.equal(labels[group], undefined, group);
    assert.deepEqual(labels.kubernetesApps, { cluster: "home", a: "b" });
  });

  it("have no alert that fires because a job is absent by the settings", () => {
    const { disabled } = upstream({ monitors: { kubelet: false, apiServer: false } });
    assert.ok(disabled.KubeletDown && disabled.KubeAPIDown);
    assert.ok(!upstream().disabled.KubeletDown);
  });

  it("are none at all where they are switched off", () => {
    const off = argsOf({ rules: { upstream: { enabled: false } } });
    assert.deepEqual(kpsRuleValues({ ...off, writes: true }), { defaultRules: { create: false } });
  });
});

describe("Alerts with upstream's names", () => {
  const settings = settingsSchema.parse({ monitors: scraped });
  const own = [
    ...Object.values(baseRules(settings)).flat(),
    ...remoteWriteRules({ environment: { namespace: "monitoring" }, settings: settings.kps, backend: "mimir" }),
  ].flatMap(({ rules }) => rules.map(({ alert }) => alert));

  it("are replaced by one that this program has", () => {
    assert.deepEqual(
      Object.keys(replaced).filter((alert) => !own.includes(alert)),
      [],
    );
  });

  it("are off in the chart where their group is on", () => {
    const args = argsOf({ monitors: scraped });
    for (const rules of [upstream({ monitors: scraped }), rulesIn(kpsRuleValues({ ...args, writes: true }))])
      for (const [alert, { group }] of Object.entries(replaced))
        assert.equal(rules.disabled[alert] ?? false, rules.rules[group], alert);
  });
});
