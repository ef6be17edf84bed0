import assert from "node:assert/strict";
import type { Resource } from "../../../engine/graph";
import { besideTheSteps } from "../../../commands/plan/beside";
import type { Recorded } from "../../../commands/shared/record";
import { stepsBetween } from "../../../commands/plan/steps";
import type { Properties } from "../../../engine/values";
import { graph, resource } from "../../engine/graphs";

/** What is said of a move, with these Secrets readable. */
function beside(before: Resource[], after: Resource[], secrets: string[] = [], recorded?: Recorded): string[] {
  const [source, target] = [graph(...before), graph(...after)];
  const readable = { secrets, configMaps: [], scrapeConfigs: [] };
  return besideTheSteps(source, target, stepsBetween(source, target), readable, "mimir", recorded);
}

const off = {
  ...{ admissionWebhooks: { enabled: false }, tls: { enabled: false } },
  ...{ kubeletService: { enabled: false }, kubeletEndpointsEnabled: false },
};

const kps = (values: Properties = {}, options: Resource["options"] | object = {}): Resource =>
  resource(
    "kubernetes:helm.sh/v3:Release",
    {
      ...{ name: "kps", namespace: "home", chart: "kube-prometheus-stack" },
      values: { prometheusOperator: off, ...values },
    },
    { options },
  );

const monitor = (endpoint: Properties): Resource =>
  resource("kubernetes:monitoring.coreos.com/v1:ServiceMonitor", {
    metadata: { name: "nas", namespace: "home" },
    spec: { endpoints: [endpoint] },
  });

describe("what a plan tells beside its steps", () => {
  it("is nothing while kube-prometheus-stack stays, and what its operator made where it goes", () => {
    assert.deepEqual(beside([kps()], [kps({ prometheus: { prometheusSpec: {} } })]), []);
    assert.deepEqual(beside([], [kps()]), []);
    assert.deepEqual(beside([resource("kubernetes:helm.sh/v3:Release", { name: "kps", chart: "other" })], []), []);
    const [workload, rest, hooks, kubelet, names, scrapeConfigs, configs, ...more] = beside([kps()], []);
    assert.match(workload, /^StatefulSet home\/prometheus-kps-kube-prometheus-stack-prometheus is deleted: /);
    assert.match(rest, /^Service home\/prometheus-operated and .* are deleted in the same way$/);
    assert.match(hooks, /^Helm runs no hooks, and there are no webhooks/);
    assert.match(
      kubelet,
      /^Service and Endpoints kube-system\/kps-kube-prometheus-stack-kubelet: the operator creates none/,
    );
    assert.match(
      names,
      /^Services home\/prometheus-operated, home\/kps-kube-prometheus-stack-prometheus: they are deleted, /,
    );
    assert.match(
      scrapeConfigs,
      /^other applications' ScrapeConfigs: Alloy scrapes those in metrics\.scrapeConfigs \(none\) and no others/,
    );
    assert.match(
      configs,
      /^other applications' AlertmanagerConfigs \(--before FILE names them\): .* no change of them is read; .*`npm run verify` lists each$/,
    );
    assert.deepEqual(more, []);
  });

  it("names what an adopted release had about the control plane, for each part that the stack doesn't scrape, and who read AlertmanagerConfigs", () => {
    const imported = kps({ fullnameOverride: "old" }, { import: "home/kps" });
    const scrapes = (name: string) =>
      resource(
        "kubernetes:monitoring.coreos.com/v1alpha1:ScrapeConfig",
        { metadata: { name, namespace: "home" } },
        { name },
      );
    const of = (...names: string[]) => beside([kps()], [imported, ...names.map(scrapes)]);
    const [scheduler, ...others] = of();
    assert.equal(
      scheduler,
      "ServiceMonitor home/old-kube-scheduler, Service kube-system/old-kube-scheduler, rule groups kube-scheduler.rules, kubernetes-system-scheduler: if the release had them, they end with its import, and nothing scrapes kube-scheduler then: monitors.scheduler doesn't say where it is",
    );
    assert.deepEqual(
      others.slice(0, -1).map((each) => each.split(",")[0]),
      ["kube-controller-manager", "kube-proxy", "kube-etcd"].map((job) => `ServiceMonitor home/old-${job}`),
    );
    const [configs, ...more] = of("kube-scheduler", "kube-controller-manager", "kube-proxy", "etcd");
    assert.match(
      configs,
      /^other applications' AlertmanagerConfigs .*: .*`npm run adopt` translates each, or says why it can't$/,
    );
    assert.deepEqual(more, []);
  });

  it("says of an import only before it was done: once, where the plan is of the stage as it is", () => {
    const imported = kps({}, { import: "home/kps" });
    const changed = kps({ grafana: { enabled: false } }, { import: "home/kps" });
    assert.equal(beside([imported], [imported]).length, 5);
    assert.deepEqual(beside([imported], [changed]), []);
  });

  it("is told of a protected release too: that it can't go yet is a step of its own", () => {
    assert.equal(beside([kps({}, { protect: true })], []).length, 7);
  });

  it("says where hooks, webhooks and the kubelet's Endpoints stay behind", () => {
    const [, , hooks, kubelet] = beside([kps({ prometheusOperator: { tls: { enabled: false } } })], []);
    assert.match(hooks, /leave Jobs and a Secret behind/);
    assert.match(kubelet, /they stay and become stale/);
  });

  it("names the AlertmanagerConfigs that were recorded before, and says nothing of them where there were none", () => {
    const of = (AlertmanagerConfig: string[], ends: Recorded["ends"] = []) =>
      beside([kps()], [], [], { has: { AlertmanagerConfig }, ends }).filter((sentence) =>
        sentence.startsWith("AlertmanagerConfig"),
      );
    const [only, ...more] = of(["home/door", "shop/team"]);
    assert.match(
      only,
      /^AlertmanagerConfigs home\/door, shop\/team: an Alertmanager of the operator outside the stack /,
    );
    assert.deepEqual([more, of([])], [[], []]);
    const said = { kind: "AlertmanagerConfig" as const, name: "home/door", why: "unread", how: "rewrite it" };
    assert.match(of(["home/door", "shop/team"], [said]).join(), /^AlertmanagerConfigs shop\/team: /);
  });

  it("lists monitors that Alloy can't scrape, and what this Prometheus added to every target", () => {
    const secret = { basicAuth: { username: { name: "nas", key: "u" }, password: { name: "nas", key: "p" } } };
    const said = beside([kps(), monitor(secret)], [monitor(secret)]).slice(7);
    assert.deepEqual(
      said.map((sentence) => sentence.split(" is in")[0]),
      ["ServiceMonitor nas: endpoints[0].basicAuth.username", "ServiceMonitor nas: endpoints[0].basicAuth.password"],
    );
    assert.deepEqual(beside([kps(), monitor(secret)], [monitor(secret)], ["home/nas"]).slice(7), []);
    const [adds] = beside([kps({ prometheus: { prometheusSpec: { podTargetLabels: ["team"] } } })], []).slice(7);
    assert.match(adds, /^Prometheus kps-kube-prometheus-stack-prometheus: podTargetLabels: series lose these labels/);
  });

  const nobody = { ruleSelector: { matchLabels: { "observability/evaluator": "none" } } };
  const withSpec = (prometheusSpec: Properties) => kps({ prometheus: { prometheusSpec } });

  it("tells what ends with this Prometheus, by whatever name the chart's values have it", () => {
    const [timeout, first, second, ...more] = beside(
      [
        withSpec({
          ...nobody,
          remoteWrite: [{ name: "office", url: "https://office/push" }, { name: "mimir" }],
          additionalRemoteWrite: [{ name: "cloud" }],
          additionalConfig: { scrapeTimeout: "30s" },
        }),
      ],
      [],
    ).slice(7);
    assert.match(timeout, /^Prometheus kps-kube-prometheus-stack-prometheus: scrapeTimeout is 30s/);
    assert.match(first, /: remoteWrite\[0\] \("office"\) ends with Prometheus/);
    assert.match(second, /: remoteWrite\[2\] \("cloud"\) ends with Prometheus/);
    assert.deepEqual(more, []);
    const from = (additionalScrapeConfigsSecret: Properties) => withSpec({ ...nobody, additionalScrapeConfigsSecret });
    assert.match(beside([from({ enabled: true, name: "a", key: "b" })], []).at(-1) ?? "", /: additionalScrapeConfigs:/);
    assert.equal(beside([from({})], []).length, 7);
  });

  it("names the rules and monitors that the chart makes of the release's values", () => {
    const values: Properties = {
      defaultRules: { create: true, rules: { prometheus: true, prometheusOperator: true, etcd: false } },
      additionalPrometheusRulesMap: {
        mine: { groups: [{ name: "a", rules: [{ alert: "NasFull" }, { record: "nas:used" }] }] },
      },
      additionalPrometheusRules: [{ name: "older", groups: [{ name: "b", rules: [{ alert: "DoorOpen" }] }] }],
      prometheus: {
        additionalServiceMonitors: [{ name: "nas" }],
        additionalPodMonitors: [{ name: "door" }],
        route: { main: { enabled: true }, other: { enabled: false } },
      },
      extraManifests: [{ kind: "Secret", metadata: { name: "key" } }, "kind: {{ .Values.kind }}"],
    };
    assert.deepEqual(
      beside([kps(values)], [])
        .slice(7)
        .map((sentence) => sentence.split(": ").slice(0, 2).join(": ")),
      [
        "Alerts of the release's values that end: NasFull, DoorOpen",
        "Recorded series of the release's values that end: nas:used",
        "ServiceMonitors of the release's values that are deleted: nas",
        "PodMonitors of the release's values that are deleted: door",
        "Objects of the release's extraManifests that are deleted: Secret key, a template",
        "HTTPRoutes of the release's values (prometheus.route) that are deleted: main",
      ],
    );
    assert.deepEqual(beside([kps(values)], [kps(values)]), []);
    assert.deepEqual(beside([kps({ defaultRules: { create: false, rules: { prometheus: true } } })], []).slice(7), []);
  });

  it("tells what only its evaluation did, once: where the release stays and selects no rule any more", () => {
    const spec = {
      externalLabels: { cluster: "home", site: "attic" },
      additionalAlertRelabelConfigsSecret: { name: "a", key: "b" },
      additionalAlertManagerConfigs: [{ static_configs: [] }],
      alertingEndpoints: [{ name: "alertmanager" }],
    };
    const [evaluates, silent] = [withSpec({ ...spec, ruleSelector: {} }), withSpec({ ...spec, ...nobody })];
    const fields = (said: string[]) => said.map((sentence) => /: (\w+)/.exec(sentence)?.[1]);
    const alerts = ["externalLabels", "additionalAlertRelabelConfigs", "additionalAlertManagerConfigs"];
    assert.deepEqual(fields(beside([evaluates], [silent])), alerts);
    assert.deepEqual(beside([silent], [evaluates]), []);
    assert.deepEqual(beside([evaluates], [evaluates]), []);
    assert.deepEqual(fields(beside([silent], []).slice(7)), ["externalLabels"]);
    assert.deepEqual(fields(beside([evaluates], []).slice(7)), ["externalLabels", ...alerts]);
  });
});
