import assert from "node:assert/strict";
import { request } from "node:https";
import { stringify } from "yaml";
import { run as adopt } from "../../commands/adopt/cli";
import { pauseImage } from "../../lab/cluster/native/config";
import { kubeconfigPath } from "../../lab/cluster/paths";
import type { ControlPlanePart } from "../../components/monitors/control-plane";
import type { HelmRelease, KubernetesObject } from "../../commands/shared/objects";
import { offlineRender } from "../../commands/shared/render";
import { operatorAndPrometheus } from "../../lab/sandbox/operator";
import { ApiProxy, testCluster } from "../support/cluster";
import { nodeAddress, parts, reachedAt } from "../support/control-plane";
import { applyHere, leaveNamespace, makeNamespace, renderPart } from "../support/deploy";
import { clusterWide, prometheusPod } from "../support/names";
import { note } from "../support/note";
import { prompt } from "../support/prompt";
import { until } from "../../lab/until";
import { helmRelease } from "../../test/commands/adopt/cluster";
import { testStack } from "../../test/stacks/stacks";

const namespace = "e2e-scraping";
const stack = "sandbox";
// Only faster than the stack, so that the test need not wait for minutes.
const usual = [
  ...["kps.scrapeInterval=5s", "kps.storage=1Gi"],
  ...["probes[0].module=icmp", "probes[0].target=127.0.0.1", "probes[0].name=itself", "probes[0].interval=5s"],
  "probes[0].timeout=2s",
];

/** Labels of a pod in the node's network that stands for the scheduler's static pod: here the scheduler is a process of the node. */
const schedulerPod = { component: "e2e-scraping-scheduler" };

type Labels = Record<string, string>;
interface Sample {
  metric: Labels;
  value: [number, string];
}

/** The labels that kube-prometheus-stack 88.5.3 gives, its pods' names aside, by job and path. */
const expected: Record<string, (labels: Labels) => Labels> = {
  "kubelet /metrics": kubelet("/metrics"),
  "kubelet /metrics/cadvisor": kubelet("/metrics/cadvisor"),
  "kubelet /metrics/probes": kubelet("/metrics/probes"),
  apiserver: ({ instance }) => ({
    instance,
    job: "apiserver",
    namespace: "default",
    service: "kubernetes",
    endpoint: "https",
  }),
  coredns: ({ instance, pod }) => ({
    ...{ instance, pod, job: "coredns", namespace: "kube-system", container: "coredns" },
    ...{ service: "kube-prometheus-stack-coredns", endpoint: "http-metrics" },
  }),
  "node-exporter": ({ instance, pod, node }) => ({
    ...{ instance, pod, node, job: "node-exporter", namespace, container: "node-exporter" },
    ...{ service: "node-exporter", endpoint: "http-metrics" },
  }),
};

/** By its address as `endpoints` of the chart give it; the scheduler by a pod that declares its port. */
function ofControlPlane(part: ControlPlanePart, node: string): Labels {
  const { job, port } = parts[part];
  return {
    ...{ job, instance: `${node}:${port}`, namespace: "kube-system" },
    ...{ service: `kube-prometheus-stack-${job}`, endpoint: "http-metrics" },
    ...(part === "scheduler" && { pod: schedulerPod.component, container: "kube-scheduler" }),
  };
}

/** The status that somebody without a token gets. */
const withoutToken = (host: string, port: number): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    request({ host, port, path: "/metrics", rejectUnauthorized: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .on("error", reject)
      .end();
  });

function kubelet(metrics_path: string) {
  return ({ instance, node }: Labels): Labels => ({
    ...{ instance, node, metrics_path, job: "kubelet", namespace: "kube-system" },
    ...{ service: "kube-prometheus-stack-kubelet", endpoint: "https-metrics" },
  });
}

/** The node's port 9100 is taken where the sandbox runs on the same cluster. */
const onOtherHostPort = (object: KubernetesObject) =>
  JSON.parse(JSON.stringify(prompt(object)).replaceAll("9100", "19100")) as KubernetesObject;

describe("The operator's Prometheus, with the program's values, monitors and rules, on a real cluster", function () {
  this.timeout(10 * 60_000);
  let proxy: ApiProxy;
  let config = usual;
  let node: string;
  let reached: ControlPlanePart[] = [];

  before(async () => {
    const { kubectl } = await testCluster();
    node = await nodeAddress();
    reached = await reachedAt(node);
    config = [
      ...usual,
      ...reached.map((part) =>
        part === "scheduler"
          ? `monitors.scheduler.selector.component=${schedulerPod.component}`
          : `monitors.${part}.endpoints[0]=${node}`,
      ),
    ];
    await kubectl.apply([
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: schedulerPod.component, namespace: "kube-system", labels: schedulerPod },
        spec: {
          hostNetwork: true,
          tolerations: [{ operator: "Exists" }],
          containers: [{ name: "kube-scheduler", image: pauseImage, ports: [{ containerPort: 10259 }] }],
        },
      },
    ]);
    // node-exporter reads the node: the Pod Security Standard calls that privileged.
    await makeNamespace(namespace, "privileged");

    const components = ["exporters", "monitors", "probes", "rules", "upstream-rules"];
    const monitored = await renderPart({ namespace, stack, config, components, edit: onOtherHostPort });
    await applyHere(namespace, monitored);
    await kubectl.apply(operatorAndPrometheus(await release(), "its own namespace").map(prompt));
    proxy = await ApiProxy.start();
  });

  after(async () => {
    const { kubectl } = await testCluster();
    proxy?.stop();
    await kubectl.run(["-n", "kube-system", "delete", "pod", schedulerPod.component, "--ignore-not-found"]);
    await leaveNamespace(namespace);
    await kubectl.run(["delete", "--ignore-not-found", ...clusterWide(namespace)]);
  });

  async function release(): Promise<HelmRelease> {
    const { resources } = await offlineRender({
      ...testStack(stack),
      config: [...config, `namespace.name=${namespace}`],
    });
    const found = resources.find(({ release }) => release?.chart === "kube-prometheus-stack")?.release;
    assert.ok(found, "the stack has no release of kube-prometheus-stack");
    return found;
  }

  async function api<T>(path: string): Promise<T> {
    const answer = await proxy.request(namespace, `pods/${prometheusPod}:9090`, `/api/v1/${path}`);
    const { status, data, error } = (await answer.json()) as { status: string; data: T; error?: string };
    if (status !== "success") throw new Error(error);
    return data;
  }

  const query = async (expr: string) =>
    (await api<{ result: Sample[] }>(`query?query=${encodeURIComponent(expr)}`)).result;

  it("scrapes every base target and node-exporter, with the labels of kube-prometheus-stack", async () => {
    const up = await until("every target answers", 240, async () => {
      const found = await query("up");
      const jobs = new Set(found.filter(({ value }) => value[1] === "1").map(({ metric }) => name(metric)));
      const missing = Object.keys(expected).filter((each) => !jobs.has(each));
      if (missing.length > 0) throw new Error(`nothing of ${missing.join(", ")} answers; up: ${JSON.stringify(found)}`);
      return found;
    });
    for (const { metric } of up.filter(({ metric }) => name(metric) in expected)) {
      assert.deepEqual(metric, { __name__: "up", ...expected[name(metric)](metric) });
    }
    const addressed = up.filter(({ metric }) => name(metric).startsWith("kubelet"));
    assert.ok(
      addressed.every(({ metric }) => /^\d+\.\d+\.\d+\.\d+:10250$/.test(metric.instance)),
      "a node's name is not an address",
    );
  });

  it("scrapes each Probe, for which the exporter pings without a privilege", async () => {
    const [{ metric }] = await until("the probe succeeds", 120, async () => {
      const found = await query('probe_success{job="probes"}');
      if (found[0]?.value[1] !== "1") throw new Error(`probe_success: ${JSON.stringify(found)}`);
      return found;
    });
    const labels = { job: "probes", instance: "127.0.0.1", namespace, probe: "itself" };
    assert.deepEqual(metric, { __name__: "probe_success", ...labels });
  });

  it("scrapes the control plane where it listens, by addresses and by pods, with the labels of kube-prometheus-stack", async function () {
    if (reached.length === 0) this.skip();
    for (const part of reached) {
      const { job, metric } = parts[part];
      const up = await until(`${job} answers`, 120, async () => {
        const found = await query(`up{job="${job}"}`);
        if (found.length !== 1 || found[0].value[1] !== "1") throw new Error(`up: ${JSON.stringify(found)}`);
        return found;
      });
      assert.deepEqual(up[0].metric, { __name__: "up", ...ofControlPlane(part, node) });
      const [series] = await query(`count({__name__="${metric}",job="${job}"})`);
      assert.ok(Number(series?.value[1]) > 0, `${job} has no ${metric}`);
      note(`${job}: scraped, ${series.value[1]} series of ${metric}`);
    }
  });

  it("tells `adopt` which targets of a release answer, by the API server's proxy", async function () {
    if (reached.length === 0) this.skip();
    const { kubectl } = await testCluster();
    const manifest = Object.values(parts)
      .map(({ job }) => ({ kind: "ServiceMonitor", metadata: { name: `kube-prometheus-stack-${job}`, namespace } }))
      .map((object) => `---\n${stringify(object)}`)
      .join("");
    const chart = { name: "kube-prometheus-stack", version: "88.5.3" };
    // Helm's record of a release that this could be the Prometheus of: the chart can't be had on this kind of machine.
    await kubectl.apply([helmRelease(chart.name, chart, { namespace, manifest })]);
    let [text, error] = ["", ""];
    const output = { out: (part: string) => (text += part), error: (part: string) => (error += part) };
    const kubeconfig = process.env.KUBECONFIG ?? kubeconfigPath();
    // The pod answers the tests above before it is Ready; only then does its Service lead to it.
    await until("Prometheus is ready", 120, async () => {
      const service = await proxy.request(namespace, "services/kube-prometheus-stack-prometheus:9090", "/-/ready");
      if (!service.ok) throw new Error(`its Service answers ${service.status}`);
      return true;
    });
    const code = await adopt(["--stack", "new", `--config=kubernetes.kubeconfig=${kubeconfig}`, "--json=-"], output);
    assert.equal(code, 0, error);
    const { settings } = JSON.parse(text) as { settings: { monitors?: object } };
    assert.deepEqual(Object.keys(settings.monitors ?? {}).sort(), [...reached].sort(), text);
  });

  it("is let in by scheduler and controller manager for its token: who has none is refused", async () => {
    for (const part of reached.filter((each) => each === "scheduler" || each === "controllerManager"))
      assert.ok([401, 403].includes((await withoutToken(node, parts[part].port))!), part);
  });

  it("keeps what dashboards read of a container, with its own namespace and pod, and drops the API server's buckets", async () => {
    const memory = await until("cAdvisor's samples", 180, async () => {
      const found = await query(`container_memory_working_set_bytes{namespace="${namespace}",container="prometheus"}`);
      return found.length > 0 ? found : undefined;
    });
    assert.equal(memory[0].metric.pod, prometheusPod);
    assert.ok((await query('count({job="apiserver",__name__=~"apiserver_.+_count"})')).length > 0);
    assert.deepEqual(await query('{job="apiserver",__name__=~".+_bucket"}'), []);
    assert.deepEqual(await query('{job="kubelet",metrics_path="/metrics/cadvisor",id=~".+",pod=""}'), []);
  });

  it("evaluates every group of rules without an error", async () => {
    // A rule that asks for what isn't scraped yet may fail once.
    await until("every rule is evaluated without an error", 180, async () => {
      const { groups } = await api<{ groups: { name: string; rules: { name: string; health: string }[] }[] }>("rules");
      assert.ok(groups.length > 10, `${groups.length} groups`);
      assert.deepEqual(
        groups.flatMap(({ rules }) => rules.filter(({ health }) => health !== "ok")),
        [],
      );
      return true;
    });
    const watchdog = await until("Watchdog fires", 120, async () =>
      (await query('ALERTS{alertname="Watchdog"}')).at(0),
    );
    assert.deepEqual(
      [watchdog.metric.severity, watchdog.metric.alertstate, watchdog.metric.cluster],
      ["none", "firing", stack],
    );
  });

  it("records the series that dashboards read, with the node of each container", async () => {
    const recorded = await until("recorded series", 120, async () => {
      const found = await query("instance:node_cpu_utilisation:rate5m");
      return found.length > 0 ? found : undefined;
    });
    assert.equal(recorded[0].metric.job, "node-exporter");
  });
});

const name = ({ job, metrics_path }: Labels) => [job, metrics_path].filter(Boolean).join(" ");
