import assert from "node:assert/strict";
import { stringify } from "yaml";
import { kubeconfigPath } from "../lab/cluster/paths";
import { mimirAlertmanagerRules } from "../components/mimir/alertmanager-rules";
import type { RuleGroup } from "../components/rules/types";
import type { KubernetesObject } from "../commands/shared/objects";
import { offlineRender } from "../commands/shared/render";
import { until } from "../lab/until";
import { apiOf } from "../commands/shared/api/api-server";
import { loadStack } from "../commands/verify/load";
import { subjectOf } from "../commands/verify/subject";
import { verify } from "../commands/verify/verify";
import { ApiProxy, testCluster } from "./support/cluster";
import { applyHere, leaveNamespace, makeNamespace, renderPart } from "./support/deploy";
import { storeScript } from "./support/job";
import { replacePod } from "./support/node";
import { evaluatingPrometheus } from "./support/prometheus";
import { prompt } from "./support/prompt";
import { notifications, receiverObjects, receiverUrl } from "./support/receiver";
import { alertmanagerPrefix } from "../settings/sections/alerting";
import { testStack } from "../test/stacks/stacks";

const namespace = "e2e-mimir-alertmanager";
const mimir = "services/mimir:9009";
const stack = "sandbox";
const components = ["object-storage", "secrets", "alertmanager", "mimir"];
/** Where the heartbeat goes: a given secret, which Mimir's Alertmanager reads from a file. */
const secretUrl = receiverUrl(namespace, "/heartbeat-7Qx2");

const config = [
  "stage=mimir-default",
  "alertmanager.implementation=mimir",
  `alertmanager.webhook=${receiverUrl(namespace, "/notify")}`,
  "alertmanager.heartbeat=true",
  `secretValues.heartbeat.url=${secretUrl}`,
  "alertmanager.groupWait=1s",
  "alertmanager.groupInterval=10s",
  "alertmanager.heartbeatInterval=10s",
  "mimir.storage=1Gi",
];

const ruleGroup: RuleGroup = {
  name: "test",
  interval: "5s",
  rules: [
    {
      alert: "Watchdog",
      expr: "vector(1)",
      labels: { severity: "none" },
      annotations: { summary: "Always fires", description: "As the base rules' own." },
    },
    {
      alert: "EvaluatedByMimir",
      expr: "vector(1)",
      labels: { severity: "warning", namespace: "nightscout" },
      annotations: { summary: "A test", description: "Always fires." },
    },
  ],
};

/** A Prometheus that finds Alertmanager as the values of kube-prometheus-stack say, and evaluates one alert. */
async function prometheusObjects(): Promise<KubernetesObject[]> {
  const { resources } = await offlineRender({
    ...testStack(stack),
    config: [...config, `namespace.name=${namespace}`],
  });
  const release = resources.find((each) => each.release?.chart === "kube-prometheus-stack")?.release;
  const { prometheusSpec } = release?.values.prometheus as {
    prometheusSpec: { additionalAlertManagerConfigs: object[]; alertingEndpoints: object[] };
  };
  assert.deepEqual(prometheusSpec.alertingEndpoints, []);
  const alert = { alert: "EvaluatedByPrometheus", expr: "vector(1)", labels: { severity: "warning" } };
  return evaluatingPrometheus(namespace, prometheusSpec.additionalAlertManagerConfigs, [
    { name: "test", rules: [alert] },
  ]);
}

describe("Mimir's Alertmanager on a real cluster, with real Mimir and a receiver that counts", function () {
  this.timeout(10 * 60_000);
  let proxy: ApiProxy;

  before(async () => {
    const { kubectl } = await testCluster();
    const resources = await renderPart({ namespace, stack, config, components, edit: prompt });
    const workloads = resources.flatMap(({ object }) => (object?.kind === "StatefulSet" ? object.metadata.name : []));
    assert.ok(!workloads.includes("alertmanager"), "there is an Alertmanager of its own as well");
    await makeNamespace(namespace);
    await kubectl.apply([...receiverObjects(namespace), ...(await prometheusObjects())]);
    await applyHere(namespace, resources);
    proxy = await ApiProxy.start();
  });

  after(async () => {
    proxy?.stop();
    await leaveNamespace(namespace);
  });

  /** Asks Mimir, and again while the API server's proxy still asks the pod of before. */
  async function ask(path: string, init?: RequestInit): Promise<string> {
    return until(`Mimir answers ${path}`, 120, async () => {
      const answer = await proxy.request(namespace, mimir, path, init);
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text}`);
      return text;
    });
  }

  const json = (body: object): RequestInit => ({
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

  /** Notifications at a path of the receiver that tell of an alert. */
  async function told(path: string, alertname: string): ReturnType<typeof notifications> {
    const { kubectl } = await testCluster();
    const all = await notifications(kubectl, namespace);
    return all.filter((n) => n.path === path && n.alerts.some(({ labels }) => labels.alertname === alertname));
  }

  it("brings an alert that somebody posts to the receiver, once for its group", async () => {
    const labels = { alertname: "Posted", severity: "critical", namespace: "nightscout" };
    await ask(`${alertmanagerPrefix}/api/v2/alerts`, json([{ labels, annotations: { summary: "A test" } }]));
    const got = await until("the receiver is told", 120, async () => {
      const about = await told("/notify", labels.alertname);
      return about.length > 0 ? about : undefined;
    });
    assert.equal(got.length, 1);
    assert.deepEqual(
      got[0].alerts.map(({ status, labels: { severity, namespace } }) => [status, severity, namespace]),
      [["firing", "critical", "nightscout"]],
    );
  });

  it("brings what Mimir's ruler evaluates to the receiver, and Watchdog to the address that is in a file, alone", async () => {
    await ask("/prometheus/config/v1/rules/test", { method: "POST", body: stringify(ruleGroup) });
    await until("the receiver is told", 180, async () =>
      (await told("/notify", "EvaluatedByMimir")).length > 0 ? true : undefined,
    );
    await until("three calls of the dead man's switch", 180, async () =>
      (await told(new URL(secretUrl).pathname, "Watchdog")).length >= 3 ? true : undefined,
    );
    assert.deepEqual(await told("/notify", "Watchdog"), []);
    assert.deepEqual(await told(new URL(secretUrl).pathname, "EvaluatedByMimir"), []);
  });

  it("brings what a Prometheus sends, that finds it as kube-prometheus-stack's values say", async () => {
    await until("the receiver is told", 180, async () =>
      (await told("/notify", "EvaluatedByPrometheus")).length > 0 ? true : undefined,
    );
  });

  it("passes the rows about Alertmanager of the checklist, which asks Mimir for them", async () => {
    const loaded = await loadStack({ ...testStack(stack), config: [...config, `namespace.name=${namespace}`] });
    const subject = subjectOf({ ...loaded, unavailable: new Map() });
    const workloads = subject.workloads.filter(({ part }) => part === "mimir"); // the others are not in this test
    const api = await apiOf({ kubeconfig: process.env.KUBECONFIG ?? kubeconfigPath() }, { milliseconds: 30_000 });
    const { checks } = await verify({ ...subject, workloads, panels: [] }, api);
    // Whose AlertmanagerConfigs there are is of the whole cluster, and of other tests on it.
    const rows = checks.filter(({ id }) => id.startsWith("alertmanager/") && id !== "alertmanager/configs");
    assert.deepEqual(
      rows.map(({ id, result }) => [id, result]),
      ["ready", "watchdog", "notifications"].map((row) => [`alertmanager/${row}`, "pass"]),
      rows.map(({ detail }) => detail).join("\n"),
    );
    assert.match(rows[2].detail, /0 failed since .*; Watchdog reached a webhook/);
  });

  it("has the series that its alerts are made of, but for failures, which it counts from the first on", async () => {
    const text = await ask("/metrics");
    const exprs = mimirAlertmanagerRules({ namespace }).flatMap(({ rules }) => rules.map(({ expr }) => expr));
    const names = new Set(exprs.flatMap((expr) => expr.match(/\bcortex_\w+/g) ?? []));
    const missing = [...names].filter((name) => !new RegExp(`^${name}[{ ]`, "m").test(text)).sort();
    assert.deepEqual(missing, [
      "cortex_alertmanager_alerts_invalid_total",
      "cortex_alertmanager_notifications_failed_total",
    ]);
    assert.ok(names.size > 6, `only ${names.size} series`);
  });

  it("keeps a silence over a restart of Mimir, and tells nobody again of what was told", async () => {
    const before = await told("/notify", "EvaluatedByMimir");
    const silence = {
      matchers: [{ name: "alertname", value: "EvaluatedByMimir", isRegex: false, isEqual: true }],
      startsAt: new Date().toISOString(),
      endsAt: new Date(Date.now() + 3600_000).toISOString(),
      createdBy: "test",
      comment: "test",
    };
    const said = await ask(`${alertmanagerPrefix}/api/v2/silences`, json(silence));
    const { silenceID } = JSON.parse(said) as { silenceID: string };
    const beats = (await told(new URL(secretUrl).pathname, "Watchdog")).length;

    await replacePod(namespace, "mimir-0");

    // It answers before it has read what it kept.
    const silences = await until("it has silences again", 120, async () => {
      const all = JSON.parse(await ask(`${alertmanagerPrefix}/api/v2/silences`)) as {
        id: string;
        status: { state: string };
      }[];
      return all.length > 0 ? all : undefined;
    });
    assert.deepEqual(
      silences.map(({ id, status }) => [id, status.state]),
      [[silenceID, "active"]],
    );
    // The heartbeat says that rules are evaluated and notifications sent again.
    await until("the dead man's switch is called again", 180, async () =>
      (await told(new URL(secretUrl).pathname, "Watchdog")).length > beats + 1 ? true : undefined,
    );
    assert.equal((await told("/notify", "EvaluatedByMimir")).length, before.length);
  });

  it("takes no configuration from anybody else, and has no secret in its bucket", async () => {
    const receivers = { alertmanager_config: "route: { receiver: mine }\nreceivers: [{ name: mine }]\n" };
    const body = stringify(receivers);
    const answer = await proxy.request(namespace, mimir, "/api/v1/alerts", { method: "POST", body });
    assert.equal(answer.status, 404, await answer.text());
    const script =
      "mc find store/mimir-alertmanager; mc find store/mimir-alertmanager --exec 'mc cat {}' | tr -d '\\0'";
    const kept = await storeScript(namespace, "mimir-object-store", script);
    assert.match(kept, /mimir-alertmanager\//, "the bucket is empty: nothing was looked through");
    assert.ok(!kept.includes(new URL(secretUrl).pathname), "the heartbeat's address is in the bucket");
  });
});
