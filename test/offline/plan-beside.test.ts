import assert from "node:assert/strict";
import type { Resource } from "../../offline/graph";
import { besideTheSteps } from "../../offline/plan-beside";
import { stepsBetween } from "../../offline/plan-steps";
import type { Properties } from "../../offline/values";
import { graph, resource } from "./graphs";

/** What is said of a move, with these Secrets readable. */
function beside(before: Resource[], after: Resource[], secrets: string[] = []): string[] {
  const [source, target] = [graph(...before), graph(...after)];
  return besideTheSteps(source, target, stepsBetween(source, target), { secrets, configMaps: [] });
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
    const [workload, rest, hooks, kubelet, ...more] = beside([kps()], []);
    assert.match(workload, /^StatefulSet home\/prometheus-kps-kube-prometheus-stack-prometheus goes: /);
    assert.match(rest, /^Service home\/prometheus-operated, .* go with it/);
    assert.match(hooks, /^Helm runs no hook, and there is no webhook/);
    assert.match(
      kubelet,
      /^Service and Endpoints kube-system\/kps-kube-prometheus-stack-kubelet: the operator keeps none/,
    );
    assert.deepEqual(more, []);
  });

  it("is told of a protected release too: that it can't go yet is a step of its own", () => {
    assert.equal(beside([kps({}, { protect: true })], []).length, 4);
  });

  it("says where hooks, webhooks and the kubelet's Endpoints stay behind", () => {
    const [, , hooks, kubelet] = beside([kps({ prometheusOperator: { tls: { enabled: false } } })], []);
    assert.match(hooks, /leave Jobs and a Secret behind/);
    assert.match(kubelet, /they stay and go stale/);
  });

  it("lists monitors that Alloy can't scrape, and what this Prometheus added to every target", () => {
    const secret = { basicAuth: { username: { name: "nas", key: "u" }, password: { name: "nas", key: "p" } } };
    const said = beside([kps(), monitor(secret)], [monitor(secret)]).slice(4);
    assert.deepEqual(
      said.map((sentence) => sentence.split(" is in")[0]),
      ["ServiceMonitor nas: endpoints[0].basicAuth.username", "ServiceMonitor nas: endpoints[0].basicAuth.password"],
    );
    assert.deepEqual(beside([kps(), monitor(secret)], [monitor(secret)], ["home/nas"]).slice(4), []);
    const [adds] = beside([kps({ prometheus: { prometheusSpec: { podTargetLabels: ["team"] } } })], []).slice(4);
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
    ).slice(4);
    assert.match(timeout, /^Prometheus kps-kube-prometheus-stack-prometheus: scrapeTimeout is 30s/);
    assert.match(first, /: remoteWrite\[0\] \("office"\) ends with Prometheus/);
    assert.match(second, /: remoteWrite\[2\] \("cloud"\) ends with Prometheus/);
    assert.deepEqual(more, []);
    const from = (additionalScrapeConfigsSecret: Properties) => withSpec({ ...nobody, additionalScrapeConfigsSecret });
    assert.match(beside([from({ enabled: true, name: "a", key: "b" })], []).at(-1) ?? "", /: additionalScrapeConfigs:/);
    assert.equal(beside([from({})], []).length, 4);
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
    assert.deepEqual(fields(beside([silent], []).slice(4)), ["externalLabels"]);
    assert.deepEqual(fields(beside([evaluates], []).slice(4)), ["externalLabels", ...alerts]);
  });
});
