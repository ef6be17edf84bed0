import assert from "node:assert/strict";
import { scrapeConfigSpec } from "../../../components/monitors/scrape-config";
import { baseTargets, type BaseTarget } from "../../../components/monitors/targets";
import { settingsSchema } from "../../../settings/schema";
import { relabel } from "./relabel";

function targets(monitors: Record<string, unknown> = {}, dropApiserverHistograms = true): Map<string, BaseTarget> {
  const { monitors: settings } = settingsSchema.parse({ monitors });
  return new Map(baseTargets({ settings, dropApiserverHistograms }).map((target) => [target.name, target]));
}

const target = (name: string, ...args: Parameters<typeof targets>) => targets(...args).get(name)!;
const withEtcd = { etcd: { endpoints: ["10.0.0.1"] } };

/** Labels of the series of what discovery found, as Prometheus makes them (`instance` last). */
function labelsOf({ job, path, relabelings }: BaseTarget, discovered: Record<string, string>) {
  const labels = relabel({ job, __metrics_path__: path, ...discovered }, relabelings);
  if (!labels) return undefined;
  const kept = Object.entries(labels).filter(([name]) => !name.startsWith("__"));
  return { instance: labels.__address__, ...Object.fromEntries(kept) };
}

const keeps = ({ metricRelabelings }: BaseTarget, sample: Record<string, string>) =>
  relabel(sample, metricRelabelings) !== undefined;

describe("Series of the base targets have kube-prometheus-stack's labels:", () => {
  // Prometheus's node discovery sets `instance` to the node's name (discovery/kubernetes/node.go).
  const node = { __address__: "10.0.0.2:10250", instance: "pi-2", __meta_kubernetes_node_name: "pi-2" };
  for (const [name, metrics_path] of Object.entries({
    kubelet: "/metrics",
    "kubelet-cadvisor": "/metrics/cadvisor",
    "kubelet-probes": "/metrics/probes",
  })) {
    it(`${name}, by address, node and path`, () =>
      assert.deepEqual(labelsOf(target(name), node), {
        job: "kubelet",
        instance: "10.0.0.2:10250",
        node: "pi-2",
        metrics_path,
        namespace: "kube-system",
        service: "kube-prometheus-stack-kubelet",
        endpoint: "https-metrics",
      }));
  }

  it("the API server, and no other Service or port of its namespace", () => {
    const slice = {
      __address__: "10.0.0.1:6443",
      __meta_kubernetes_service_name: "kubernetes",
      __meta_kubernetes_endpointslice_port_name: "https",
    };
    assert.deepEqual(labelsOf(target("apiserver"), slice), {
      job: "apiserver",
      instance: "10.0.0.1:6443",
      namespace: "default",
      service: "kubernetes",
      endpoint: "https",
    });
    assert.equal(labelsOf(target("apiserver"), { ...slice, __meta_kubernetes_service_name: "web" }), undefined);
    assert.equal(
      labelsOf(target("apiserver"), { ...slice, __meta_kubernetes_endpointslice_port_name: "x" }),
      undefined,
    );
  });

  it("CoreDNS, its metrics port only, and no pod that has ended", () => {
    const pod = {
      __address__: "10.244.0.9:9153",
      __meta_kubernetes_pod_name: "coredns-x",
      __meta_kubernetes_pod_container_name: "coredns",
      __meta_kubernetes_pod_container_port_number: "9153",
      __meta_kubernetes_pod_phase: "Running",
    };
    assert.deepEqual(labelsOf(target("coredns"), pod), {
      job: "coredns",
      instance: "10.244.0.9:9153",
      namespace: "kube-system",
      pod: "coredns-x",
      container: "coredns",
      service: "kube-prometheus-stack-coredns",
      endpoint: "http-metrics",
    });
    assert.equal(labelsOf(target("coredns"), { ...pod, __meta_kubernetes_pod_container_port_number: "53" }), undefined);
    assert.equal(labelsOf(target("coredns"), { ...pod, __meta_kubernetes_pod_phase: "Failed" }), undefined);
  });

  const parts = {
    scheduler: { name: "kube-scheduler", job: "kube-scheduler", pods: { component: "kube-scheduler" }, port: 10259 },
    controllerManager: {
      name: "kube-controller-manager",
      job: "kube-controller-manager",
      pods: { component: "kube-controller-manager" },
      port: 10257,
    },
    proxy: { name: "kube-proxy", job: "kube-proxy", pods: { "k8s-app": "kube-proxy" }, port: 10249 },
    etcd: { name: "etcd", job: "kube-etcd", pods: { component: "etcd" }, port: 2381 },
  };
  for (const [part, { name, job, pods, port }] of Object.entries(parts)) {
    const labels = {
      job,
      namespace: "kube-system",
      service: `kube-prometheus-stack-${job}`,
      endpoint: "http-metrics",
    };

    it(`${name} at addresses, with the chart's port`, () => {
      const found = target(name, { [part]: { endpoints: ["10.0.0.1", "10.0.0.2"] } });
      assert.deepEqual(found.discovery, { role: "Static", addresses: [`10.0.0.1:${port}`, `10.0.0.2:${port}`] });
      assert.deepEqual(labelsOf(found, { __address__: `10.0.0.1:${port}` }), {
        instance: `10.0.0.1:${port}`,
        ...labels,
      });
    });

    it(`${name} in pods, once each, whether or not they declare the port`, () => {
      const found = target(name, { [part]: { selector: pods } });
      const [key, value] = Object.entries(pods)[0];
      assert.deepEqual(found.discovery, { role: "Pod", namespace: "kube-system", labels: `${key}=${value}` });
      const pod = (container: Record<string, string>, ip = "10.0.0.1") => ({
        __address__: ip,
        __meta_kubernetes_pod_ip: ip,
        __meta_kubernetes_pod_name: `${name}-pi-1`,
        __meta_kubernetes_pod_phase: "Running",
        __meta_kubernetes_pod_container_name: name,
        ...container,
      });
      const portNumber = "__meta_kubernetes_pod_container_port_number";
      const expected = { instance: `10.0.0.1:${port}`, pod: `${name}-pi-1`, ...labels };
      assert.deepEqual(labelsOf(found, pod({})), expected);
      // As by a Service: the container is known by the port that it declares.
      assert.deepEqual(labelsOf(found, pod({ [portNumber]: `${port}` })), { ...expected, container: name });
      assert.equal(labelsOf(found, pod({ [portNumber]: "8080" })), undefined);
      assert.equal(labelsOf(found, { ...pod({}), __meta_kubernetes_pod_phase: "Failed" }), undefined);
      assert.equal(labelsOf(found, pod({}, "fd00::1"))?.instance, `[fd00::1]:${port}`);
    });

    it(`${name} at another port`, () =>
      assert.deepEqual(target(name, { [part]: { endpoints: ["10.0.0.1"], port: 9999 } }).discovery, {
        role: "Static",
        addresses: ["10.0.0.1:9999"],
      }));

    it(`${name} only where the stack says where it is`, () => assert.ok(!targets({ [part]: { port } }).has(name)));
  }
});

describe("Of the samples of the base targets", () => {
  const cAdvisor = target("kubelet-cadvisor");
  const inPod = { id: "/kubepods/x", pod: "loki-0", namespace: "monitoring", container: "loki" };

  it("those that dashboards and rules read are kept", () => {
    for (const name of [
      "container_cpu_usage_seconds_total",
      "container_memory_working_set_bytes",
      "container_memory_rss",
    ])
      assert.ok(keeps(cAdvisor, { ...inPod, __name__: name }), name);
    assert.ok(keeps(cAdvisor, { ...inPod, __name__: "container_network_receive_bytes_total", interface: "eth0" }));
    assert.ok(keeps(target("kubelet"), { __name__: "kubelet_volume_stats_available_bytes" }));
    assert.ok(keeps(target("apiserver"), { __name__: "apiserver_request_total" }));
  });

  it("cAdvisor's many that nobody reads are dropped, and those of no pod", () => {
    for (const name of ["container_spec_memory_limit_bytes", "container_tasks_state", "container_fs_io_current"])
      assert.ok(!keeps(cAdvisor, { ...inPod, __name__: name }), name);
    const traffic = { ...inPod, __name__: "container_network_receive_bytes_total", interface: "cali123" };
    assert.ok(!keeps(cAdvisor, traffic));
    assert.ok(!keeps(cAdvisor, { __name__: "container_memory_rss", id: "/system.slice", pod: "" }));
  });

  it("the API server's histogram buckets are dropped, out of whichever endpoint they come", () => {
    const bucket = { __name__: "apiserver_request_duration_seconds_bucket", le: "0.1" };
    assert.ok(!keeps(target("apiserver"), bucket));
    assert.ok(!keeps(target("kubelet"), bucket));
    assert.ok(keeps(target("kubelet"), { __name__: "kubelet_pleg_relist_duration_seconds_bucket", le: "0.1" }));
  });

  it("half of those buckets are kept where the stack wants them", () => {
    const bucket = (le: string) => ({ __name__: "apiserver_request_duration_seconds_bucket", le });
    const apiServer = target("apiserver", {}, false);
    assert.ok(keeps(apiServer, bucket("0.1")));
    assert.ok(keeps(apiServer, bucket("+Inf")));
    assert.ok(!keeps(apiServer, bucket("0.15")));
    assert.ok(keeps(target("kubelet", {}, false), bucket("0.15")));
  });
});

describe("Base targets", () => {
  it("are kubelet, cAdvisor, probes, API server and CoreDNS unless the settings say otherwise", () => {
    assert.deepEqual([...targets().keys()], ["kubelet", "kubelet-cadvisor", "kubelet-probes", "apiserver", "coredns"]);
    assert.deepEqual([...targets({ kubelet: false, apiServer: false, coreDns: false, ...withEtcd }).keys()], ["etcd"]);
  });

  it("present a token only where it is asked for, and verify the API server's certificate", () => {
    const { scrapeClass, tlsConfig } = scrapeConfigSpec(target("apiserver"));
    assert.deepEqual([scrapeClass, tlsConfig], ["service-account", { serverName: "kubernetes" }]);
    for (const name of ["coredns", "etcd"])
      assert.equal(scrapeConfigSpec(target(name, withEtcd)).scrapeClass, undefined);
  });

  it("ask scheduler and controller manager with the token, by default without verifying what they sign themselves", () => {
    const tls = (settings: object) => {
      const { scheme, scrapeClass, tlsConfig } = scrapeConfigSpec(
        target("kube-scheduler", { scheduler: { endpoints: ["10.0.0.1"], ...settings } }),
      );
      return [scheme, scrapeClass, tlsConfig];
    };
    assert.deepEqual(tls({}), ["HTTPS", "service-account", { insecureSkipVerify: true }]);
    assert.deepEqual(tls({ insecureSkipVerify: false }), ["HTTPS", "service-account", undefined]);
    assert.deepEqual(tls({ insecureSkipVerify: false, serverName: "scheduler" }), [
      "HTTPS",
      "service-account",
      { serverName: "scheduler" },
    ]);
  });

  it("ask kube-proxy and etcd in plain HTTP and without a token, and etcd by TLS with a client's certificate", () => {
    const spec = (name: string, monitors: object) => {
      const { scheme, scrapeClass, tlsConfig } = scrapeConfigSpec(target(name, monitors as Record<string, unknown>));
      return [scheme, scrapeClass, tlsConfig];
    };
    const endpoints = ["10.0.0.1"];
    assert.deepEqual(spec("kube-proxy", { proxy: { endpoints } }), [undefined, undefined, undefined]);
    assert.deepEqual(spec("etcd", { etcd: { endpoints } }), [undefined, undefined, undefined]);
    const clientSecret = { name: "etcd-client", ca: "etcd-ca" };
    const secret = (key: string) => ({ name: "etcd-client", key });
    assert.deepEqual(spec("etcd", { etcd: { endpoints, https: true, serverName: "localhost", clientSecret } }), [
      "HTTPS",
      undefined,
      {
        serverName: "localhost",
        ca: { secret: secret("etcd-ca") },
        cert: { secret: secret("tls.crt") },
        keySecret: secret("tls.key"),
      },
    ]);
    // Its CA isn't asked for then.
    assert.deepEqual(spec("etcd", { etcd: { endpoints, https: true, insecureSkipVerify: true, clientSecret } })[2], {
      insecureSkipVerify: true,
      cert: { secret: secret("tls.crt") },
      keySecret: secret("tls.key"),
    });
  });

  it("never give an empty list, which the ScrapeConfig's CRD refuses", () => {
    for (const each of targets(withEtcd).values()) {
      const lists = Object.entries(scrapeConfigSpec(each)).filter(([, value]) => Array.isArray(value));
      for (const [key, value] of lists) assert.notDeepEqual(value, [], `${each.name} ${key}`);
    }
  });
});
