import assert from "node:assert/strict";
import type { HelmRelease, KubernetesObject } from "../../offline/objects";
import { offlineRender } from "../../offline/render";
import { apply } from "../../sandbox/apply";
import { ApiProxy, testCluster } from "../support/cluster";
import { removeNamespace, renderPart } from "../support/deploy";
import { clusterWide, operatorAndPrometheus, prometheusPod } from "../support/operator";
import { until } from "../../sandbox/until";

const namespace = "e2e-scraping";
const stack = "sandbox";
// Only faster than the stack, so that the test need not wait for minutes.
const config = ["kps.scrapeInterval=5s", "kps.storage=1Gi"];

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

function kubelet(metrics_path: string) {
  return ({ instance, node }: Labels): Labels => ({
    ...{ instance, node, metrics_path, job: "kubelet", namespace: "kube-system" },
    ...{ service: "kube-prometheus-stack-kubelet", endpoint: "https-metrics" },
  });
}

/** The node's port 9100 is taken where the sandbox runs on the same cluster. */
const onOtherHostPort = (object: KubernetesObject) =>
  JSON.parse(JSON.stringify(object).replaceAll("9100", "19100")) as KubernetesObject;

describe("The operator's Prometheus, with the program's values, monitors and rules, on a real cluster", function () {
  this.timeout(10 * 60_000);
  let proxy: ApiProxy;

  before(async () => {
    const { kubectl, unavailable } = await testCluster();
    await removeNamespace(namespace);
    // node-exporter reads the node: the Pod Security Standard calls that privileged.
    const labels = { "pod-security.kubernetes.io/enforce": "privileged" };
    await kubectl.apply([{ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } }]);

    const components = ["exporters", "monitors", "rules"];
    const monitored = await renderPart({ namespace, stack, config, components, edit: onOtherHostPort });
    await apply(kubectl, namespace, monitored, { unavailable });
    await kubectl.apply(operatorAndPrometheus(namespace, await release()));
    proxy = await ApiProxy.start();
  });

  after(async () => {
    const { kubectl } = await testCluster();
    proxy?.stop();
    await removeNamespace(namespace);
    await kubectl.run(["delete", "--ignore-not-found", ...clusterWide(namespace)]);
  });

  async function release(): Promise<HelmRelease> {
    const { resources } = await offlineRender({ stack, config: [...config, `namespace.name=${namespace}`] });
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

  it("keeps what dashboards read of a container, with its own namespace and pod, and drops the API server's buckets", async () => {
    const memory = await until("cAdvisor's samples", 60, async () => {
      const found = await query(`container_memory_working_set_bytes{namespace="${namespace}",container="prometheus"}`);
      return found.length > 0 ? found : undefined;
    });
    assert.equal(memory[0].metric.pod, prometheusPod);
    assert.ok((await query('count({job="apiserver",__name__=~"apiserver_.+_count"})')).length > 0);
    assert.deepEqual(await query('{job="apiserver",__name__=~".+_bucket"}'), []);
    assert.deepEqual(await query('{job="kubelet",metrics_path="/metrics/cadvisor",id=~".+",pod=""}'), []);
  });

  it("evaluates every group of rules without an error", async () => {
    const groups = await until("rules are evaluated", 120, async () => {
      const { groups } = await api<{ groups: { name: string; rules: { name: string; health: string }[] }[] }>("rules");
      const pending = groups.flatMap(({ rules }) => rules.filter(({ health }) => health === "unknown"));
      return groups.length > 10 && pending.length === 0 ? groups : undefined;
    });
    assert.deepEqual(
      groups.flatMap(({ rules }) => rules.filter(({ health }) => health !== "ok")),
      [],
    );
    const watchdog = await until("Watchdog fires", 30, async () => (await query('ALERTS{alertname="Watchdog"}')).at(0));
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
